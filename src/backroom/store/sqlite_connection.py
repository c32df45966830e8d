"""A connection to a file of SQLite, and the errors that mean an unavailable database."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apsw

from backroom.store import search
from backroom.store.database import StoreUnavailable
from backroom.store.dialects import SQLITE
from backroom.store.digests import DIGEST_BITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backroom.store.database import Row

_BUSY_MILLISECONDS = 10_000
_MAPPED_BYTES = 2**34
_PAGE_BYTES = 8192
"""The size of a page in a new file. With the usual 4096, storing a job takes twice the calls."""
_CACHED_KILOBYTES = 16384
"""After a commit that has divided a page, SQLite walks through the whole cache of the writer."""
_NAME_BYTES = 8
_DATABASE_FILE = 0
"""The number by which `apsw.Connection.read` knows the file of the database itself."""
SQLITE_UNAVAILABLE = (
    apsw.BusyError,
    apsw.CantOpenError,
    apsw.ConnectionClosedError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.NoMemError,
    apsw.NotADBError,
    apsw.PermissionsError,
    apsw.ProtocolError,
    apsw.ReadOnlyError,
    MemoryError,
)
"""Errors that mean the state of the database, not a mistake of ours.

Only these become `StoreUnavailable`: the client gets a 503 and tries again. All others (`SQLError`,
`ConstraintError`, `MisuseError` and so on) mean a bug, which no further try helps. They go to the
caller as they are and become a 500, with a traceback in the log.
"""


class SqliteConnection:
    """An `apsw` connection with the settings that durability and speed ask for."""

    def __init__(self, path: str, *, durable: bool = True, read_only: bool = False) -> None:
        self.raw = (
            reading_connection(path) if read_only else apsw.Connection(path, statementcachesize=400)
        )
        # Another process may hold the file for a moment, as `backroom keys` does.
        self.raw.set_busy_timeout(_BUSY_MILLISECONDS)
        # Otherwise a statement with a limit is compiled again whenever other values are bound.
        self.raw.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self._run = self.raw.execute
        # Migrations fold and index texts that earlier versions stored without either.
        self.raw.create_scalar_function("casefold", _casefold, 1, deterministic=True)
        self.raw.create_scalar_function("grams", _grams, 2, deterministic=True)
        # By the name that PostgreSQL has for such a function.
        self.raw.create_scalar_function("hashtextextended", _text_digest, 2, deterministic=True)
        # Each connection counts the commits of others for itself. The name tells these counts
        # apart.
        name = os.urandom(_NAME_BYTES).hex()
        self.raw.create_scalar_function("connection_name", lambda *_: name, 0, deterministic=True)
        if not read_only:
            self._prepare_to_write(durable=durable)
        self._run(f"pragma cache_size = -{_CACHED_KILOBYTES}")
        # Reading through the system's page cache halves what cold pages at random depth cost.
        self._run(f"pragma mmap_size = {_MAPPED_BYTES}")
        self._run("pragma temp_store = memory")

    def _prepare_to_write(self, *, durable: bool) -> None:
        self._run(f"pragma page_size = {_PAGE_BYTES}")
        self._run("pragma journal_mode = wal")
        self._run(f"pragma synchronous = {'full' if durable else 'off'}")
        # On macOS a plain fsync leaves the data in the drive's cache; elsewhere this does nothing.
        self._run(f"pragma fullfsync = {'on' if durable else 'off'}")
        # The first read makes the log and its index, by which `DatabaseFile` knows them again.
        self._run("pragma schema_version")

    def first_bytes(self, count: int) -> bytes:
        """Read the beginning of the file. Raises `StoreUnavailable`."""
        try:
            _, found = self.raw.read("main", _DATABASE_FILE, 0, count)
        except (*SQLITE_UNAVAILABLE, apsw.SQLError) as error:
            raise StoreUnavailable(f"The file can't be read: {error}") from error
        return found

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        return self._run(sql, values)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        values = ", ".join("?" * len(columns))
        self.raw.executemany(f"insert into {table} ({', '.join(columns)}) values ({values})", rows)

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        self.raw.executemany(sql, rows)

    def script(self, sql: str) -> None:
        for _ in self._run(sql):
            pass

    def ends(self, error: Exception) -> bool:
        return isinstance(error, SQLITE_UNAVAILABLE)

    def wait_for(self, tables: Iterable[str]) -> None:
        """Do nothing: a transaction that writes has the whole file for itself."""

    def close(self) -> None:
        self.raw.close()


def reading_connection(path: str) -> apsw.Connection:
    """Open a file so that SQLite never writes to it.

    SQLite still puts an index of the write-ahead log beside the file; the next connection that
    writes removes it. On a read-only medium SQLite can't, and refuses to read. There the file is
    opened as immutable, which means without its log, unless a log was left: its transactions belong
    to the database and must not be missed.
    """
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    try:
        connection.execute("select 1 from sqlite_master")
    except apsw.CantOpenError:
        connection.close()
        if Path(f"{path}-wal").exists():
            raise
        immutable = f"{Path(path).absolute().as_uri()}?immutable=1"
        connection = apsw.Connection(
            immutable, flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        )
    return connection


def _casefold(*values: Any) -> str:
    (text,) = values
    return search.folded(text)


def _text_digest(*values: Any) -> int:
    text, _ = values
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=DIGEST_BITS // 8).digest())


def _grams(*values: Any) -> str:
    account, text = values
    return search.indexed_words(SQLITE, account, text)
