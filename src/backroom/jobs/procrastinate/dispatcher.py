"""Announces accounts with new work to the workers: in Procrastinate's queue, as one task for each.

A server calls `announce` after the commit that accepted a job. What happens then, in order:

1. `announce` puts the account into a queue of this process and returns. The request never waits.
2. A thread takes all accounts that have gathered, once every `_BATCH_SECONDS` at most.
3. One read finds the accounts that have a waiting task already. Nothing is missing for these: the
   commit came before the read, so a task that is still waiting will see the new job.
4. For each of the others one write adds a task `apply_jobs`, all at the same time. PostgreSQL
   notifies the workers when that commits.

Announcing inside the transaction that accepts the job would lose jobs: a task that was waiting
could begin before that commit, see no job, and end, while the new announcement was refused because
of that task.

A task has two locks, both named as the account. Its *queueing lock* lets one task of an account
wait at a time; a second one is refused with `AlreadyEnqueued`, which is as good as a success. Its
*lock* lets one task of an account run at a time, which keeps the account's jobs in order. So an
account has at most two tasks: one that runs, and one that will see whatever the first was too early
for.

Nothing here has to succeed. An announcement that is lost (the database is away, the process is
killed) costs a delay: the workers' sweep (`worker.py`) announces every account that has work.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import procrastinate
from procrastinate.exceptions import AlreadyEnqueued

from backroom import events
from backroom.store import task_queue
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

log = logging.getLogger(__name__)

APPLY_JOBS = "apply_jobs"
"""The name of the task that applies jobs of the account that is its one argument."""
_BATCH_SECONDS = 0.02
"""The pause after each batch, in which the next one gathers.

A busy server so asks the database 50 times a second at most, however many jobs it accepts. On an
idle one the pause is over before the next job comes.
"""


class Dispatcher:
    """Announces accounts with work, through the connections of the store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        # Only to make tasks: it is never opened, and each task names the connection it goes by.
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._gathered: SimpleQueue[str | None] = SimpleQueue()
        """Accounts to announce, then None when there will be no more."""
        self._thread = Thread(target=self._announce_all, name="backroom-dispatcher")

    def start(self) -> None:
        """Start the thread that announces."""
        self._thread.start()

    def announce(self, account: str) -> None:
        """Have an account announced soon. Its new jobs must be committed before."""
        self._gathered.put(account)

    def stop(self) -> None:
        """Announce the accounts that are still queued, and end the thread."""
        self._gathered.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def defer(self, account: str, wait: float = 0.0) -> None:
        """Add a task for an account, due in `wait` seconds, unless one is waiting already.

        Returns after the commit. Raises `StoreUnavailable` or Procrastinate's `ConnectorException`.
        """
        with suppress(AlreadyEnqueued):
            self._database.write(partial(self._add_task, account=account, wait=wait)).result()

    def _announce_all(self) -> None:
        stopping = False
        while not stopping:
            batch = {self._gathered.get()}
            while not self._gathered.empty():
                batch.add(self._gathered.get())
            stopping = None in batch
            try:
                self._announce({account for account in batch if account is not None})
            except Exception:
                log.exception(events.ANNOUNCING_FAILED)
            time.sleep(_BATCH_SECONDS)

    def _announce(self, accounts: set[str]) -> None:
        try:
            with self._database.read() as tx:
                # One look at all costs less than an insert that is refused for each.
                unannounced = accounts - task_queue.accounts_waiting(tx, accounts)
        except StoreUnavailable as error:
            log.warning(events.WORK_NOT_ANNOUNCED, error)
            return
        writes = {
            account: self._database.write(partial(self._add_task, account=account))
            for account in unannounced
        }
        for account, write in writes.items():
            failure = write.exception()
            if failure is not None and not isinstance(failure, AlreadyEnqueued):
                log.warning(events.ACCOUNT_NOT_ANNOUNCED, account, failure.__cause__ or failure)

    def _add_task(self, tx: Transaction, account: str, wait: float = 0.0) -> None:
        options: dict[str, Any] = {"lock": account, "queueing_lock": account}
        if wait:
            options["schedule_in"] = {"seconds": wait}
        connection = task_queue.lent_connection(tx)
        task = self._app.configure_task(
            APPLY_JOBS, allow_unknown=True, connection=connection, **options
        )
        task.defer(account=account)
