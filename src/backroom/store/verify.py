"""Checking a database: its file, its schema, the laws between its rows, and the search.

The check writes nothing. It reads everything in one transaction, so a server may go on meanwhile,
and its writes are not seen. Memory is bounded: the check reads rows in slices, and keeps only
examples of each finding.
"""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

import apsw

from backroom.catalog.kinds import KINDS
from backroom.store import file_of, is_postgres, open_to_read
from backroom.store.backfill import Backfill
from backroom.store.backup_file import BadBackup, examine_backup, has_seal
from backroom.store.job_check import unreadable_jobs
from backroom.store.laws import LAWS
from backroom.store.migrate import migrations
from backroom.store.move import SNAPSHOT, TABLES
from backroom.store.record_check import broken_records
from backroom.store.search_check import unfindable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from backroom.store.backup import Progress
    from backroom.store.database import Database, Row, Transaction

MOST_EXAMPLES = 5
_MOST_COUNTED = 1000
_INDEX = re.compile(
    r"^\s*(create)\s+(?:unique\s+)?index\s+(\w+)\s+on|^\s*(drop)\s+index\s+(\w+)",
    re.MULTILINE | re.IGNORECASE,
)
_INDEX_QUESTIONS = {
    "sqlite": "select name from sqlite_schema where type = 'index'",
    "postgres": (
        "select c.relname::text from pg_index as x join pg_class as c on c.oid = x.indexrelid"
        " where c.relnamespace = current_schema()::regnamespace and x.indisvalid"
    ),
}
"""The indexes that can be used. Differs because each engine has its own list of them."""
_SEAL_WORDS = "the content of this backup has changed since it was made"
_SEAL_ADVICE = (
    "If a server has used the file, that is why. Else it is damaged: take another copy of it, or an"
    " earlier backup."
)
_READ = "Stop the server and restore a backup: `backroom restore`."


_CORRUPTED = "XX"
"""The class of PostgreSQL's errors that mean a page or an index that is not what it should be."""


class BrokenLaw(NamedTuple):
    """A law that does not hold: what is wrong, how often, some examples, and what to do."""

    law: str
    words: str
    advice: str
    broken: int = 1
    examples: tuple[str, ...] = ()

    @property
    def times(self) -> str:
        """How many rows break it, in words."""
        return f"{_MOST_COUNTED} or more" if self.broken >= _MOST_COUNTED else str(self.broken)

    def __str__(self) -> str:
        shown = f" ({', '.join(self.examples)})" if self.examples else ""
        return f"{self.times} {self.words}{shown}" if self.examples else self.words


class Verified(NamedTuple):
    """What a check has found: the rows of each table, how many checks were made, and findings."""

    rows: dict[str, int]
    checks: int
    findings: list[BrokenLaw]


def verify_at(url: str, progress: Progress) -> Verified:
    """Open the database at `url`, and check it. Damage that keeps it from being read is a finding.

    Raises `StoreUnavailable` and `WrongDatabase`.
    """
    seal = None if is_postgres(url) else _broken_seal(file_of(url), progress)
    try:
        with closing(open_to_read(url)) as database:
            checked = verify(database, progress)
        return checked._replace(findings=[seal, *checked.findings]) if seal else checked
    except Exception as error:
        if not _is_damage(error.__cause__ or error):
            raise
        finding = BrokenLaw("pages", f"the database is damaged: {error}", _READ)
        return Verified({}, 1, [finding])


def _broken_seal(path: Path, progress: Progress) -> BrokenLaw | None:
    """Check the seal of a backup. A database that is no backup has none."""
    if not has_seal(path):
        return None
    try:
        examine_backup(path, lambda done, of: progress("bytes of the backup checked", done, of))
    except BadBackup:
        return BrokenLaw("seal", _SEAL_WORDS, _SEAL_ADVICE)
    return None


def _is_damage(error: BaseException) -> bool:
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
        return True
    return str(getattr(error, "sqlstate", "")).startswith(_CORRUPTED)


def verify(database: Database, progress: Progress) -> Verified:
    """Check a database whose schema is this version's. `progress` hears of each check.

    Raises `StoreUnavailable` where it can't be read to the end.
    """
    findings: list[BrokenLaw] = []
    checks = 0
    with database.one_moment() as tx:
        pages = list(_broken_pages(tx, progress))
        if pages:
            # Statements on such pages fail, or do not end.
            return Verified({}, 1, pages)
        rows = {table.name: _count(tx, table.name, progress) for table in TABLES}
        for found in _each_check(tx, progress):
            checks += 1
            if found is not None:
                findings.append(found)
    return Verified(rows, checks + 1, findings)


def _each_check(tx: Transaction, progress: Progress) -> Iterator[BrokenLaw | None]:
    """Make each check except that of the pages, and give its findings."""
    yield _missing_indexes(tx)
    for place, law in enumerate(LAWS, 1):
        progress("laws checked", place, len(LAWS))
        broken = tx.all(f"{law.broken(tx.dialect)} limit :most", most=_MOST_COUNTED)
        yield found(law.name, law.words, law.advice, broken)
    yield found(
        "texts of jobs",
        "jobs have errors, linkage or operations that are no JSON arrays",
        "They can be neither shown nor applied. Restore a backup from before, or send their"
        " operations again.",
        unreadable_jobs(tx, progress),
    )
    for kind in KINDS.values():
        yield found(
            f"columns of {kind.table}",
            f"{kind.table} have other columns than their attributes say, so filters miss them",
            "Update these resources: each write renews the columns.",
            broken_records(tx, kind, progress),
        )
        yield found(
            f"columns of {SNAPSHOT}{kind.table}",
            f"copies of {kind.table} in snapshots have other columns than their attributes say, or"
            " no attributes that can be read",
            "Delete the snapshots that have them, and save them again. Do not restore them.",
            broken_records(tx, kind, progress, SNAPSHOT),
        )
        yield found(
            f"search of {kind.table}",
            f"{kind.table} are found by other parts of their {kind.searched} than it has",
            f"Change the {kind.searched} of these resources, and change it back.",
            unfindable(tx, kind, progress),
        )


def found(law: str, words: str, advice: str, rows: Iterable[Row]) -> BrokenLaw | None:
    """Make a finding of the rows that break a law, None if there are none."""
    count = 0
    examples: list[str] = []
    for account, name in rows:
        count += 1
        if len(examples) < MOST_EXAMPLES:
            examples.append(f"{name!r} of {account}")
        if count >= _MOST_COUNTED:
            break
    return BrokenLaw(law, words, advice, count, tuple(examples)) if count else None


def _broken_pages(tx: Transaction, progress: Progress) -> Iterator[BrokenLaw]:
    """Have SQLite check its pages. PostgreSQL checks a page when it is read, as all are here."""
    if tx.dialect.name != "sqlite":
        return
    progress("pages checked", 0, None)
    try:
        lines = [row[0] for row in tx.all(f"pragma integrity_check({MOST_EXAMPLES})")]
    except apsw.CorruptError as error:
        lines = [str(error)]
    for line in lines:
        if line != "ok":
            yield BrokenLaw("pages", f"the file is damaged: {line}", _READ)
    for row in tx.all("pragma foreign_key_check"):
        yield BrokenLaw("pages", f"a foreign key of {row[0]} leads nowhere", _READ)


def _count(tx: Transaction, table: str, progress: Progress) -> int:
    progress(f"rows of {table} counted", 0, None)
    return int(tx.all(f"select count(*) from {table}")[0][0])


def _missing_indexes(tx: Transaction) -> BrokenLaw | None:
    present = {row[0] for row in tx.all(_INDEX_QUESTIONS[tx.dialect.name])}
    missing = sorted(expected_indexes(tx.dialect.name) - present)
    if not missing:
        return None
    return BrokenLaw(
        "indexes",
        f"indexes are missing or can't be used: {', '.join(missing)}",
        "Make them again as `store/migrations` has them, or restore a backup.",
    )


def expected_indexes(engine: str) -> set[str]:
    """Give the names of the indexes that the migrations of an engine make."""
    names: set[str] = set()
    for migration in migrations(engine).values():
        if isinstance(migration.work, Backfill):
            continue
        for made in _INDEX.finditer(migration.work):
            if made[1]:
                names.add(made[2])
            else:
                names.discard(made[4])
    return names
