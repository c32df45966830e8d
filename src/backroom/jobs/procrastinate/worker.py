"""Applies jobs of a shared database: in any number of processes, on any number of machines.

`backroom work` is a process that does only this. A server does it in a thread, unless it is started
with `--worker off` (`workforce.py`).

Procrastinate hands out accounts, not jobs: its task `apply_jobs` names an account that has work.
Which jobs there are, and in which order, stands in our own table `jobs` alone. So the queue may
lose or repeat a task: applying an account that has nothing to do does nothing, and the sweep brings
back what is missing. All of Procrastinate's rows can be deleted at any time.

What happens with an account that has work:

1. A server announces it (`dispatcher.py`), or the sweep does. Its locks see to it that an account
   has one running and one waiting task at most.
2. Some worker takes the task. In a thread it applies a slice of the account's jobs, oldest first:
   at most `SLICE_JOBS` of them, and none begins after `_SLICE_SECONDS`.
3. Where jobs are left, it adds another task for the account, which queues behind those of the
   other accounts: so a long backlog delays nobody by more than a slice. Where the next job is not
   due yet, the new task is due with it.
4. Procrastinate deletes the row of the task that has ended.

Beside that every worker has three periodic tasks; Procrastinate sees to it that one worker at a
time runs each:

- *rescue*, every two seconds: a worker whose last heartbeat is `_STALLED_SECONDS` old is dead.
  Delete the tasks that it was running, which frees their locks, and announce their accounts. If
  that worker was only suspended, two apply jobs of one account for a moment. That is safe: each
  takes the account's lock in the transaction that applies a job (`jobs/next_job.py`).
- *sweep*, every two seconds: announce the accounts that have work and no task, and remove links of
  deleted categories.
- *expire*, every hour: remove expired jobs, and operations that are no longer kept.

Where the clock of the process is moved, tasks that wait for a moment start at once, and find out
again what is due; expired jobs are removed.

The process runs one of Procrastinate's workers after the other. When the database is lost, or the
end of a task could not be written, that worker ends, and a new one registers under another number.
The number matters: rows that still say "doing" under the old one get no heartbeat any more, and the
rescue of any worker finds them.

Procrastinate runs on an event loop of its own in this process, and jobs are applied in threads.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from procrastinate.jobs import DeleteJobCondition, Status

from backroom import clock, events
from backroom.jobs import housekeeping
from backroom.jobs.next_job import NotApplied
from backroom.jobs.procrastinate import prompt_worker, schema
from backroom.jobs.procrastinate.dispatcher import APPLY_JOBS, Dispatcher
from backroom.store import jobs, task_queue
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from procrastinate.worker import Worker

    from backroom.jobs.next_job import NextJob
    from backroom.store.database import Database

log = logging.getLogger(__name__)

SLICE_JOBS = 25
"""How many jobs of an account a worker applies before other accounts have their turn."""
_SLICE_SECONDS = 0.5
_EARLIER_NAMES = ["drain"]
"""The names of the task in earlier versions, which may have left some in the queue."""
_CONNECTIONS = 4
"""Connections for Procrastinate's own statements; those that apply jobs are the store's."""
_OTHER_THREADS = 4
"""Threads for periodic tasks, beside one for each account."""
_RETRY_SECONDS = 1.0
"""The pause after a failure: of an account after its job failed, of a worker without database."""
_HEARTBEAT_SECONDS = 1.0
_STALLED_SECONDS = 3.0
_OUT_OF_STEP_SECONDS = 4.0
"""How often a worker compares the tasks that it has with those the queue says it has."""
_LONGEST_WAIT_SECONDS = 3600.0
"""Used for a job that is not due while the clock stands still. Moving it wakes the worker."""
_EVERY_TWO_SECONDS = "* * * * * */2"
_EVERY_HOUR = "0 * * * *"


class QueueWorker:
    """Applies jobs of up to `concurrency` accounts at a time, until it is stopped."""

    def __init__(
        self,
        database: Database,
        next_job: NextJob,
        concurrency: int,
        worker_class: type[Worker] | None = None,
    ) -> None:
        self._database = database
        self._next_job = next_job
        self._concurrency = concurrency
        self._worker_class = worker_class or prompt_worker.best_worker()
        self._stop_asked = False
        self._is_set_up = False
        """Whether there is an event loop that can be asked to stop."""
        self._has_lost = False
        """Whether the database was lost and is not there again."""
        self._accounts: set[str] = set()
        """The accounts whose jobs this process is applying."""
        self._paused: dict[str, float] = {}
        """Accounts at whose job the server has failed, and until when they pause."""
        # Adds tasks from threads, where Procrastinate's asynchronous connections can't be used.
        self._dispatcher = Dispatcher(database)
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector())
        self.app.task(name=APPLY_JOBS, aliases=_EARLIER_NAMES)(self._apply_jobs)
        self.app.periodic(cron=_EVERY_TWO_SECONDS)(
            self.app.task(name="rescue", queueing_lock="rescue")(self._rescue)
        )
        self._sweep_task = self.app.task(name="sweep", queueing_lock="sweep")(self._sweep)
        self.app.periodic(cron=_EVERY_TWO_SECONDS)(self._sweep_task)
        self.app.periodic(cron=_EVERY_HOUR)(
            self.app.task(name="expire", queueing_lock="expire")(self._expire)
        )

    def run(self) -> None:
        """Apply jobs until SIGTERM or SIGINT; then finish the jobs in progress.

        Raises `NewerDatabase` where the tables of Procrastinate turn out to be of a later version.
        """
        asyncio.run(self._work((signal.SIGTERM, signal.SIGINT)))

    def run_in_thread(self) -> None:
        """Apply jobs in a thread, which gets no signals, until `stop` is called."""
        asyncio.run(self._work(()))

    def stop(self) -> None:
        """Make `run_in_thread` finish its jobs and return. From any thread, at any time."""
        self._stop_asked = True
        if self._is_set_up:
            # The loop may have ended by itself.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._stop)

    async def _work(self, signals: tuple[signal.Signals, ...]) -> None:
        self._loop = asyncio.get_running_loop()
        # The loop's own executor has as many threads as there are processors (and a few): accounts
        # would wait for a thread although `concurrency` allows them to go on.
        threads = ThreadPoolExecutor(self._concurrency + _OTHER_THREADS, "backroom-task")
        self._loop.set_default_executor(threads)
        self._stopping = asyncio.Event()
        self._worker = self._new_worker()
        for each in signals:
            self._loop.add_signal_handler(each, self._stop)
        # Whoever asks before this line has set the other one.
        self._is_set_up = True
        if self._stop_asked:
            self._stopping.set()
        clock.watch(self._clock_moved)
        try:
            await self._work_until_stopped()
        finally:
            clock.unwatch(self._clock_moved)

    async def _work_until_stopped(self) -> None:
        async with task_queue.connection_pool(self._database, _CONNECTIONS) as pool:
            await self.app.open_async(pool)
            while not self._stopping.is_set():
                await self._work_until_lost()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), _RETRY_SECONDS)

    def _new_worker(self) -> Worker:
        return self._worker_class(
            self.app,
            name="backroom",
            concurrency=self._concurrency,
            fetch_job_polling_interval=prompt_worker.poll_seconds(self._worker_class),
            update_heartbeat_interval=_HEARTBEAT_SECONDS,
            stalled_worker_timeout=_STALLED_SECONDS,
            # Whether a job succeeded stands in our own tables; rows of ended tasks would pile up.
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
        )

    async def _work_until_lost(self) -> None:
        """Run one worker of Procrastinate until it is stopped or the database is lost."""
        self._worker = self._new_worker()
        check = asyncio.create_task(self._stop_when_out_of_step(self._worker))
        try:
            await asyncio.to_thread(schema.prepare, self._database)
            await asyncio.to_thread(self._next_job.deaths.look, self._database)
            if self._has_lost:
                log.warning(events.WORKER_HAS_DATABASE)
                self._has_lost = False
            if not self._stopping.is_set():
                await self._worker.run()  # type: ignore[no-untyped-call]
        except (ConnectorException, StoreUnavailable) as error:
            log.warning(events.WORKER_LOST_DATABASE, error.__cause__ or error)
        finally:
            check.cancel()
        if not self._stopping.is_set():
            log.warning(events.WORKER_RENUMBERED)
            self._has_lost = True

    def _stop(self) -> None:
        self._stopping.set()
        self._worker.stop()  # type: ignore[no-untyped-call]

    async def _stop_when_out_of_step(self, worker: Worker) -> None:
        """Stop a worker if the queue says that it runs an account which this process has finished.

        The end of such a task could not be written. It keeps its account locked as long as this
        worker writes heartbeats. A task that only just begins or ends looks the same for a moment,
        so it must be seen twice. Stopping for nothing would do no harm but a pause.
        """
        seen: set[int | None] = set()
        while True:
            await asyncio.sleep(_OUT_OF_STEP_SECONDS)
            if worker.worker_id is None:
                continue
            with suppress(ConnectorException):
                tasks = await self.app.job_manager.list_jobs_async(
                    task=APPLY_JOBS, status=Status.DOING.value, worker_id=worker.worker_id
                )
                ended = {
                    each.id
                    for each in tasks
                    if each.worker_id == worker.worker_id and each.lock not in self._accounts
                }
                if seen & ended:
                    log.warning(events.TASK_END_MISSING)
                    worker.stop()  # type: ignore[no-untyped-call]
                seen = ended

    def _apply_jobs(self, account: str) -> None:
        """Apply a slice of an account's jobs, and add a task for the rest.

        Never raises, and adds a task to try again. Procrastinate's own retries put the same task
        back into the queue, which the queueing lock forbids where another one is waiting.
        """
        self._accounts.add(account)
        try:
            wait = self._seconds_until_more(account)
            if wait is not None:
                self._continue_later(account, wait)
        finally:
            self._accounts.discard(account)

    def _seconds_until_more(self, account: str) -> float | None:
        """Apply a slice; give in how many seconds there is more to do, None for never."""
        # A task that was announced before the pause began comes at once.
        pause = self._paused.get(account, 0.0) - time.monotonic()
        if pause > 0:
            return pause
        self._paused.pop(account, None)
        try:
            return self._apply_slice(account)
        except NotApplied as failure:
            self._paused[account] = time.monotonic() + failure.pause
            return failure.pause
        except StoreUnavailable as error:
            log.warning(events.ACCOUNT_WAITS, account, error)
        except Exception:
            log.exception(events.ACCOUNT_FAILED, account)
        return _RETRY_SECONDS

    def _apply_slice(self, account: str) -> float | None:
        end = time.monotonic() + _SLICE_SECONDS
        applied = 0
        while applied < SLICE_JOBS and self._next_job.apply(lambda _: account):
            applied += 1
            if time.monotonic() >= end:
                break
        self._next_job.keeping.note(applied, self._database, self._stopping.is_set)
        with self._database.read() as tx:
            # When a job that is set aside may be tried again, the sweep announces its account.
            earliest = self._next_job.turns.earliest_usual(tx, account)
        if earliest is None:
            return None
        wait = clock.real_seconds(self._next_job.turns.seconds_until_due(earliest))
        return min(wait, _LONGEST_WAIT_SECONDS)

    def _continue_later(self, account: str, wait: float) -> None:
        try:
            self._dispatcher.defer(account, wait)
        except (StoreUnavailable, ConnectorException):
            log.warning(events.ACCOUNT_LEFT_TO_SWEEP, account)
            return
        if wait:
            # PostgreSQL notifies when a task is added, not when it comes due.
            self._loop.call_soon_threadsafe(self._loop.call_later, wait, self._wake)

    def _wake(self) -> None:
        # Whichever worker there is by then.
        prompt_worker.wake(self._worker)

    async def _rescue(self, timestamp: int) -> None:  # noqa: ARG002 - periodic tasks are given one
        """Announce again the accounts that dead workers had taken."""
        manager = self.app.job_manager
        for task in await manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED_SECONDS):
            log.warning(events.WORKER_DIED, task.call_string)
            # Fails where the task has ended meanwhile, by its own worker or another rescuer.
            with suppress(ConnectorException):
                await manager.finish_job(task, Status.FAILED, delete_job=True)
            # Periodic tasks have no lock. They come again by themselves.
            if task.lock:
                self._next_job.deaths.expect(task.lock)
                await asyncio.to_thread(self._dispatcher.defer, task.lock)

    async def _sweep(self, timestamp: int) -> None:
        """Announce accounts that have work and no task; remove links of deleted categories."""
        tasks = await self.app.job_manager.list_jobs_async(task=APPLY_JOBS)
        if await asyncio.to_thread(self._sweep_slice, {each.lock for each in tasks}):
            with suppress(AlreadyEnqueued):
                await self._sweep_task.defer_async(timestamp=timestamp)

    def _sweep_slice(self, announced: set[str | None]) -> bool:
        """Give whether there is more to remove, which queues behind the accounts' tasks."""
        end = time.monotonic() + _SLICE_SECONDS
        with self._database.read() as tx:
            due, aside = self._next_job.turns.due(), self._next_job.turns.aside.ids()
            accounts = jobs.accounts_in_progress(tx, due, aside)
        for account in accounts:
            if account not in announced:
                self._dispatcher.defer(account)
        while housekeeping.empty_categories(self._database):
            if time.monotonic() >= end:
                return True
        return False

    def _clock_moved(self) -> None:
        # The loop may have ended by itself.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._catch_up_soon)

    def _catch_up_soon(self) -> None:
        catching = self._loop.run_in_executor(None, self._catch_up)
        catching.add_done_callback(lambda _: self._wake())

    def _catch_up(self) -> None:
        """Have tasks that wait for a moment start now, and remove expired jobs."""
        try:
            self._database.write(task_queue.hasten).result()
            self._expire(0)
        except StoreUnavailable as error:
            log.warning(events.CLOCK_NOT_FOLLOWED, error)

    def _expire(self, timestamp: int) -> None:  # noqa: ARG002 - periodic tasks are given one
        housekeeping.expire(self._database, self._stopping.is_set)
        self._next_job.keeping.drop(self._database, self._stopping.is_set)
