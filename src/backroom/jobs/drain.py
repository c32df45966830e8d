"""The next job of an account to its end; the same for the embedded worker and for many machines."""

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
"""The named steps of applying a job, for those who watch it or want to stop it there."""


_EVER = "9999"


def unwatched(_: str) -> None:
    """Watch no step."""


class Drain:
    """Applies jobs, one at a time.

    `delay` is the least time that a job waits before it starts; `queues` says that jobs are born
    queued and are to be seen processing before they are complete.
    """

    def __init__(
        self,
        database: Database,
        *,
        delay: timedelta = timedelta(0),
        queues: bool = False,
        on_step: Callable[[str], None] = unwatched,
    ) -> None:
        self._database = database
        self.delay = delay
        self._queues = queues
        self._on_step = on_step

    def due(self) -> str:
        """Give the latest creation of a job that may start now."""
        if not self.delay:
            # Any: a job that was accepted while the clock was ahead must not wait for it.
            return _EVER
        return clock.timestamp(clock.now() - self.delay)

    def seconds_until_due(self, created_at: str) -> float:
        """Give how long a job that was created at a time has still to wait, 0 where it is due."""
        due = datetime.fromisoformat(created_at) + self.delay
        return max(0.0, (due - clock.now()).total_seconds())

    def apply_next(self, choose: Callable[[Transaction], str | None]) -> bool:
        """Apply the oldest due job of the account that `choose` gives. False where there is none.

        The choice is made in the transaction that applies the job.
        """
        if self._queues:
            begun = self._database.write(lambda tx: self._begin(tx, choose)).result()
            if begun is not None:
                self._on_step("begun")
                # Now it is this account's turn, whoever comes in between.
                return self._applied(lambda _: begun)
        return self._applied(choose)

    def _applied(self, choose: Callable[[Transaction], str | None]) -> bool:
        applied = self._database.write(lambda tx: self._apply(tx, choose)).result()
        if applied:
            self._on_step("committed")
        return applied

    def _next(
        self, tx: Transaction, choose: Callable[[Transaction], str | None]
    ) -> jobs.Waiting | None:
        account = choose(tx)
        if account is None:
            return None
        # A worker that was taken for dead may still be at it: the second waits for the first, and
        # then no longer finds the job that the first has brought to its end.
        tx.exclusively(account)
        return jobs.first_waiting(tx, account, self.due())

    def _begin(self, tx: Transaction, choose: Callable[[Transaction], str | None]) -> str | None:
        """Let the next job be seen as processing, where it was born queued; give its account."""
        waiting = self._next(tx, choose)
        if waiting is None:
            return None
        jobs.begin(tx, waiting.account, waiting.job_id, Status.QUEUED, Status.PROCESSING)
        return waiting.account

    def _apply(self, tx: Transaction, choose: Callable[[Transaction], str | None]) -> bool:
        waiting = self._next(tx, choose)
        if waiting is None:
            return False
        self._on_step("claimed")
        apply(tx, waiting, self._on_step)
        return True
