"""A backup: all of a database at one moment, in one file, while servers go on writing.

The file is a database of SQLite, whatever the engine is (`backup_file.py` has its seal). SQLite's
pages are copied, and PostgreSQL's rows. Both are read in one transaction. So the copy has
no half of a job, and has everything that was acknowledged before it began.
"""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

import apsw

from backroom import __version__, clock
from backroom.store import file_of, is_postgres, open_database, open_to_read
from backroom.store.backup_file import Note, new_file, seal
from backroom.store.database import StoreUnavailable
from backroom.store.migrate import OlderDatabase
from backroom.store.move import TABLES, Differs, put_rows, slices, summed
from backroom.store.sqlite_connection import SQLITE_UNAVAILABLE, reading_connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backroom.store.database import Database, Row, Transaction
    from backroom.store.move import Table

    Progress = Callable[[str, int, int | None], None]
    """Called with what is done, how much of it, and of how much, where that is known."""

_PAGES_IN_A_STEP = 500


class BackedUp(NamedTuple):
    """A backup that was made: its bytes, its schema, and when the copy began."""

    size: int
    schema: int
    engine: str
    made_at: str


def back_up(url: str, path: Path, progress: Progress) -> BackedUp:
    """Copy the database at `url` into a new file at `path`.

    Raises `UnusablePlace` where the file can't be, `StoreUnavailable` where the database can't be
    read or the file not be written, and `WrongDatabase` for one that this version does not know.
    """
    engine = "postgres" if is_postgres(url) else "sqlite"
    made_at = clock.timestamp(clock.now())
    with new_file(path) as part:
        try:
            if engine == "postgres":
                _copy_rows(url, part, progress)
            else:
                _refuse_unknown_schema(url)
                copy_pages(file_of(url), part, progress)
            schema = _checked_schema(part)
            note = Note(__version__, made_at, engine, schema)
            seal(part, note, lambda done, of: progress("bytes sealed", done, of))
        except SQLITE_UNAVAILABLE as error:
            raise StoreUnavailable(f"The backup can't be made: {error}.") from error
        size = part.stat().st_size
    return BackedUp(size, schema, engine, made_at)


def _refuse_unknown_schema(url: str) -> None:
    """Raise `WrongDatabase` for a database of a later version, or of something else.

    A database of an earlier version can be copied: operators back up before an upgrade.
    """
    with suppress(OlderDatabase):
        open_to_read(url).close()


def copy_pages(source: Path, target: Path, progress: Progress) -> None:
    """Copy a file of SQLite at one moment, with what is in its write-ahead log.

    The copy has no log. Raises errors of apsw.
    """
    with (
        closing(reading_connection(str(source))) as here,
        closing(apsw.Connection(str(target))) as there,
    ):
        there.execute("pragma synchronous = off")
        # While this transaction is open, writes of others don't make the copy begin again.
        here.execute("begin")
        here.execute("select 1 from sqlite_schema").fetchone()
        with there.backup("main", here, "main") as copying:
            while not copying.done:
                copying.step(_PAGES_IN_A_STEP)
                pages = copying.page_count
                progress("pages copied", pages - copying.remaining, pages)
        there.execute("pragma journal_mode = delete")


def _copy_rows(url: str, target: Path, progress: Progress) -> None:
    with (
        closing(open_to_read(url)) as source,
        closing(open_database(str(target))) as copy,
    ):
        with source.one_moment() as tx:
            before = [_copy_table(tx, copy, table, progress) for table in TABLES]
        with copy.read() as tx:
            after = [summed(table, slices(tx, table)) for table in TABLES]
        if before != after:
            raise Differs("The copy differs from the database. Is the disk sound?")
    without_log(target)


def _copy_table(tx: Transaction, copy: Database, table: Table, progress: Progress) -> object:
    def copied() -> Iterator[list[Row]]:
        done = 0
        for rows in slices(tx, table):
            copy.write(lambda tx: put_rows(tx, table, rows)).result()  # noqa: B023 - done at once
            done += len(rows)
            progress(f"rows of {table.name} copied", done, None)
            yield rows

    return summed(table, copied())


def without_log(path: Path) -> None:
    """Bring the log of a database into its file. Nobody else has it open. Raises errors of apsw."""
    with closing(apsw.Connection(str(path))) as connection:
        connection.execute("pragma journal_mode = delete")


def _checked_schema(path: Path) -> int:
    """Give the schema of a copy whose pages fit together. Raises `StoreUnavailable` if not."""
    with closing(reading_connection(str(path))) as connection:
        (found,) = connection.execute("pragma quick_check(1)").fetchall()
        if found != ("ok",):
            raise StoreUnavailable(
                f"The database is damaged: {found[0]}. `backroom verify` says where. No backup was"
                " kept: restore an earlier one."
            )
        row = connection.execute("select max(number) from schema_migrations").fetchone()
    return int(row[0] or 0) if row else 0
