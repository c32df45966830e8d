"""The SQLite file of a ledger: its tables, how it is opened, and facts of the import."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw

if TYPE_CHECKING:
    from pathlib import Path

_LEDGER_VERSION = 5
_LEDGER_BUSY_MILLISECONDS = 100
LASTING = ("known", "refused", "source_blocks", "source_rows")
"""The tables that outlive each import that a ledger is used for.

They are those of `known.py`, `refused_rows.py` and `source_digests.py`.
"""
_LEDGER_SCHEMA = """
create table facts (name text primary key, value text not null) without rowid;
create table rows (
  number integer primary key, kind text not null, external_id text not null,
  line integer not null, again integer not null default 0, outcome text, batch integer,
  changed text not null default ''
);
create table bodies (number integer primary key, body blob not null);
create table findings (
  id integer primary key, line integer not null, kind text not null, external_id text not null,
  place text not null, value text not null, detail text not null, advice text not null,
  failed integer not null, staged integer not null, read blob
);
create table batches (id integer primary key, kind text not null, verb text not null,
  first integer not null, last integer not null, job text, settled integer not null default 0);
create index batches_by_job on batches (job);
create table existing (kind text, external_id text, primary key (kind, external_id)) without rowid;
create table members (item text, category text, primary key (item, category)) without rowid;
"""


class LedgerInUseError(Exception):
    """Another process has the ledger open, or the file is none."""


class LedgerFile:
    """One ledger, in a file or, without a path, in a file that nobody else sees."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.connection = apsw.Connection("" if path is None else str(path))
        self.connection.set_busy_timeout(_LEDGER_BUSY_MILLISECONDS)
        try:
            # Exclusive: two imports with one ledger would send everything twice.
            self.run("pragma locking_mode = exclusive")
            self.run("pragma journal_mode = wal" if path else "pragma journal_mode = memory")
            self.run("pragma synchronous = normal" if path else "pragma synchronous = off")
            self.run("pragma cache_size = -16000")
            self.run("pragma temp_store = file")
            with self.connection:
                if self.one("pragma user_version") != _LEDGER_VERSION:
                    self.clear()
                self.run("insert or replace into facts values ('opened', '')")
        except apsw.BusyError:
            raise LedgerInUseError(
                "is in use: another import or push that keeps its progress there is running"
            ) from None
        except (apsw.NotADBError, apsw.CorruptError):
            raise LedgerInUseError("is not the progress of an import") from None

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def remove(self) -> None:
        """Close the file and remove it."""
        self.close()
        if self.path:
            self.path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Forget everything but what outlives an import."""
        tables = self.run("select name from sqlite_schema where type = 'table'")
        names = [name for (name,) in tables if name not in LASTING]
        # One commit: a file that lost only some of its tables could never be opened again.
        with self.connection:
            for name in names:
                self.run(f"drop table {name}")
            self.run(_LEDGER_SCHEMA)
            self.run(f"pragma user_version = {_LEDGER_VERSION}")

    def together(self) -> apsw.Connection:
        """Give the context in which all changes are committed together."""
        return self.connection

    def fact(self, name: str) -> str:
        """Give a fact of the import, empty where nothing is noted."""
        return str(self.one("select value from facts where name = ?", name) or "")

    def note(self, name: str, value: str) -> None:
        """Note a fact of the import."""
        self.run("insert or replace into facts values (?, ?)", name, value)

    def run(self, statement: str, *values: Any) -> apsw.Cursor:
        return self.connection.execute(statement, values or None)

    def one(self, statement: str, *values: Any) -> Any:
        return next((each[0] for each in self.run(statement, *values)), None)
