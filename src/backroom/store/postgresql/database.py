"""A database on a PostgreSQL server: reads, writes, and accepting a job.

A write is a transaction of a thread on a connection of the pool. It is tried again where the server
asks for it (deadlock, serialization, a key that somebody else has just taken), as long as nothing
was committed.

A read on the event loop takes the short way: its statements go to connections that all reads share.
The way of one statement, which `_read_statement` decides:

1. Behind others on a shared connection, unless the same text was too slow there before.
2. If the server skipped it because a statement before it failed or was slow: the same again.
3. Otherwise in a thread, on a connection of the pool that it has alone: if the server cancelled it
   after `SHARED_SECONDS`, refused it, if the connection was lost, or if none was open.

A slow statement keeps one of the threads that read, of which there are half as many as connections:
writes have the rest. After `READ_SECONDS` the server cancels it, and the read is unavailable.

If a connection is lost in the plain way, the work is unavailable.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg import errors

from backroom import events
from backroom.store.database import (
    Row,
    StoreUnavailable,
    TookTooLong,
    Transaction,
    WriteRefused,
)
from backroom.store.dialects import POSTGRES
from backroom.store.postgresql import driver, greenlets
from backroom.store.postgresql.accepting import accept_statement, accept_values, accepted_id
from backroom.store.postgresql.address import check_address
from backroom.store.postgresql.connections import (
    CHECK_SECONDS,
    NETWORK,
    READ_SECONDS,
    SHARED_SECONDS,
    SILENT_SECONDS,
    WAIT_SECONDS,
    WRITE_SECONDS,
    PatientConnection,
)
from backroom.store.postgresql.failures import (
    AGAIN,
    END_ABSENT,
    OTHERS_FAULT,
    POSTGRES_UNAVAILABLE,
    ends_transaction,
    failure_text,
    is_unavailable,
    reported_as_ours,
    write_failure,
)
from backroom.store.postgresql.pipeline import ReplyOutcome
from backroom.store.postgresql.pipeline_pool import PipelinePool
from backroom.store.postgresql.pool import Pool
from backroom.store.postgresql.signals import (
    COUNTS,
    asked_signals,
    connection_signals,
    timeout_counted,
)
from backroom.store.postgresql.statements import for_psycopg, for_rows, name_of
from backroom.store.readiness import Readiness
from backroom.store.signals import Signal, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from backroom.store.jobs import NewJob

log = logging.getLogger(__name__)
T = TypeVar("T")

CONNECTIONS = 16
"""For threads. The event loop has others beside them:"""
_READING_PIPELINES = 4
_WRITING_PIPELINES = 8
_SHARED_TRIES = 3
"""How often a statement is sent behind others, if the server skips it each time."""
_MOST_SLOW_TEXTS = 512
_TRIES = 8
_TAKES_WRITES = "-- takes writes\n select current_setting('transaction_read_only') = 'off'"
"""False also on a standby, while it recovers."""
_SMALLEST_WRITE = "select txid_current()"
"""Its commit is written to the log, and nothing else."""


class PostgresConnection:
    """A psycopg connection, spoken to as the store speaks."""

    def __init__(self, raw: PatientConnection) -> None:
        self.raw = raw

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        try:
            cursor = self.raw.execute(for_psycopg(sql), values, binary=True)
        except psycopg.Error as error:
            error.add_note(f"statement: {name_of(sql)}")
            raise
        return cursor if cursor.description is not None else ()

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        copying = f"copy {table} ({', '.join(columns)}) from stdin"
        with self.raw.cursor() as cursor, cursor.copy(copying) as copy:
            for row in rows:
                copy.write_row(row)

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        with self.raw.cursor() as cursor:
            cursor.executemany(for_rows(sql), rows)

    def script(self, sql: str) -> None:
        # A migration of a large database takes its time, and says nothing meanwhile.
        self.raw.execute("set local statement_timeout = 0")
        with self.raw.waiting(math.inf):
            self.raw.execute(sql)

    def ends(self, error: Exception) -> bool:
        return ends_transaction(error)

    def wait_for(self, tables: Iterable[str]) -> None:
        self.raw.execute(f"lock table {', '.join(tables)} in row exclusive mode")


class _Suspending:
    """Reads in a greenlet: each statement by itself, on whatever connection suits it."""

    def __init__(self, read: Callable[[str, dict[str, Any]], list[Row]]) -> None:
        self.execute = read

    def insert(self, *_: Any) -> Any:
        raise TypeError("a transaction to read in can't write")

    executemany = script = ends = wait_for = insert


class PostgresDatabase:
    """A database on the PostgreSQL server at `url`, with so many `connections` for threads.

    Without `pipeline` everything goes the plain way, as it does where psycopg lacks what the short
    way is made of. Raises `StoreUnavailable` if the server can't be reached, `UnusablePlace` if the
    URL can't be read.
    """

    dialect = POSTGRES
    kept_digests = None
    inline = False

    def __init__(self, url: str, connections: int = CONNECTIONS, *, pipeline: bool = True) -> None:
        check_address(url)
        self.url = url
        self._readiness = Readiness()
        if pipeline and driver.ABSENT:
            log.warning(events.PIPELINES_ABSENT, psycopg.__version__, driver.ABSENT)
        self._pipelined = pipeline and not driver.ABSENT
        self._pool = Pool(url, connections, watched=self._pipelined)
        self._writers = ThreadPoolExecutor(connections, thread_name_prefix="backroom-store")
        self._most_readers = max(1, connections // 2)
        self._readers = ThreadPoolExecutor(self._most_readers, thread_name_prefix="backroom-reader")
        self._alone: set[Future[list[Row]]] = set()
        """Statements that threads read by themselves."""
        self._tally = Tally(*COUNTS)
        self._slow: set[str] = set()
        """Texts that were too slow for a shared connection the last time."""
        self._greenlets = greenlets.Greenlets()
        self._reading = PipelinePool(
            partial(self._connected, SHARED_SECONDS),
            _READING_PIPELINES,
            patience=CHECK_SECONDS,
            writes=False,
        )
        self._writing = PipelinePool(
            partial(self._connected, WRITE_SECONDS),
            _WRITING_PIPELINES,
            patience=SILENT_SECONDS,
            writes=True,
        )

    def _connected(self, limit: float) -> PatientConnection:
        """Open a connection for a pipeline. Raises `psycopg.Error`."""
        opened = PatientConnection.connect(self.url, autocommit=True, **NETWORK)
        try:
            opened.configure(self.url)
            opened.limit(limit)
        except psycopg.Error:
            opened.close()
            raise
        return opened

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction in which each statement sees what was committed before it."""
        if greenlets.can_suspend():
            yield Transaction(_Suspending(self._read_statement), POSTGRES, on_loop=True)
            return
        with reported_as_ours(), self._pool.connection(READ_SECONDS) as raw:
            yield Transaction(PostgresConnection(raw), POSTGRES)

    @contextmanager
    def one_moment(self) -> Iterator[Transaction]:
        with reported_as_ours(), self._pool.connection(0) as raw, raw.one_moment():
            yield Transaction(PostgresConnection(raw), POSTGRES)

    def on_loop(self, work: Callable[[], T], deliver: Callable[[T], None]) -> None:
        def end(done: asyncio.Future[T]) -> None:
            try:
                result = done.result()
            except TookTooLong:
                in_thread()
            else:
                deliver(result)

        def in_thread() -> None:
            done = asyncio.wrap_future(self._readers.submit(work))
            done.add_done_callback(lambda each: deliver(each.result()))

        if self._pipelined:
            self._greenlets.spawn(work).add_done_callback(end)
        else:
            in_thread()

    def _read_statement(self, sql: str, values: dict[str, Any]) -> list[Row]:
        """Give the rows of a statement, suspending the greenlet that asks."""
        if sql not in self._slow:
            for _ in range(_SHARED_TRIES):
                # While threads are free, nobody has to wait behind a statement that takes long.
                queue = len(self._alone) >= self._most_readers
                reply = self._reading.ask_sharing(sql, values, queue=queue)
                if reply.outcome is ReplyOutcome.ANSWERED:
                    return reply.rows
                if reply.outcome is ReplyOutcome.TOO_SLOW:
                    self._tally.add("postgres_slow_reads_total")
                    self._remember_slow(sql)
                if reply.outcome is not ReplyOutcome.NOT_BEGUN:
                    break
        try:
            read = events.carried(self._read_alone)
            reading = self._readers.submit(read, sql, values, time.monotonic())
        except RuntimeError:
            raise StoreUnavailable("The database is closed.") from None
        self._alone.add(reading)
        reading.add_done_callback(self._alone.discard)
        return greenlets.wait_for(reading)

    def _remember_slow(self, sql: str) -> None:
        if len(self._slow) >= _MOST_SLOW_TEXTS:
            self._slow.clear()
        self._slow.add(sql)

    def _read_alone(self, sql: str, values: dict[str, Any], asked: float) -> list[Row]:
        """Read in a thread. What turns out to be quick shares a connection the next time."""
        began = time.monotonic()
        name = name_of(sql)
        if began - asked > WAIT_SECONDS:
            log.error(events.STATEMENT_NOT_BEGUN, name)
            raise StoreUnavailable(f"all threads that read are busy; statement: {name}")
        try:
            with self.read() as tx:
                rows = list(tx.connection.execute(sql, values))
        except (StoreUnavailable, psycopg.Error) as error:
            log.error(events.STATEMENT_FAILED, name, error)  # noqa: TRY400 - its caller shows it
            raise
        if time.monotonic() - began < SHARED_SECONDS:
            self._slow.discard(sql)
        return rows

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        def do(raw: PatientConnection) -> T:
            with raw.transaction():
                return work(Transaction(PostgresConnection(raw), POSTGRES))

        return self._submit(do)

    def written(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        return asyncio.wrap_future(self.write(work))

    def accept(self, new: NewJob, most: int) -> asyncio.Future[str | None]:
        """Accept a job by one statement, which is a transaction of its own.

        The statement goes to a pipelined connection that nobody else waits for. If none is free, or
        if the server refused the statement there and changed nothing, a thread runs it.
        """
        values = accept_values(new, most)
        if self._pipelined:
            return self._greenlets.spawn(partial(self._accept, values))
        return asyncio.wrap_future(self._submit(partial(_accepted, values)))

    def _accept(self, values: dict[str, Any]) -> str | None:
        reply = self._writing.ask_alone(accept_statement(values), values)
        if reply.outcome is ReplyOutcome.ANSWERED:
            self._readiness.succeeded()
            return accepted_id(reply.rows)
        if reply.outcome is ReplyOutcome.LOST:
            # It may be stored: who tries again could store it twice.
            raise StoreUnavailable("the connection was lost while it accepted a job")
        return greenlets.wait_for(self._submit(partial(_accepted, values)))

    def _submit(self, do: Callable[[PatientConnection], T]) -> Future[T]:
        """Have a thread write."""
        try:
            work = events.carried(self._write)
            submitted = self._writers.submit(work, do, time.perf_counter())
        except RuntimeError:
            refused: Future[T] = Future()
            refused.set_exception(StoreUnavailable("The database is closed."))
            return refused
        self._tally.add("store_writes_waiting")
        return submitted

    def _write(self, do: Callable[[PatientConnection], T], asked: float) -> T:
        """Write, and try again where the server asks for it."""
        self._tally.add("store_writes_total")
        self._tally.add("store_writes_waiting", -1)
        self._tally.add("store_write_wait_seconds_total", time.perf_counter() - asked)
        for attempt in range(1, _TRIES + 1):
            try:
                with self._pool.connection(WRITE_SECONDS) as raw:
                    result = do(raw)
                self._readiness.succeeded()
            except AGAIN as error:
                if attempt == _TRIES:
                    if isinstance(error, errors.UniqueViolation):
                        # Nobody takes a key just before each of so many tries: it is our mistake.
                        raise
                    raise WriteRefused(failure_text(error)) from error
                self._tally.add("postgres_transactions_retried_total")
                log.info(events.TRANSACTION_TRIED_AGAIN, type(error).__name__)
            except POSTGRES_UNAVAILABLE as error:
                if not is_unavailable(error):
                    raise
                raise self._write_failure(error) from error
            else:
                return result
        raise AssertionError  # the last attempt returned or raised

    def _write_failure(self, error: Exception) -> StoreUnavailable:
        """Note why the database could not write, and give the error to raise."""
        self._tally.add("store_write_failures_total")
        if timeout := timeout_counted(error):
            self._tally.add(timeout)
        if isinstance(error, errors.LockNotAvailable):
            self._end_absent()
        if not isinstance(error, OTHERS_FAULT):
            self._readiness.failed(failure_text(error))
        return write_failure(error)

    def _end_absent(self) -> None:
        with suppress(*POSTGRES_UNAVAILABLE), self._pool.connection(READ_SECONDS) as raw:
            if raw.execute(END_ABSENT).rowcount:
                log.warning(events.SESSION_ENDED)

    def check(self) -> None:
        with self._readiness.changes_logged():
            with self.read() as tx:
                if tx.one(_TAKES_WRITES) != (True,):
                    raise StoreUnavailable(
                        "The PostgreSQL server takes no writes: it is a standby, or read-only."
                    )
            if self._readiness.must_try():
                self._readiness.begin_try()
                tried = self._submit(lambda raw: raw.execute(_SMALLEST_WRITE))
                if greenlets.can_suspend():
                    greenlets.wait_for(tried)
                else:
                    tried.result()

    def signals(self) -> list[Signal]:
        pipelines = {"reading": self._reading, "writing": self._writing}
        return [*self._tally.signals(), *connection_signals(self._pool, pipelines)]

    def asked(self, tx: Transaction) -> list[Signal]:
        return asked_signals(tx)

    def close(self) -> None:
        self._writers.shutdown()
        self._readers.shutdown()
        self._reading.close()
        self._writing.close()
        self._pool.close()


def _accepted(values: dict[str, Any], raw: PatientConnection) -> str | None:
    """Accept a job in a thread."""
    return accepted_id(PostgresConnection(raw).execute(accept_statement(values), values))
