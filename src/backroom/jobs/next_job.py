"""An account's next job, applied: the same for the embedded worker and for workers on machines.

What happens, all in one transaction, so that a crash at any point leaves the job as it was:

1. Choose the account. The embedded worker chooses here, among all that have work; a worker on a
   shared database has been given one.
2. Take the account's lock. On PostgreSQL a worker that was presumed dead may still be running: the
   second one waits here, and when it goes on it finds the first one's job complete, and takes the
   job after it.
3. Read the account's oldest job that is not complete.
4. Apply it (`jobs/apply.py`), which writes rows, counts and the status `complete`.

Where clients shall see jobs queued first, a transaction of its own before these moves the job from
`queued` to `processing`. A crash between the two leaves it `processing`, which is applied all the
same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from backroom import clock
from backroom.jobs.apply import apply
from backroom.jobs.lifecycle import Status
from backroom.store import jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction

STEPS = ("begun", "claimed", "operations_read", "rows_written", "progress_written", "committed")
"""The steps of applying a job, in order. `begun` is only there where jobs are shown as queued."""
_END_OF_TIME = "9999"
"""Later than every creation of a job, as texts are compared."""


def unwatched(_: str) -> None:
    """Do nothing at a step."""


class NextJob:
    """Applies jobs, one at a time.

    A job starts `delay` after its creation at the earliest. `show_queued` says that jobs are
    created with the status `queued`, and must be seen as `processing` before they are `complete`.
    `on_step` is called with the name of each step when it is done; what it raises undoes the
    transaction.
    """

    def __init__(
        self,
        database: Database,
        *,
        delay: timedelta = timedelta(0),
        show_queued: bool = False,
        on_step: Callable[[str], None] = unwatched,
    ) -> None:
        self._database = database
        self.delay = delay
        self._show_queued = show_queued
        self._on_step = on_step

    def due(self) -> str:
        """Give the time up to which a job must have been created to start now."""
        if not self.delay:
            # Any time: a job that was accepted while the clock was ahead must not wait for it.
            return _END_OF_TIME
        return clock.timestamp(clock.now() - self.delay)

    def seconds_until_due(self, created_at: str) -> float:
        """Give for how long a job that was created at a time has to wait, 0 where it is due."""
        due = datetime.fromisoformat(created_at) + self.delay
        return max(0.0, (due - clock.now()).total_seconds())

    def apply(self, choose: Callable[[Transaction], str | None]) -> bool:
        """Apply the oldest due job of the account that `choose` gives. False where there is none.

        `choose` is called in the transaction that applies the job, and again where that is retried.
        """
        if self._show_queued:
            begun = self._database.write(lambda tx: self._begin(tx, choose)).result()
            if begun is not None:
                self._on_step("begun")
                # A second choice could be another account, whose job was never seen processing.
                return self._apply(lambda _: begun)
        return self._apply(choose)

    def _apply(self, choose: Callable[[Transaction], str | None]) -> bool:
        applied = self._database.write(lambda tx: self._apply_in(tx, choose)).result()
        if applied:
            self._on_step("committed")
        return applied

    def _claim(
        self, tx: Transaction, choose: Callable[[Transaction], str | None]
    ) -> jobs.Waiting | None:
        """Choose an account, keep others out of it, and give its oldest due job."""
        account = choose(tx)
        if account is None:
            return None
        tx.exclusively(account)
        return jobs.first_waiting(tx, account, self.due())

    def _begin(self, tx: Transaction, choose: Callable[[Transaction], str | None]) -> str | None:
        """Move the next job to `processing`, where it is `queued`; give its account."""
        waiting = self._claim(tx, choose)
        if waiting is None:
            return None
        jobs.begin(tx, waiting.account, waiting.job_id, Status.QUEUED, Status.PROCESSING)
        return waiting.account

    def _apply_in(self, tx: Transaction, choose: Callable[[Transaction], str | None]) -> bool:
        waiting = self._claim(tx, choose)
        if waiting is None:
            return False
        self._on_step("claimed")
        apply(tx, waiting, self._on_step)
        return True
