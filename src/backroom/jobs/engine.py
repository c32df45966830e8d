"""Jobs on many machines: Procrastinate hands out accounts that have work, by a task `drain`.

The task applies a slice of an account's jobs in order and defers itself again while there is
more: its lock keeps the order, its queueing lock keeps one task waiting for each account. The
truth stands in our own rows: lose all of the engine's, sweep once, and everything goes on.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate import exceptions
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.worker import Worker

from backroom.jobs import housekeeping
from backroom.store import jobs, tasks
from backroom.store.database import StoreUnavailable
from backroom.store.postgresql.database import PostgresConnection, PostgresDatabase
from backroom.store.postgresql.pool import engine_pool

if TYPE_CHECKING:
    from procrastinate.job_context import JobContext

    from backroom.jobs.drain import Drain
    from backroom.store.database import Database, Transaction

log = logging.getLogger(__name__)

SCHEMA = "procrastinate"
"""The schema of the engine's own tables, apart from ours."""
DRAIN = "drain"
_CONNECTIONS = 4
_OTHER_THREADS = 4
_TOGETHER_SECONDS = 0.02
"""How long accounts with new work are gathered, from when others were told of."""
_SLICE_JOBS = 25
_SLICE_SECONDS = 0.5
_AFTER_FAILURE_SECONDS = 1.0
_LOOK_SECONDS = 2.0
"""How long at most until a worker looks for tasks that nobody woke it for.

What wakes it can be lost with a connection, or with the worker that meant to come back to a task.
"""
_HEARTBEAT_SECONDS = 1.0
_STALLED_SECONDS = 3.0
_EVERY_TWO_SECONDS = "* * * * * */2"
_EVERY_HOUR = "0 * * * *"


def prepared(database: Database) -> PostgresDatabase:
    """Make the engine's tables where there are none, and give the database as one that has them."""
    assert isinstance(database, PostgresDatabase)  # noqa: S101 - nothing else has an engine

    def make(tx: Transaction) -> None:
        # Processes that start together come one after the other.
        tx.exclusively(SCHEMA)
        if tx.one("select to_regclass(:name)", name=f"{SCHEMA}.procrastinate_jobs") == (None,):
            tx.script(f"create schema if not exists {SCHEMA}")
            tx.script(f"set local search_path to {SCHEMA}")
            tx.script(procrastinate.schema.SchemaManager.get_schema())
            tx.script("set local search_path to default")

    database.write(make).result()
    return database


class Dispatcher:
    """Tells the workers which account has work, through the connections of the store.

    So nothing waits longer than a write does, and no connection stays idle.
    """

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._untold: SimpleQueue[str | None] = SimpleQueue()
        """Accounts with work, and None in the end."""
        self._thread = Thread(target=self._tell_all, name="backroom-dispatcher")

    def start(self) -> None:
        """Begin to tell."""
        self._thread.start()

    def nudge(self, account: str) -> None:
        """Say that an account has work, without waiting until that is heard.

        Said after the commit, not in it: a task that was waiting already could otherwise begin,
        find nothing, and end before that commit. What a dying process leaves unsaid the sweep
        finds.
        """
        self._untold.put(account)

    def _tell_all(self) -> None:
        ended = False
        while not ended:
            heard = {self._untold.get()}
            while not self._untold.empty():
                heard.add(self._untold.get())
            ended = None in heard
            try:
                self._tell({account for account in heard if account is not None})
            except Exception:
                log.exception("no worker could be told of new work; the sweep will tell")
            # Who posts a lot is told of with others. On an idle system nobody waits for this.
            time.sleep(_TOGETHER_SECONDS)

    def _tell(self, accounts: set[str]) -> None:
        """Have accounts drained. A task that waits now, after their commits, is not too early."""
        try:
            with self._database.read() as tx:
                # To find a task takes less than to be refused another.
                untold = accounts - tasks.waiting(tx, accounts)
            told = {
                account: self._database.write(partial(self._defer, account=account))
                for account in untold
            }
        except StoreUnavailable as error:
            log.warning("no worker could be told of new work; the sweep will tell: %s", error)
            return
        for account, deferred in told.items():
            failure = deferred.exception()
            if failure is not None and not isinstance(failure, exceptions.AlreadyEnqueued):
                log.warning("no worker could be told of account %s; the sweep will tell", account)

    def defer(self, account: str, wait: float = 0.0) -> None:
        """Have an account drained in `wait` seconds, unless a task for it is waiting already."""
        with suppress(exceptions.AlreadyEnqueued):
            self._database.write(partial(self._defer, account=account, wait=wait)).result()

    def _defer(self, tx: Transaction, account: str, wait: float = 0.0) -> None:
        assert isinstance(tx.connection, PostgresConnection)  # noqa: S101 - as is the database
        options: dict[str, Any] = {"lock": account, "queueing_lock": account}
        if wait:
            options["schedule_in"] = {"seconds": wait}
        # No need to wait for the disk: what is lost of the engine's rows the sweep finds.
        tx.run(
            "select set_config('search_path', :schema, true),"
            " set_config('synchronous_commit', 'off', true)",
            schema=SCHEMA,
        )
        self._app.configure_task(
            DRAIN, allow_unknown=True, connection=tx.connection.raw, **options
        ).defer(account=account)

    def stop(self) -> None:
        """Tell what is still to be told, and leave."""
        self._untold.put(None)
        if self._thread.is_alive():
            self._thread.join()


class _Attentive(Worker):
    """The engine's worker, which sleeps through nothing that it could do.

    Its insides are the engine's own; they are those of the one minor version that is allowed.
    """

    _woken = 0

    def wake(self) -> None:
        """Look for tasks, now or when the look that is under way is over."""
        self._woken += 1
        self._new_job_event.set()

    async def _handle_notification(self, **heard: Any) -> None:
        self._woken += 1
        await super()._handle_notification(**heard)

    async def _fetch_and_process_jobs(self) -> None:
        # The engine forgets what it hears of while it looks, although it may have looked before.
        seen = -1
        while seen != self._woken and not self._stop_event.is_set():
            seen = self._woken
            await super()._fetch_and_process_jobs()  # type: ignore[no-untyped-call]

    async def _process_job(self, context: JobContext) -> None:
        try:
            await super()._process_job(context)
        except exceptions.ConnectorException as error:
            # The task's row may go on saying that this worker is at it, and keep its account locked
            # as long as the worker lives. So its life ends here; the next has another number.
            log.warning("the end of a task could not be written: %s", error.__cause__ or error)
            self.stop()  # type: ignore[no-untyped-call]
        # Another task of the account may have waited for this one.
        self.wake()


class Engine:
    """A process that applies jobs: as many as you like, on as many machines.

    `concurrency` is how many accounts it drains at a time.
    """

    def __init__(self, database: PostgresDatabase, drain: Drain, concurrency: int) -> None:
        self._database = database
        self._drain = drain
        self._concurrency = concurrency
        # Tasks run in threads, where the engine's own asynchronous connections can't be used.
        self._dispatcher = Dispatcher(database)
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector())
        self.app.task(name=DRAIN)(self._drain_account)
        self.app.periodic(cron=_EVERY_TWO_SECONDS)(
            self.app.task(name="rescue", queueing_lock="rescue")(self._rescue)
        )
        self._sweeping = self.app.task(name="sweep", queueing_lock="sweep")(self._sweep)
        self.app.periodic(cron=_EVERY_TWO_SECONDS)(self._sweeping)
        self.app.periodic(cron=_EVERY_HOUR)(
            self.app.task(name="expire", queueing_lock="expire")(self._expire)
        )

    def run(self) -> None:
        """Work until a signal says to stop; then finish what was begun."""
        asyncio.run(self._work())

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        # Its own has as many threads as there are processors, and accounts would wait for one.
        threads = ThreadPoolExecutor(self._concurrency + _OTHER_THREADS, "backroom-task")
        self._loop.set_default_executor(threads)
        self._stopping = asyncio.Event()
        self._worker = self._new_worker()
        for each in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(each, self._stop)
        async with engine_pool(self._database.url, SCHEMA, _CONNECTIONS) as pool:
            await self.app.open_async(pool)
            while not self._stopping.is_set():
                await self._live()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _AFTER_FAILURE_SECONDS)

    def _new_worker(self) -> _Attentive:
        return _Attentive(
            self.app,
            name="backroom",
            concurrency=self._concurrency,
            fetch_job_polling_interval=_LOOK_SECONDS,
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_STALLED_SECONDS,
            # The truth is elsewhere; what is kept here would only pile up.
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
        )

    async def _live(self) -> None:
        """Work until told to stop, or until the database is lost."""
        self._worker = self._new_worker()
        try:
            await asyncio.to_thread(prepared, self._database)
            if not self._stopping.is_set():
                await self._worker.run()  # type: ignore[no-untyped-call]
        except (exceptions.ConnectorException, StoreUnavailable) as error:
            log.warning("the worker has lost the database: %s", error.__cause__ or error)
        if not self._stopping.is_set():
            log.warning("the worker begins anew")

    def _stop(self) -> None:
        self._stopping.set()
        self._worker.stop()  # type: ignore[no-untyped-call]

    def _drain_account(self, account: str) -> None:
        """Apply a slice of an account's jobs; have the rest drained after the others' turn.

        Never fails: the engine would not find room for another try beside a task that waits.
        """
        try:
            wait = self._drain_slice(account)
        except StoreUnavailable as error:
            log.warning("account %s has to wait for the store: %s", account, error)
            wait = _AFTER_FAILURE_SECONDS
        except Exception:
            log.exception("a job of account %s could not be applied; it will be again", account)
            wait = _AFTER_FAILURE_SECONDS
        if wait is None:
            return
        try:
            self._dispatcher.defer(account, wait)
        except (StoreUnavailable, exceptions.ConnectorException):
            log.warning("account %s is left to the sweep", account)
            return
        if wait:
            # Nobody tells when a task comes due.
            self._loop.call_soon_threadsafe(self._loop.call_later, wait, self._worker.wake)

    def _drain_slice(self, account: str) -> float | None:
        """Give in how many seconds there is more to do, None for never."""
        end = time.monotonic() + _SLICE_SECONDS
        for _ in range(_SLICE_JOBS):
            if not self._drain.apply_next(lambda _: account):
                break
            if time.monotonic() >= end:
                break
        with self._database.read() as tx:
            waiting = jobs.earliest_created_of(tx, account)
        return None if waiting is None else self._drain.seconds_until_due(waiting)

    async def _rescue(self, timestamp: int) -> None:  # noqa: ARG002 - the engine's signature
        """Have done by others what stopped workers were at."""
        manager = self.app.job_manager
        for each in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
            log.warning("a worker has stopped at %s", each.call_string)
            with suppress(exceptions.ConnectorException):  # raised where it has ended meanwhile
                await manager.finish_job(each, Status.FAILED, delete_job=True)
            if each.lock:
                await asyncio.to_thread(self._dispatcher.defer, each.lock)

    async def _sweep(self, timestamp: int) -> None:
        """Find the accounts with work that nobody was told of, and categories to be emptied."""
        told = {each.lock for each in await self.app.job_manager.list_jobs_async(task=DRAIN)}
        if await asyncio.to_thread(self._sweep_slice, told):
            with suppress(exceptions.AlreadyEnqueued):
                await self._sweeping.defer_async(timestamp=timestamp)

    def _sweep_slice(self, told: set[str | None]) -> bool:
        """Give whether there is more to do, which waits for its turn as everything does."""
        end = time.monotonic() + _SLICE_SECONDS
        with self._database.read() as tx:
            accounts = jobs.accounts_in_progress(tx, self._drain.due())
        for account in accounts:
            if account not in told:
                self._dispatcher.defer(account)
        while housekeeping.empty_categories(self._database):
            if time.monotonic() >= end:
                return True
        return False

    def _expire(self, timestamp: int) -> None:  # noqa: ARG002 - the engine's signature
        housekeeping.expire(self._database, self._stopping.is_set)
