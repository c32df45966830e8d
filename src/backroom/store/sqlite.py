"""SQLite: one thread that writes, and a connection for each thread that reads.

All writes of a process go through one connection. The writer's thread takes the work that has
queued up, runs each piece in a savepoint of one transaction, and settles the futures after the
commit. So many small writes share one fsync, and no future has a result before the work is on disk.

Reads of an event loop run on its own thread (`on_loop`): reaching another thread would take ten
times as long. But a read may take long, and nobody is answered meanwhile. So each transaction there
has 5 ms. SQLite stops a statement that is late, and the read is begun again in a thread, where it
may take as long as it needs. That is safe because a read changes nothing, and it is rare.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import shutil
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from backroom.store import jobs, search
from backroom.store.database import Row, StoreUnavailable, TookTooLong, Transaction
from backroom.store.dialects import SQLITE

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from backroom.store.jobs import NewJob

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_WORK_IN_A_COMMIT = 64
_BUSY_MILLISECONDS = 10_000
_MAPPED_BYTES = 2**34
_PAGE_BYTES = 8192
"""Of a page in a new file. A job is stored in half as many calls as with the usual 4096."""
_CACHED_KILOBYTES = 16384
"""After a commit that has divided a page, SQLite walks through the whole cache of the writer."""
_SCRATCH = "backroom-ephemeral-"
LOOP_SECONDS = 0.005
"""How long a read may hold the event loop. One that takes longer is begun again in a thread."""
_STEPS = 2000
"""Steps of SQLite's virtual machine between two looks at the clock: some 50 microseconds."""
_THREADS = 4
"""How many such reads are under way at the same time."""
_IS_CLOSED = "The database is closed."
_UNAVAILABLE = (
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
)
"""Errors that mean the state of the database, not a mistake of ours.

Only these become `StoreUnavailable`, a 503. All others (`SQLError`, `ConstraintError` and so on)
mean a bug, which no further try helps. They become a 500, with a traceback in the log.
"""


class SqliteConnection:
    """An `apsw` connection with the settings that durability and speed ask for."""

    def __init__(self, path: str, *, durable: bool = True, read_only: bool = False) -> None:
        self.raw = _read_only(path) if read_only else apsw.Connection(path, statementcachesize=400)
        # Another process may hold the file for a moment, as `backroom keys` does.
        self.raw.set_busy_timeout(_BUSY_MILLISECONDS)
        # Otherwise a statement with a limit is compiled again whenever other values are bound.
        self.raw.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self._run = self.raw.execute
        # Migrations fold and index what earlier versions stored without.
        self.raw.create_scalar_function("casefold", _casefold, 1, deterministic=True)
        self.raw.create_scalar_function("grams", _grams, 2, deterministic=True)
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
        return isinstance(error, _UNAVAILABLE)

    def close(self) -> None:
        self.raw.close()


def _read_only(path: str) -> apsw.Connection:
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
    return search.folded(values[0])


def _grams(*values: Any) -> str:
    account, text = values
    return SQLITE.search.words(search.grams(account, text))


class _Reading:
    """A thread's transaction to read in, opened again and again.

    A thread has one connection to read with, and SQLite has no transactions within transactions. A
    `with` block inside of another one therefore reads in the transaction of the outer one, which
    alone begins and ends it.

    A statement that is under way at the time `end`, in seconds of the monotonic clock, is stopped.
    """

    def __init__(self, connection: SqliteConnection) -> None:
        self.end = self._stops = math.inf
        self._raw = connection.raw
        self._run = connection.raw.execute
        self._transaction = Transaction(connection, SQLITE)
        self._depth = 0
        # SQLite asks after so many of its own steps, of which a page of a hundred takes some 3,000.
        connection.raw.set_progress_handler(self._is_late, _STEPS)

    def _is_late(self) -> bool:
        return time.monotonic() > self._stops

    def __enter__(self) -> Transaction:
        if not self._depth:
            try:
                self._run("begin")
            except _UNAVAILABLE as error:
                raise StoreUnavailable(str(error)) from error
            self._stops = self.end
        self._depth += 1
        return self._transaction

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        self._depth -= 1
        if not self._depth:
            # Neither end of a transaction may be stopped: the next one could not begin.
            self._stops = math.inf
            # After some errors, as a failed disk, SQLite has ended the transaction itself.
            if self._raw.in_transaction:
                self._run("rollback")
        if isinstance(error, apsw.InterruptError):
            raise TookTooLong from None
        if isinstance(error, _UNAVAILABLE):
            raise StoreUnavailable(str(error)) from error


class _Work:
    """A piece of writing, and the promise of its result."""

    __slots__ = ("do", "failure", "future", "result")

    def __init__(self, do: Callable[[Transaction], Any]) -> None:
        self.do = do
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


def _scratch_directory() -> str:
    """Make a directory for an ephemeral database, and remove those that killed processes left."""
    for left in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*-*"):
        process = left.name.removeprefix(_SCRATCH).partition("-")[0]
        if process.isdigit() and not _runs(int(process)):
            shutil.rmtree(left, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-")


def _runs(process: int) -> bool:
    if sys.platform == "win32":
        # On Windows os.kill(process, 0) would end the process.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


class SqliteDatabase:
    """A database in one file; or in a directory that goes with the process, where not durable."""

    dialect = SQLITE

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        """Open `path`, or an ephemeral database where it is None.

        A database that is `read_only` is not made where there is none, and its file never changes.
        """
        self._scratch = None if path else _scratch_directory()
        self.path = str(path or Path(self._scratch or "") / "backroom.db")
        self._durable = path is not None
        self._read_only = read_only
        self._local = threading.local()
        self._readers: list[SqliteConnection] = []
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        # Held while the queue gets work, or None as its end: no work comes after the end.
        self._ending = threading.Lock()
        self._closed = False
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="backroom-reader")
        self._connection = self._connect()
        self._transaction = Transaction(self._connection, SQLITE)
        self._writer = threading.Thread(target=self._write_all, name="backroom-writer")
        self._writer.start()

    def _connect(self) -> SqliteConnection:
        try:
            return SqliteConnection(self.path, durable=self._durable, read_only=self._read_only)
        except _UNAVAILABLE as error:
            raise StoreUnavailable(f"The database {self.path} can't be opened: {error}") from error

    def read(self) -> _Reading:
        reading: _Reading | None = getattr(self._local, "reading", None)
        if reading is None:
            reading = self._local.reading = _Reading(self._new_reader())
        return reading

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
            # It finds that out itself, and says so.
            deliver(work())
            return
        reading.end = time.monotonic() + LOOP_SECONDS
        try:
            result = work()
        except TookTooLong:
            reading.end = math.inf
            self._in_thread(work, deliver)
        else:
            reading.end = math.inf
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
            self._commit(entries)
            for each in entries:
                each.settle()
            if ended:
                return

    def _commit(self, entries: list[_Work]) -> None:
        run = self._connection.execute
        try:
            run("begin immediate", {})
            for entry in entries:
                self._attempt(entry)
            run("commit", {})
        except Exception as error:  # noqa: BLE001 - the writer goes on with the next work
            log.error("a transaction was rolled back: %s", error)  # noqa: TRY400 - callers get it
            if self._connection.raw.in_transaction:
                run("rollback", {})
            unavailable = isinstance(error, _UNAVAILABLE)
            for entry in entries:
                entry.failure = StoreUnavailable(str(error)) if unavailable else error

    def _attempt(self, entry: _Work) -> None:
        run = self._connection.execute
        run("savepoint work", {})
        try:
            entry.result = entry.do(self._transaction)
        except _UNAVAILABLE:
            # The database failed, not this work. SQLite may have rolled back the whole transaction.
            raise
        except Exception as error:  # noqa: BLE001 - this work's own caller gets it
            entry.failure = error
            run("rollback to work", {})
        run("release work", {})
