"""PostgreSQL: a pool of connections, a thread for each piece of writing that is under way.

A write is tried again where the database asks for it (deadlock, serialization, a key that somebody
else has just taken) and as long as nothing was committed. Where a connection is lost the work is
refused as unavailable, and the pool finds its way back by itself.
"""

from __future__ import annotations

import logging
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from backroom.store.database import Row, StoreUnavailable, Transaction
from backroom.store.dialects import POSTGRES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECTIONS = 16
_CONNECT_SECONDS = 5
_WAIT_SECONDS = 3.0
"""How long a request waits for a connection before it is told that the store is unavailable."""
_LOST_SECONDS = 2.0
"""How long after such a wait others don't wait as long: they would only queue behind each other."""
_SHORT_WAIT_SECONDS = 0.1
_LOCK_SECONDS = 5
_IDLE_SECONDS = 10
_SETTINGS = (
    # Somebody else's transaction has stopped in the middle: it must not stop this one for ever.
    f"set lock_timeout = '{_LOCK_SECONDS}s'",
    # This process has stopped in the middle, as a suspended machine does.
    f"set idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'",
)
_NETWORK = {
    "connect_timeout": _CONNECT_SECONDS,
    # A server that vanished without a word is found out within 8 seconds, not within hours.
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}
_TRIES = 8
_AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
_LOST = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
_NAMED = re.compile(r"(?<!:):([a-z_]\w*)")


@lru_cache(maxsize=512)
def _translated(sql: str, value: str = r"%(\1)s") -> str:
    """Write a statement with `:name` values as psycopg has them."""
    return _NAMED.sub(value, sql.replace("%", "%%"))


def _configure(raw: psycopg.Connection[Row]) -> None:
    for setting in _SETTINGS:
        raw.execute(setting)


class PostgresConnection:
    """A psycopg connection, spoken to as the store speaks."""

    def __init__(self, raw: psycopg.Connection[Row]) -> None:
        self.raw = raw

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        cursor = self.raw.execute(_translated(sql), values)
        return cursor if cursor.description is not None else ()

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        copying = f"copy {table} ({', '.join(columns)}) from stdin"
        with self.raw.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        with self.raw.cursor() as cursor:
            cursor.executemany(_translated(sql, r"%s"), rows)

    def script(self, sql: str) -> None:
        self.raw.execute(sql)


class PostgresDatabase:
    """A database on a PostgreSQL server."""

    dialect = POSTGRES
    inline = False

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self.url = url
        self._pool = ConnectionPool(
            url,
            min_size=1,
            max_size=connections,
            timeout=_WAIT_SECONDS,
            open=False,
            check=ConnectionPool.check_connection,
            configure=_configure,
            kwargs={"autocommit": True, **_NETWORK},
            name="backroom",
        )
        self._lost_until = 0.0
        try:
            self._pool.open(wait=True, timeout=_CONNECT_SECONDS)
        except PoolTimeout:
            self._pool.close()
            raise StoreUnavailable(
                f"The PostgreSQL server can't be reached within {_CONNECT_SECONDS} seconds."
            ) from None
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="backroom-store")

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Lend a connection. Each statement sees what was committed before it."""
        try:
            with self._connection() as raw:
                yield Transaction(PostgresConnection(raw), POSTGRES)
        except _LOST as error:
            raise StoreUnavailable(str(error)) from error

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Row]]:
        lost = time.monotonic() < self._lost_until
        try:
            with self._pool.connection(_SHORT_WAIT_SECONDS if lost else _WAIT_SECONDS) as raw:
                yield raw
        except PoolTimeout:
            self._lost_until = time.monotonic() + _LOST_SECONDS
            raise

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        try:
            return self._threads.submit(self._write, work)
        except RuntimeError:
            refused: Future[T] = Future()
            refused.set_exception(StoreUnavailable("The database is closed."))
            return refused

    def _write(self, work: Callable[[Transaction], T]) -> T:
        for attempt in range(1, _TRIES + 1):
            try:
                with self._connection() as raw, raw.transaction():
                    return work(Transaction(PostgresConnection(raw), POSTGRES))
            except _AGAIN as error:
                if attempt == _TRIES:
                    raise StoreUnavailable(str(error)) from error
                log.info("a transaction is tried again: %s", type(error).__name__)
            except _LOST as error:
                raise StoreUnavailable(str(error)) from error
        raise AssertionError  # the last attempt returned or raised

    def close(self) -> None:
        self._threads.shutdown()
        self._pool.close()
