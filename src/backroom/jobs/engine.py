"""Jobs on many machines: Procrastinate hands out accounts that have work, by a task `drain`.

The task applies a slice of an account's jobs in order and defers itself again while there is
more: its lock keeps the order, its queueing lock keeps one task waiting for each account. The
truth stands in our own rows: lose all of the engine's, sweep once, and everything goes on.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate import exceptions

from backroom.jobs import housekeeping
from backroom.store import jobs
from backroom.store.postgres import PostgresDatabase

if TYPE_CHECKING:
    from backroom.jobs.drain import Drain
    from backroom.store.database import Database, Transaction

log = logging.getLogger(__name__)

SCHEMA = "procrastinate"
"""The schema of the engine's own tables, apart from ours."""
DRAIN = "drain"
_SEARCH_PATH = {"options": f"-c search_path={SCHEMA}"}
_SLICE_JOBS = 25
_SLICE_SECONDS = 0.5
_HANDOVER_SECONDS = 0.05
"""How soon a task is seen that waited for another of its account to end.

New work wakes a worker at once; that a lock was let go of does not.
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
    """Tells the workers, from a process that accepts jobs, which account has work."""

    def __init__(self, database: PostgresDatabase) -> None:
        connector = procrastinate.SyncPsycopgConnector(conninfo=database.url, kwargs=_SEARCH_PATH)
        self._app = procrastinate.App(connector=connector)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="backroom-dispatcher")
        self._told: set[str] = set()
        self._lock = Lock()

    def start(self) -> None:
        """Connect."""
        self._app.open()

    def nudge(self, account: str) -> None:
        """Say that an account has work, without waiting until that is heard.

        Said after the commit, not in it: a task that was waiting already could otherwise begin,
        find nothing, and end before that commit. What a dying process leaves unsaid the sweep
        finds.
        """
        with self._lock:
            if account in self._told:
                return
            self._told.add(account)
        self._thread.submit(self._defer, account)

    def _defer(self, account: str) -> None:
        with self._lock:
            # What is committed from here on needs a nudge of its own.
            self._told.discard(account)
        try:
            self.defer(account)
        except exceptions.ProcrastinateException:
            log.warning("no worker could be told of account %s; the sweep will tell", account)

    def defer(self, account: str, wait: float = 0.0) -> None:
        """Have an account drained in `wait` seconds, unless a task for it is waiting already."""
        options: dict[str, Any] = {"lock": account, "queueing_lock": account}
        if wait:
            options["schedule_in"] = {"seconds": wait}
        with suppress(exceptions.AlreadyEnqueued):
            self._app.configure_task(DRAIN, allow_unknown=True, **options).defer(account=account)

    def stop(self) -> None:
        """Tell what is still to be told, and leave."""
        self._thread.shutdown()
        self._app.close()


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
        connector = procrastinate.PsycopgConnector(conninfo=database.url, kwargs=_SEARCH_PATH)
        self.app = procrastinate.App(connector=connector)
        retry = procrastinate.RetryStrategy(linear_wait=1)
        self.app.task(name=DRAIN, retry=retry)(self._drain_account)
        self.app.periodic(cron=_EVERY_TWO_SECONDS)(
            self.app.task(name="rescue", queueing_lock="rescue")(self._rescue)
        )
        self.app.periodic(cron=_EVERY_TWO_SECONDS)(
            self.app.task(name="sweep", queueing_lock="sweep")(self._sweep)
        )
        self.app.periodic(cron=_EVERY_HOUR)(
            self.app.task(name="expire", queueing_lock="expire")(self._expire)
        )

    def run(self) -> None:
        """Work until a signal says to stop; then finish what was begun."""
        self._dispatcher.start()
        self.app.run_worker(
            name="backroom",
            concurrency=self._concurrency,
            fetch_job_polling_interval=_HANDOVER_SECONDS,
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_STALLED_SECONDS,
            delete_jobs=procrastinate.jobs.DeleteJobCondition.SUCCESSFUL,
        )
        self._dispatcher.stop()

    def _drain_account(self, account: str) -> None:
        """Apply a slice of an account's jobs; have the rest drained after the others' turn."""
        end = time.monotonic() + _SLICE_SECONDS
        for _ in range(_SLICE_JOBS):
            if not self._drain.apply_next(lambda _: account):
                break
            if time.monotonic() >= end:
                break
        with self._database.read() as tx:
            waiting = jobs.earliest_created_of(tx, account)
        if waiting is not None:
            self._dispatcher.defer(account, self._drain.seconds_until_due(waiting))

    async def _rescue(self, timestamp: int) -> None:  # noqa: ARG002 - the engine's signature
        """Give back what stopped workers were at."""
        stalled = await self.app.job_manager.get_stalled_jobs(
            seconds_since_heartbeat=_STALLED_SECONDS
        )
        for each in stalled:
            log.warning("a worker has stopped at account %s; another goes on", each.lock)
            try:
                await self.app.job_manager.retry_job(each)
            except exceptions.UniqueViolation:
                # Another task for the account is waiting for this one's lock already: it goes on.
                await self.app.job_manager.finish_job(
                    each, procrastinate.jobs.Status.FAILED, delete_job=True
                )

    def _sweep(self, timestamp: int) -> None:  # noqa: ARG002 - as above
        """Find the accounts with work that nobody was told of, and categories to be emptied."""
        with self._database.read() as tx:
            accounts = jobs.accounts_in_progress(tx, self._drain.due())
        for account in accounts:
            self._dispatcher.defer(account)
        while housekeeping.empty_category(self._database):
            pass

    def _expire(self, timestamp: int) -> None:  # noqa: ARG002 - as above
        housekeeping.expire(self._database, lambda: False)
