"""PostgreSQL: a pool of connections, a thread for each piece of writing that is under way.

A write is tried again where the database asks for it (deadlock, serialization, a key that somebody
else has just taken) and as long as nothing was committed. Where a connection is lost the work is
refused as unavailable, and the pool finds its way back by itself. Nobody waits for ever: not for a
connection, not for a lock, and not for a server that says nothing.
"""

from __future__ import annotations

import logging
import math
import re
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.pq import TransactionStatus
from psycopg.waiting import Wait
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from backroom.store.database import Row, StoreUnavailable, Transaction
from backroom.store.dialects import POSTGRES
from backroom.store.lanes import LaneLost, Lanes, NotHere, is_aside, waited

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine, Generator, Iterable, Iterator, Sequence

    from psycopg.waiting import Ready

log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECTIONS = 16
_READING_LANES = 4
_WRITING_LANES = 8
"""Connections for statements that the event loop runs, beside those of the pool."""
_CONNECT_SECONDS = 5
_WAIT_SECONDS = 3.0
"""How long a request waits for a connection before it is told that the store is unavailable."""
_LOST_SECONDS = 2.0
"""How long after such a wait others don't wait as long: they would only queue behind each other."""
_SHORT_WAIT_SECONDS = 0.1
_RECONNECT_SECONDS = 2.0
"""How long the pool tries for a connection before it waits for somebody to ask for one.

It doubles its pauses: had it longer, it would sleep on when the server is back.
"""
_LOCK_SECONDS = 5
_IDLE_SECONDS = 10
_SILENT_SECONDS = 6.0
"""How long a statement waits for a server that says nothing; longer than for any lock.

Then the server is asked whether it is still at it.
"""
_CHECK_SECONDS = 2
"""The same for that question, and for the one whether a connection lives, before it is lent."""
_FRESH_SECONDS = 0.25
"""How long after it was last heard of a connection is lent without that question.

To ask it before each write of many takes as long as a third of the write.
"""
_SETTINGS = f"""
    -- Somebody else's transaction has stopped in the middle: it must not stop this one for ever.
    set lock_timeout = '{_LOCK_SECONDS}s';
    -- This process has stopped in the middle, as a suspended machine does.
    set idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s';
    -- It has vanished without a word: its locks go within 8 seconds, not within hours.
    set tcp_keepalives_idle = 5;
    set tcp_keepalives_interval = 1;
    set tcp_keepalives_count = 3;
    set tcp_user_timeout = 8000;
"""
_END_ABSENT = f"""
    select pg_terminate_backend(pid) from pg_stat_activity as session
    where datname = current_database() and usename = current_user
      and state <> 'idle' and wait_event_type = 'Client'
      and state_change < now() - interval '{_IDLE_SECONDS} seconds'
      and exists (select from pg_locks
        where pg_locks.pid = session.pid and locktype = 'advisory' and granted)
"""
"""Ends who holds an account and went away between the parts of a pipeline.

PostgreSQL does not count that as idle.
"""
_IS_AT_WORK = """
    select from pg_stat_activity
    where pid = %s and state = 'active' and wait_event_type is distinct from 'Client'
"""
_NETWORK: dict[str, Any] = {
    "connect_timeout": _CONNECT_SECONDS,
    # A server that vanished without a word is found out within 8 seconds, not within hours.
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}
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
_NAMED = re.compile(r"(?<!:):([a-z_]\w*)")


@lru_cache(maxsize=512)
def _translated(sql: str, value: str = r"%(\1)s") -> str:
    """Write a statement with `:name` values as psycopg has them."""
    return _NAMED.sub(value, sql.replace("%", "%%"))


def _while_heard(
    connection: _Impatient | _ImpatientAsync, waiting: Generator[Any, Any, T]
) -> Generator[Any, Any, T]:
    """Go on with what waits for the server, as long as that says anything.

    TCP alone can't tell: the kernel of a server that has stopped, or of a proxy before one that has
    vanished, acknowledges everything.
    """
    heard = time.monotonic()
    try:
        awaited = next(waiting)
        while True:
            ready = yield awaited
            now = time.monotonic()
            if ready:
                heard = connection.heard = now
            elif now - heard > connection.patience and _is_asking(connection):
                if connection.is_at_work():
                    heard = time.monotonic()
                    continue
                # What it may still say is no longer heard by anybody.
                connection.pgconn.finish()
                raise psycopg.OperationalError("the PostgreSQL server does not answer")
            awaited = waiting.send(ready)
    except StopIteration as end:
        result: T = end.value
        return result


def _is_asking(connection: _Impatient | _ImpatientAsync) -> bool:
    """Whether an answer is due; who only listens may wait as long as it likes."""
    return connection.pgconn.transaction_status != TransactionStatus.IDLE


def _unasked() -> Generator[Wait, Ready | int, bool]:
    """Give whether something has come that nobody asked for, as does before a server hangs up."""
    return bool((yield Wait.R))


class _Impatient(psycopg.Connection[Row]):
    """A connection that is lost when the server says nothing for `patience` seconds.

    Unless a server at `url` says that it is still at work for it.
    """

    patience = _SILENT_SECONDS
    url = ""
    heard = 0.0
    """When the server last said something."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **how: Any) -> T:
        return super().wait(_while_heard(self, gen), *args, **how)

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Have another patience for a while."""
        self.patience = seconds
        try:
            yield
        finally:
            self.patience = _SILENT_SECONDS

    def is_fresh(self) -> bool:
        """Whether the server spoke a moment ago, and has not hung up since."""
        return time.monotonic() - self.heard < _FRESH_SECONDS and not super().wait(_unasked(), 0)

    def is_at_work(self) -> bool:
        """Whether the server says so, to a connection of its own."""
        if not self.url or self.patience < _SILENT_SECONDS:
            return False
        try:
            how = _NETWORK | {"connect_timeout": _CHECK_SECONDS}
            with _Impatient.connect(self.url, autocommit=True, **how) as other:
                other.patience = _CHECK_SECONDS
                return other.execute(_IS_AT_WORK, [self.info.backend_pid]).rowcount > 0
        except psycopg.Error:
            return False


class _ImpatientAsync(psycopg.AsyncConnection[Any]):
    """The same for the engine's own connections, which can only be awaited."""

    patience = _SILENT_SECONDS
    heard = 0.0

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **how: Any) -> Coroutine[Any, Any, T]:
        return super().wait(_while_heard(self, gen), *args, **how)

    @staticmethod
    def is_at_work() -> bool:
        """Nothing that the engine asks for takes that long."""
        return False


def engine_pool(url: str, schema: str, connections: int) -> AsyncConnectionPool[Any]:
    """Make the pool of an engine that keeps tables of its own in `schema`; it is not open yet.

    What a crash of the server takes back of what it wrote last, the engine finds again.
    """
    options = f"-c search_path={schema} -c synchronous_commit=off -c lock_timeout={_LOCK_SECONDS}s"
    return AsyncConnectionPool(
        url,
        connection_class=_ImpatientAsync,
        min_size=1,
        max_size=connections,
        timeout=_WAIT_SECONDS,
        reconnect_timeout=_RECONNECT_SECONDS,
        open=False,
        check=AsyncConnectionPool.check_connection,
        configure=lambda raw: raw.set_autocommit(True),
        kwargs={"options": options, **_NETWORK},
        name="backroom-engine",
    )


class PostgresConnection:
    """A psycopg connection, spoken to as the store speaks."""

    def __init__(self, raw: _Impatient) -> None:
        self._raw = raw

    @property
    def raw(self) -> _Impatient:
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

    def __init__(self, raw: _Impatient, ending: ExitStack) -> None:
        super().__init__(raw)
        self._ending = ending
        self._begun = False

    @property
    def raw(self) -> _Impatient:
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
    inline = False

    def __init__(self, url: str, connections: int = CONNECTIONS) -> None:
        self.url = url
        self._pool = ConnectionPool(
            url,
            connection_class=_Impatient,
            min_size=1,
            max_size=connections,
            timeout=_WAIT_SECONDS,
            reconnect_timeout=_RECONNECT_SECONDS,
            open=False,
            check=self._check,
            configure=self._configure,
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
        self._readers = ThreadPoolExecutor(connections, thread_name_prefix="backroom-reader")
        self._reading = Lanes(self._new_lane, _READING_LANES, _CHECK_SECONDS)
        self._writing = Lanes(self._new_lane, _WRITING_LANES, _SILENT_SECONDS)

    def _configure(self, raw: _Impatient) -> None:
        raw.url = self.url
        raw.execute(_SETTINGS)

    def _check(self, raw: _Impatient) -> None:
        if raw.is_fresh():
            return
        try:
            with raw.waiting(_CHECK_SECONDS):
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

    def aside(self, work: Callable[[], T]) -> asyncio.Future[T]:
        return self._reading.run(work)

    def ask_aside(self, sql: str, values: dict[str, Any]) -> list[Row]:
        """Run a statement that reads for work that was set aside."""
        with suppress(LaneLost, NotHere):
            return self._reading.ask_with_others(sql, values)
        return waited(self._readers.submit(self._read_all, sql, values))

    def _new_lane(self) -> _Impatient:
        raw = _Impatient.connect(self.url, autocommit=True, **_NETWORK)
        self._configure(raw)
        return raw

    def _read_all(self, sql: str, values: dict[str, Any]) -> list[Row]:
        with self.read() as tx:
            return tx.all(sql, **values)

    @contextmanager
    def _connection(self) -> Iterator[_Impatient]:
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
