"""SQLite: one thread that writes, and a connection for each thread that reads.

All writes of a process go through one connection. The writer's thread takes the work that has
queued up, runs each piece in a savepoint of one transaction, and settles the futures after the
commit. So many small writes share one fsync, and no future has a result before the work is on disk.

Reads of an event loop run on its own thread (`on_loop`): reaching another thread would take ten
times as long. But a read may take long, and nobody is answered meanwhile. So each transaction there
has 5 ms. SQLite stops a statement that is late, and the read starts again in a thread, where it
may take as long as it needs. That is safe because a read changes nothing, and it is rare.
"""

from __future__ import annotations

import logging
import math
import queue
import shutil
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from backroom import events
from backroom.store import jobs
from backroom.store.database import StoreUnavailable, TookTooLong, Transaction
from backroom.store.dialects import SQLITE
from backroom.store.kept_digests import KeptDigests
from backroom.store.readiness import Readiness
from backroom.store.signals import WRITE_SIGNALS, Signal, Tally
from backroom.store.sqlite_connection import SQLITE_UNAVAILABLE, SqliteConnection
from backroom.store.sqlite_file import DatabaseFile, make_file, refuse_missing, scratch_directory

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import TracebackType

    from backroom.store.jobs import NewJob

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_WORK_IN_A_COMMIT = 64
LOOP_SECONDS = 0.005
"""How long a read may hold the event loop. One that takes longer starts again in a thread."""
_STEPS = 2000
"""Steps of SQLite's virtual machine between two looks at the clock: some 50 microseconds."""
_READER_THREADS = 4
"""How many such reads are under way at the same time."""
_TRY_SECONDS = 2.0
"""How long a look at whether the database can write waits for a write that it tries."""
_TABLES = "select name from sqlite_schema where type = 'table' and rootpage > 0"
_IS_CLOSED = "The database is closed."


class _Reading:
    """A thread's transaction to read in, opened again and again.

    A thread has one connection to read with, and SQLite has no transactions within transactions. A
    `with` block inside of another one therefore reads in the transaction of the outer one, which
    alone begins and ends it.

    A statement that is under way at the time `end`, in seconds of the monotonic clock, is stopped.
    """

    def __init__(self, connection: SqliteConnection, failed: Callable[[Exception], None]) -> None:
        self.end = self._stops = math.inf
        self._failed = failed
        self._raw = connection.raw
        self._run = connection.raw.execute
        self.transaction = Transaction(connection, SQLITE)
        self.first_bytes = connection.first_bytes
        self._depth = 0
        # SQLite asks after so many of its own steps, of which a page of a hundred takes some 3,000.
        connection.raw.set_progress_handler(self._is_late, _STEPS)

    def _is_late(self) -> bool:
        return time.monotonic() > self._stops

    def __enter__(self) -> Transaction:
        if not self._depth:
            try:
                if self._raw.in_transaction:
                    # The rollback of the last one failed.
                    self._run("rollback")
                self._run("begin")
            except SQLITE_UNAVAILABLE as error:
                self._failed(error)
                raise StoreUnavailable(_failure_in_words(error)) from error
            self._stops = self.end
        self._depth += 1
        return self.transaction

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self._depth -= 1
        if not self._depth:
            # Neither end of a transaction may be stopped: the next one could not begin.
            self._stops = math.inf
            # After some errors, as a failed disk, SQLite has ended the transaction itself. Where
            # memory is short a rollback may fail. Then the next transaction begins with it.
            with suppress(*SQLITE_UNAVAILABLE):
                if self._raw.in_transaction:
                    self._run("rollback")
        if isinstance(error, apsw.InterruptError):
            raise TookTooLong from None
        if isinstance(error, SQLITE_UNAVAILABLE):
            self._failed(error)
            raise StoreUnavailable(_failure_in_words(error)) from error


def _failure_in_words(error: BaseException) -> str:
    """Say what was wrong with the database; Python's `MemoryError` says nothing."""
    return str(error) or "out of memory"


class _TransactionEnded(Exception):
    """A piece of work has ended the transaction that it shares with others."""


class _Work:
    """A piece of writing, and the promise of its result."""

    __slots__ = ("asked", "do", "failure", "future", "result")

    def __init__(self, do: Callable[[Transaction], Any]) -> None:
        self.do = do
        self.asked = time.perf_counter()
        self.future: Future[Any] = Future()
        # A future that runs can't be cancelled. So the work is done even when its caller has gone,
        # and settling the future never fails.
        self.future.set_running_or_notify_cancel()
        self.result: Any = None
        self.failure: BaseException | None = None

    def settle(self) -> None:
        if self.failure is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.failure)


_ASKED = attrgetter("asked")


class SqliteDatabase:
    """A database in one file; or in a directory that goes with the process, where not durable."""

    dialect = SQLITE

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        """Open `path`, or an ephemeral database where it is None.

        A database that is `read_only` is not made where there is none, and its file never changes.
        """
        self._scratch = None if path else scratch_directory()
        self.path = str(path or Path(self._scratch or "") / "backroom.db")
        self._durable = path is not None
        self._read_only = read_only
        self._local = threading.local()
        self._readers: list[SqliteConnection] = []
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        # Held while the queue gets work, or None as its end: no work comes after the end.
        self._ending = threading.Lock()
        self._closed = False
        self._threads = ThreadPoolExecutor(_READER_THREADS, thread_name_prefix="backroom-reader")
        self.kept_digests = KeptDigests(self)
        self._readiness = Readiness()
        self._tally = Tally(*WRITE_SIGNALS, "sqlite_commits_total")
        (refuse_missing if read_only else make_file)(Path(self.path))
        self._connection = self._connect()
        self._transaction = Transaction(self._connection, SQLITE)
        self._file = DatabaseFile(self.path)
        self._writer = threading.Thread(target=self._write_all, name="backroom-writer")
        self._writer.start()

    def _connect(self) -> SqliteConnection:
        try:
            return SqliteConnection(self.path, durable=self._durable, read_only=self._read_only)
        except SQLITE_UNAVAILABLE as error:
            raise StoreUnavailable(
                f"The database {self.path} can't be opened: {_failure_in_words(error)}"
            ) from error

    def read(self) -> _Reading:
        reading: _Reading | None = getattr(self._local, "reading", None)
        if reading is None:
            connection = self._new_reader()
            reading = self._local.reading = _Reading(connection, self._look_for_damage)
        return reading

    def one_moment(self) -> _Reading:
        # Whatever is read in a transaction of SQLite is of the moment of its first statement.
        return self.read()

    def _new_reader(self) -> SqliteConnection:
        connection = self._connect()
        with self._ending:
            if not self._closed:
                self._readers.append(connection)
                return connection
        connection.close()
        raise StoreUnavailable(_IS_CLOSED)

    def on_loop(self, work: Callable[[], T], deliver: Callable[[T], None]) -> None:
        try:
            reading = self.read()
        except StoreUnavailable:
            # `work` opens its own transaction, meets the same error, and answers with it.
            deliver(work())
            return
        transaction = reading.transaction
        reading.end = time.monotonic() + LOOP_SECONDS
        transaction.on_loop = True
        try:
            result = work()
        except TookTooLong:
            reading.end = math.inf
            transaction.on_loop = False
            self._in_thread(work, deliver)
        else:
            reading.end = math.inf
            transaction.on_loop = False
            deliver(result)

    def _in_thread(self, work: Callable[[], T], deliver: Callable[[T], None]) -> None:
        # Only servers have an event loop. Commands start 30 ms sooner without importing asyncio.
        from asyncio import get_running_loop

        done = get_running_loop().run_in_executor(self._threads, work)
        done.add_done_callback(lambda each: deliver(each.result()))

    def written(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        from asyncio import wrap_future

        return wrap_future(self.write(work))

    def accept(self, new: NewJob, most: int) -> asyncio.Future[str | None]:
        return self.written(lambda tx: jobs.accept(tx, new, most))

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        entry = _Work(work)
        with self._ending:
            if not self._closed:
                self._queue.put(entry)
                return entry.future
        entry.failure = StoreUnavailable(_IS_CLOSED)
        entry.settle()
        return entry.future

    def check(self) -> None:
        with self._readiness.changes_logged():
            if self._closed:
                raise StoreUnavailable(_IS_CLOSED)
            # A connection of this thread is made only where the file is still there.
            self._file.check(lambda count: self.read().first_bytes(count))
            try:
                self._read_each_table()
            except StoreUnavailable:
                # If the file is known to be damaged, this raises with that reason instead.
                self._readiness.must_try()
                raise
            if self._readiness.must_try():
                if self.read().end != math.inf:
                    # The caller is on the event loop, which would stand still during the write.
                    raise TookTooLong
                self._try_to_write()

    def _read_each_table(self) -> None:
        """Read a row of each table: damage shows where it has hit one of these pages."""
        with self.read() as tx:
            for (table,) in tx.all(_TABLES):
                tx.one(f'select 1 from "{table}" limit 1')

    def _try_to_write(self) -> None:
        """Have the writer commit a page. Raises `StoreUnavailable` if that fails."""
        self._readiness.begin_try()
        try:
            # SQLite writes the first page, although the value does not change.
            self.write(lambda tx: tx.run("pragma user_version = 0")).result(_TRY_SECONDS)
        except TimeoutError:
            raise StoreUnavailable(f"A write takes more than {_TRY_SECONDS:g} seconds.") from None

    def _look_for_damage(self, error: BaseException) -> None:
        """Remember that the file is damaged, where an error says so."""
        if isinstance(error, (apsw.CorruptError, apsw.NotADBError)):
            self._readiness.damaged(
                f"{self.path} is damaged: {error}. Stop the server and put back a copy."
            )

    def signals(self) -> list[Signal]:
        waiting = Signal("store_writes_waiting", self._queue.qsize())
        return [*self._tally.signals(), *self._file.signals(), waiting]

    def asked(self, _: Transaction) -> list[Signal]:
        return []

    def close(self) -> None:
        with self._ending:
            if self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._writer.join()
        self._threads.shutdown()
        for connection in (*self._readers, self._connection):
            connection.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _write_all(self) -> None:
        """Do all work in the order in which it was handed over. This is the writer's thread.

        Work queues up while a transaction is written to disk, and the next transaction takes all
        of it: a lone caller never waits for others, and many share a commit. Futures are settled
        after the commit, because a caller answers its client as soon as it has the result.
        """
        while (entry := self._queue.get()) is not None:
            entries = [entry]
            ended = False
            while len(entries) < MOST_WORK_IN_A_COMMIT and not self._queue.empty():
                following = self._queue.get()
                if following is None:
                    ended = True
                    break
                entries.append(following)
            began = time.perf_counter()
            self._commit(entries)
            self._tally.add("store_writes_total", len(entries))
            waited = began * len(entries) - sum(map(_ASKED, entries))
            self._tally.add("store_write_wait_seconds_total", waited)
            for each in entries:
                each.settle()
            if ended:
                return

    def _commit(self, entries: list[_Work]) -> None:
        run = self._connection.execute
        try:
            if self._connection.raw.in_transaction:
                run("rollback", {})
            run("begin immediate", {})
            for entry in entries:
                self._attempt(entry)
            run("commit", {})
            if self._durable:
                self._file.check_places()
        except _TransactionEnded:
            # A trigger may say `raise(rollback)`. What the others have written is gone with it.
            self._commit([each for each in entries if each.failure is None])
        except Exception as error:  # noqa: BLE001 - the writer goes on with the next work
            log.error(events.TRANSACTION_ROLLED_BACK, _failure_in_words(error))  # noqa: TRY400
            self._roll_back()
            unavailable = isinstance(error, (*SQLITE_UNAVAILABLE, StoreUnavailable))
            if unavailable:
                self._look_for_damage(error)
                self._readiness.failed(_failure_in_words(error))
            self._tally.add("store_write_failures_total", len(entries))
            for entry in entries:
                entry.failure = StoreUnavailable(_failure_in_words(error)) if unavailable else error
        else:
            self._readiness.succeeded()
            self._tally.add("sqlite_commits_total")

    def _roll_back(self) -> None:
        """End the transaction of a commit that failed.

        Where memory is short this may fail too. The next commit begins with it then.
        """
        try:
            if self._connection.raw.in_transaction:
                self._connection.execute("rollback", {})
        except Exception as error:  # noqa: BLE001 - the writer goes on
            log.error(events.ROLLBACK_FAILED, _failure_in_words(error))  # noqa: TRY400

    def _attempt(self, entry: _Work) -> None:
        run = self._connection.execute
        run("savepoint work", {})
        try:
            entry.result = entry.do(self._transaction)
        except SQLITE_UNAVAILABLE:
            # The database failed, not this work. SQLite may have rolled back the whole transaction.
            raise
        except Exception as error:
            entry.failure = error
            if not self._connection.raw.in_transaction:
                raise _TransactionEnded from error
            run("rollback to work", {})
        run("release work", {})
