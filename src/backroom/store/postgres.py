"""PostgreSQL: a pool of connections, a thread for each piece of writing that is under way.

A write is tried again where the database asks for it (deadlock, serialization, a key that somebody
else has just taken) and as long as nothing was committed. Where a connection is lost the work is
refused as unavailable, and the pool finds its way back by itself. Nobody waits for ever: not for a
connection, not for a lock, and not for a server that says nothing.
"""

from __future__ import annotations

import logging
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from backroom.store.database import Row, StoreUnavailable, Transaction
from backroom.store.dialects import POSTGRES
from backroom.store.lanes import NAMED, LaneLost, Lanes, NotHere, is_aside, waited
from backroom.store.sessions import (
    CHECK_SECONDS,
    CONNECT_SECONDS,
    IDLE_SECONDS,
    NETWORK,
    RECONNECT_SECONDS,
    SETTINGS,
    SILENT_SECONDS,
    WAIT_SECONDS,
    Impatient,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Iterator, Sequence

log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECTIONS = 16
_READING_LANES = 4
_WRITING_LANES = 8
"""Connections for statements that the event loop runs, beside those of the pool."""
_LOST_SECONDS = 2.0
"""How long after such a wait others don't wait as long: they would only queue behind each other."""
_SHORT_WAIT_SECONDS = 0.1
_END_ABSENT = f"""
    select pg_terminate_backend(pid) from pg_stat_activity as session
    where datname = current_database() and usename = current_user
      and state <> 'idle' and wait_event_type = 'Client'
      and state_change < now() - interval '{IDLE_SECONDS} seconds'
      and exists (select from pg_locks
        where pg_locks.pid = session.pid and locktype = 'advisory' and granted)
"""
"""Ends who holds an account and went away between the parts of a pipeline.

PostgreSQL does not count that as idle.
"""
_TRIES = 8
_AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
_LOST = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    # The session was ended because this process had stopped in the middle.
    errors.IdleInTransactionSessionTimeout,
    # After a failover, until the name leads to the new primary.
    errors.ReadOnlySqlTransaction,
)


@lru_cache(maxsize=512)
def _translated(sql: str, value: str = r"%(\1)s") -> str:
    """Write a statement with `:name` values as psycopg has them."""
    return NAMED.sub(value, sql.replace("%", "%%"))


class PostgresConnection:
    """A psycopg connection, spoken to as the store speaks."""

    def __init__(self, raw: Impatient) -> None:
        self._raw = raw

    @property
    def raw(self) -> Impatient:
        """What statements are run on."""
        return self._raw

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        cursor = self.raw.execute(_translated(sql), values, binary=True)
        return cursor if cursor.description is not None else ()

    def ahead(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        return self.execute(sql, values)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        copying = f"copy {table} ({', '.join(columns)}) from stdin"
        with self.raw.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        with self.raw.cursor() as cursor:
            cursor.executemany(_translated(sql, r"%s"), rows)

    def script(self, sql: str) -> None:
        # A migration of a large database says nothing for as long as it takes.
        with self.raw.waiting(math.inf):
            self.raw.execute(sql)


class _Writing(PostgresConnection):
    """The same in a transaction, which begins with the first statement that is not ahead of it."""

    def __init__(self, raw: Impatient, ending: ExitStack) -> None:
        super().__init__(raw)
        self._ending = ending
        self._begun = False

    @property
    def raw(self) -> Impatient:
        if not self._begun:
            self._ending.enter_context(self._raw.transaction())
            self._begun = True
        return self._raw

    def ahead(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        return PostgresConnection(self._raw).execute(sql, values)


class _Reading:
    """Reads, for work that is set aside meanwhile."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        return self._database.ask_aside(sql, values)

    def insert(self, *_: Any) -> Any:
        raise NotHere

    ahead = executemany = script = insert


class _Ahead:
    """Does what is one statement, a transaction of its own; all else is for a thread."""

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def ahead(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        try:
            return self._lanes.ask_alone(sql, values)
        except LaneLost:
            raise StoreUnavailable("the connection was lost while it wrote") from None

    def insert(self, *_: Any) -> Any:
        raise NotHere

    execute = executemany = script = insert


class PostgresDatabase:
    """A database on a PostgreSQL server."""

    dialect = POSTGRES

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self.url = url
        self._pool = ConnectionPool(
            url,
            connection_class=Impatient,
            min_size=1,
            max_size=connections,
            timeout=WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            check=self._check,
            configure=self._configure,
            kwargs={"autocommit": True, **NETWORK},
            name="backroom",
        )
        self._lost_until = 0.0
        try:
            self._pool.open(wait=True, timeout=CONNECT_SECONDS)
        except PoolTimeout:
            self._pool.close()
            raise StoreUnavailable(
                f"The PostgreSQL server can't be reached within {CONNECT_SECONDS} seconds."
            ) from None
        self._threads = ThreadPoolExecutor(connections, thread_name_prefix="backroom-store")
        self._readers = ThreadPoolExecutor(connections, thread_name_prefix="backroom-reader")
        self._reading = Lanes(self._new_lane, _READING_LANES, CHECK_SECONDS, writes=False)
        self._writing = Lanes(self._new_lane, _WRITING_LANES, SILENT_SECONDS, writes=True)

    def _configure(self, raw: Impatient) -> None:
        raw.url = self.url
        raw.execute(SETTINGS)

    def _check(self, raw: Impatient) -> None:
        if raw.is_fresh():
            return
        try:
            with raw.waiting(CHECK_SECONDS):
                ConnectionPool.check_connection(raw)
        except psycopg.Error:
            # The others are lost too, most likely: the pool would pause after each that it tries.
            self._pool.drain()
            raise

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Lend a connection. Each statement sees what was committed before it."""
        if is_aside():
            yield Transaction(_Reading(self), POSTGRES)
            return
        try:
            with self._connection() as raw:
                yield Transaction(PostgresConnection(raw), POSTGRES)
        except _LOST as error:
            raise StoreUnavailable(str(error)) from error

    def on_loop(self, work: Callable[[], T], deliver: Callable[[T], None]) -> None:
        self._reading.run(work).add_done_callback(lambda done: deliver(done.result()))

    def ask_aside(self, sql: str, values: dict[str, Any]) -> list[Row]:
        """Run a statement that reads for work that was set aside."""
        with suppress(LaneLost, NotHere):
            return self._reading.ask_with_others(sql, values)
        return waited(self._readers.submit(self._read_all, sql, values))

    def _new_lane(self) -> Impatient:
        raw = Impatient.connect(self.url, autocommit=True, **NETWORK)
        try:
            self._configure(raw)
        except psycopg.Error:
            raw.close()
            raise
        return raw

    def _read_all(self, sql: str, values: dict[str, Any]) -> list[Row]:
        with self.read() as tx:
            return tx.all(sql, **values)

    @contextmanager
    def _connection(self) -> Iterator[Impatient]:
        lost = time.monotonic() < self._lost_until
        try:
            with self._pool.connection(_SHORT_WAIT_SECONDS if lost else WAIT_SECONDS) as raw:
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

    def written(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        def do() -> T:
            with suppress(NotHere):
                return work(Transaction(_Ahead(self._writing), POSTGRES))
            return waited(self.write(work))

        return self._writing.run(do)

    def _write(self, work: Callable[[Transaction], T]) -> T:
        for attempt in range(1, _TRIES + 1):
            try:
                with self._connection() as raw, ExitStack() as ending:
                    return work(Transaction(_Writing(raw, ending), POSTGRES))
            except _AGAIN as error:
                if attempt == _TRIES:
                    raise StoreUnavailable(str(error)) from error
                log.info("a transaction is tried again: %s", type(error).__name__)
            except _LOST as error:
                if isinstance(error, errors.LockNotAvailable):
                    self._end_absent()
                raise StoreUnavailable(str(error)) from error
        raise AssertionError  # the last attempt returned or raised

    def _end_absent(self) -> None:
        with suppress(*_LOST), self._connection() as raw:
            if raw.execute(_END_ABSENT).rowcount:
                log.warning("a session was ended that held an account, and whose client is gone")

    def close(self) -> None:
        self._threads.shutdown()
        self._readers.shutdown()
        self._reading.close()
        self._writing.close()
        self._pool.close()
