"""SQLite: one thread that writes, a connection of its own for each thread that reads.

All writes of a process go through one connection. Its thread takes what has queued up, runs each
piece of work in a savepoint of one transaction, and settles the futures after the commit: many
small writes share one fsync, and nobody is told before the work is on disk.
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


class SqliteConnection:
    """An `apsw` connection with the settings that durability and speed ask for."""

    def __init__(self, path: str, *, durable: bool = True) -> None:
        self.raw = apsw.Connection(path, statementcachesize=400)
        # Another process may hold the file for a moment, as `backroom keys` does.
        self.raw.set_busy_timeout(_BUSY_MILLISECONDS)
        # Else a statement with a limit is compiled again each time that other values are bound.
        self.raw.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
        self._run = self.raw.execute
        # Migrations fold and index what earlier versions stored without.
        self.raw.create_scalar_function("casefold", _casefold, 1, deterministic=True)
        self.raw.create_scalar_function("grams", _grams, 2, deterministic=True)
        self._run(f"pragma page_size = {_PAGE_BYTES}")
        self._run("pragma journal_mode = wal")
        self._run(f"pragma synchronous = {'full' if durable else 'off'}")
        # On macOS a plain fsync leaves the data in the drive's cache; elsewhere this does nothing.
        self._run(f"pragma fullfsync = {'on' if durable else 'off'}")
        self._run(f"pragma cache_size = -{_CACHED_KILOBYTES}")
        # Reading through the system's page cache halves what cold pages at random depth cost.
        self._run(f"pragma mmap_size = {_MAPPED_BYTES}")
        self._run("pragma temp_store = memory")

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

    def close(self) -> None:
        self.raw.close()


def _casefold(*values: Any) -> str:
    (text,) = values
    return search.folded(text)


def _grams(*values: Any) -> str:
    account, text = values
    return SQLITE.search.words(search.grams(account, text))


class _Reading:
    """A thread's transactions to read in, one after the other.

    A statement that is under way at the time `end`, in seconds of the monotonic clock, is stopped.
    """

    def __init__(self, connection: SqliteConnection) -> None:
        self.end = self._stops = math.inf
        self._run = connection.raw.execute
        self._transaction = Transaction(connection, SQLITE)
        # SQLite asks after so many of its own steps, of which a page of a hundred takes some 3,000.
        connection.raw.set_progress_handler(self._is_late, _STEPS)

    def _is_late(self) -> bool:
        return time.monotonic() > self._stops

    def __enter__(self) -> Transaction:
        try:
            self._run("begin")
        except apsw.Error as error:
            raise StoreUnavailable(str(error)) from error
        self._stops = self.end
        return self._transaction

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> None:
        # Neither end of a transaction may be stopped: the next one could not begin.
        self._stops = math.inf
        self._run("rollback")
        if isinstance(error, apsw.InterruptError):
            raise TookTooLong from None
        if isinstance(error, apsw.Error):
            raise StoreUnavailable(str(error)) from error


class _Work:
    """A piece of writing, and the promise of its result."""

    __slots__ = ("do", "failure", "future", "result")

    def __init__(self, do: Callable[[Transaction], Any]) -> None:
        self.do = do
        self.future: Future[Any] = Future()
        # Running from the start, it can't be cancelled: what a caller that has gone asked for is
        # done all the same, and settling it never fails.
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
        # There a signal of 0 would end the process that it is to ask.
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

    def __init__(self, path: Path | None) -> None:
        """Open `path`, or an ephemeral database where it is None."""
        self._scratch = None if path else _scratch_directory()
        self.path = str(path or Path(self._scratch or "") / "backroom.db")
        self._durable = path is not None
        self._local = threading.local()
        self._readers: list[SqliteConnection] = []
        self._queue: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._closed = False
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="backroom-reader")
        self._connection = self._connect()
        self._transaction = Transaction(self._connection, SQLITE)
        self._writer = threading.Thread(target=self._write_all, name="backroom-writer")
        self._writer.start()

    def _connect(self) -> SqliteConnection:
        try:
            return SqliteConnection(self.path, durable=self._durable)
        except apsw.Error as error:
            raise StoreUnavailable(f"The database {self.path} can't be opened: {error}") from error

    def read(self) -> _Reading:
        reading: _Reading | None = getattr(self._local, "reading", None)
        if reading is None:
            connection = self._connect()
            self._readers.append(connection)
            reading = self._local.reading = _Reading(connection)
        return reading

    def on_loop(self, work: Callable[[], T], deliver: Callable[[T], None]) -> None:
        reading = self.read()
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
        # Only servers have a loop; a command starts 30 ms sooner without.
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
        if self._closed:
            entry.failure = StoreUnavailable("The database is closed.")
            entry.settle()
        else:
            self._queue.put(entry)
        return entry.future

    def close(self) -> None:
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
        except Exception as error:  # noqa: BLE001 - whatever it is, the next work is not to blame
            log.error("a transaction was rolled back: %s", error)  # noqa: TRY400 - told to callers
            if self._connection.raw.in_transaction:
                run("rollback", {})
            for entry in entries:
                entry.failure = StoreUnavailable(str(error))

    def _attempt(self, entry: _Work) -> None:
        run = self._connection.execute
        run("savepoint work", {})
        try:
            entry.result = entry.do(self._transaction)
        except (apsw.FullError, apsw.IOError):
            # The disk failed under everybody's work, not under this one's alone.
            raise
        except Exception as error:  # noqa: BLE001 - it is the caller's, and given back
            entry.failure = error
            run("rollback to work", {})
        run("release work", {})
