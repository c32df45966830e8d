"""Restoring: a backup becomes a database, of either engine, in one step or not at all.

The backup is examined, copied beside the target, brought to this version's schema and checked as
`verify` does. Only then is the target touched. On SQLite the copy takes the place of the file, on
PostgreSQL all rows are replaced in one transaction. A target that anybody else has open is refused.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import apsw

from backroom.catalog.kinds import KINDS
from backroom.store import file_of, is_postgres, open_database, open_to_read, search
from backroom.store.backup import copy_pages, without_log
from backroom.store.backup_file import MAGIC, BadBackup, examine_backup, flush
from backroom.store.database import StoreUnavailable, UnusablePlace
from backroom.store.migrate import OlderDatabase, check_schema, migrate
from backroom.store.move import TABLES, Differs, NotEmpty, put_rows, slices, summed
from backroom.store.sqlite_connection import SQLITE_UNAVAILABLE
from backroom.store.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.backup import Progress
    from backroom.store.backup_file import Note
    from backroom.store.database import Transaction
    from backroom.store.move import Moved, Table

_LOCK_MILLISECONDS = 500
_LEAVING_SECONDS = 3.0
"""How long a session of PostgreSQL may still be seen whose process has ended."""
_SQLITE_LOCKS = (0x40000000, 512)
"""The bytes that SQLite locks in a file while it is open."""
_OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
      and coalesce(backend_type, 'client backend') = 'client backend'
"""


class InUse(Exception):
    """Another process has the target open."""


class Restored(NamedTuple):
    """What was restored: the note of the backup, None where it had none, and rows by table."""

    note: Note | None
    rows: dict[str, int]
    migrated: list[str]
    """The migrations that the backup lacked."""


class RestoreTarget(NamedTuple):
    """Where to, and whether what is there may be replaced."""

    url: str
    replace: bool


def restore_backup(path: Path, target: RestoreTarget, progress: Progress) -> Restored:
    """Make the target what it was when the backup at `path` was made.

    Raises `BadBackup` for a file that is damaged or no backup, `WrongDatabase` for one of a later
    version or another program, `NotEmpty` and `InUse` for the target, and `StoreUnavailable`. The
    target is as it was before then.
    """
    backup = examine_backup(path, lambda done, of: progress("bytes examined", done, of))
    with _folder_for_copy(target.url) as folder:
        copy = folder / "copy.db"
        copy.touch(0o600)
        try:
            copy_pages(path, copy, progress)
        except SQLITE_UNAVAILABLE as error:
            raise BadBackup(f"{path} is damaged: {error}.") from error
        migrated = _checked_copy(path, copy, progress)
        replace = _replace_rows if is_postgres(target.url) else _replace_file
        rows = replace(copy, target, progress)
    return Restored(backup.note, {each.table: each.rows for each in rows}, migrated)


@contextmanager
def _folder_for_copy(url: str) -> Iterator[Path]:
    """Lend a folder, on the disk of the target where that is a file."""
    beside = None if is_postgres(url) else file_of(url).resolve().parent
    if beside is not None and not beside.is_dir():
        raise UnusablePlace(f"There is no folder {beside}. Make it, or name another database.")
    try:
        folder = tempfile.mkdtemp(prefix=".backroom-restore-", dir=beside)
    except OSError as error:
        raise UnusablePlace(f"Nothing can be written to {beside}: {error.strerror}.") from error
    try:
        yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _checked_copy(path: Path, copy: Path, progress: Progress) -> list[str]:
    """Bring a copy to this version's schema, and check it. Gives the migrations that it lacked."""
    _check_pages(path, copy)
    migrated: list[str] = []
    with suppress(OlderDatabase):
        open_to_read(str(copy)).close()
    with closing(open_database(str(copy), migrated=False)) as database:
        try:
            check_schema(database)
        except OlderDatabase:
            migrated = migrate(database)
    without_log(copy)
    with closing(open_to_read(str(copy))) as database:
        findings = verify(database, progress).findings
    if findings:
        shown = "; ".join(str(each) for each in findings)
        raise BadBackup(f"{path} is damaged: {shown}. Take an earlier backup.")
    return migrated


def _check_pages(path: Path, copy: Path) -> None:
    with closing(apsw.Connection(str(copy))) as connection:
        try:
            (found,) = connection.execute("pragma quick_check(1)").fetchall()
        except SQLITE_UNAVAILABLE as error:
            raise BadBackup(f"{path} is damaged: {error}.") from error
    if found != ("ok",):
        raise BadBackup(f"{path} is damaged: {found[0]}. Take an earlier backup.")


def _refuse_full(tx: Transaction) -> None:
    for table in TABLES:
        if tx.one(f"select 1 from {table.name} limit 1") is not None:
            raise NotEmpty(f"The target has rows in {table.name}. To replace all rows: --replace")


def _replace_file(copy: Path, target: RestoreTarget, progress: Progress) -> list[Moved]:
    path = file_of(target.url).resolve()
    with closing(open_to_read(str(copy))) as database, database.read() as tx:
        rows = [_summed_aloud(tx, table, progress) for table in TABLES]
    without_log(copy)
    _refuse_target(path, target)
    with _kept_from_others(path):
        if path.exists():
            _copy_owner(path, copy)
        flush(copy)
        copy.replace(path)
        flush(path.parent)
    return rows


def _summed_aloud(tx: Transaction, table: Table, progress: Progress) -> Moved:
    progress(f"rows of {table.name} counted", 0, None)
    return summed(table, slices(tx, table))


def _refuse_target(path: Path, target: RestoreTarget) -> None:
    """Raise if no database may be put in the place of the file at `path`."""
    if not path.exists():
        return
    if not path.is_file():
        raise UnusablePlace(f"{path} is not a regular file. Name another database.")
    if not path.stat().st_size:
        return
    with path.open("rb") as file:
        if not file.read(len(MAGIC)).startswith(MAGIC):
            raise UnusablePlace(
                f"{path} is not a database of SQLite. Remove it, or name another database."
            )
    try:
        with closing(open_to_read(str(path))) as database, database.read() as tx:
            if not target.replace:
                _refuse_full(tx)
    except (StoreUnavailable, OlderDatabase) as error:
        if not target.replace:
            raise NotEmpty(
                f"{path} can't be looked into: {error} To replace it: --replace"
            ) from error


def _copy_owner(path: Path, copy: Path) -> None:
    shutil.copymode(path, copy)
    found = path.stat()
    with suppress(OSError, AttributeError):
        os.chown(copy, found.st_uid, found.st_gid)


@contextmanager
def _kept_from_others(path: Path) -> Iterator[None]:
    """Lock a file of SQLite against others, with its log moved into it. Raises `InUse`."""
    if not path.exists():
        yield
        return
    with closing(apsw.Connection(str(path))) as connection:
        connection.set_busy_timeout(_LOCK_MILLISECONDS)
        try:
            # This needs the file alone, and leaves no log that the next file would get.
            connection.execute("pragma journal_mode = delete")
            connection.execute("begin exclusive")
        except apsw.BusyError:
            raise _in_use(path) from None
        except SQLITE_UNAVAILABLE:
            connection.close()
            _drop_log(path)
        yield


def _in_use(path: Path) -> InUse:
    return InUse(
        f"{path} is open in another process. Stop the server, and all other programs that use it."
    )


def _drop_log(path: Path) -> None:
    """Remove the log of a damaged database that nobody has open. Raises `InUse` if somebody has."""
    # Not on Windows, where nobody can remove the file of another process.
    import fcntl

    start, length = _SQLITE_LOCKS
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
        except OSError:
            raise _in_use(path) from None
        for end in ("-wal", "-shm", "-journal"):
            path.with_name(path.name + end).unlink(missing_ok=True)


def _replace_rows(copy: Path, target: RestoreTarget, progress: Progress) -> list[Moved]:
    with (
        closing(open_to_read(str(copy))) as source,
        closing(open_database(target.url, pipeline=False)) as database,
        source.read() as rows,
    ):
        return database.write(lambda tx: _rows_replaced(rows, tx, target, progress)).result()


def _rows_replaced(
    source: Transaction, tx: Transaction, target: RestoreTarget, progress: Progress
) -> list[Moved]:
    """Replace all rows of PostgreSQL by those of a copy, and compare them."""
    _refuse_others(tx)
    tables = [each.name for each in TABLES] + [search.table(kind) for kind in KINDS.values()]
    # Whoever comes from here on waits, and finds the restored rows.
    tx.script(f"lock table {', '.join(tables)} in access exclusive mode")
    if not target.replace:
        _refuse_full(tx)
    tx.script(f"truncate {', '.join(tables)}")
    found = []
    for table in TABLES:
        done = 0
        for rows in slices(source, table):
            put_rows(tx, table, rows)
            done += len(rows)
            progress(f"rows of {table.name} restored", done, None)
        here, there = (summed(table, slices(each, table)) for each in (source, tx))
        if here != there:
            raise Differs(f"{table.name} differs after the restore.")
        found.append(there)
    return found


def _refuse_others(tx: Transaction) -> None:
    """Raise `InUse` where others have sessions on the database."""
    end = time.monotonic() + _LEAVING_SECONDS
    while others := tx.all(_OTHERS)[0][0]:
        if time.monotonic() > end:
            raise InUse(
                f"{others} other sessions are open on the database. Stop all servers and workers,"
                " and whatever else uses it."
            )
        time.sleep(0.05)
        # What `pg_stat_activity` shows stays the same in a transaction, unless it is let go.
        tx.run("select pg_stat_clear_snapshot()")
