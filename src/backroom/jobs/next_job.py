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

No job may keep the later ones of its account waiting for ever. If the server fails at a job for a
reason of its own, the transaction is undone, and this module does in order:

1. Apply the job once more, one operation after the other. Those at which the server fails, fail.
2. If the job as such can't be applied: count the try, in the store, and have the account pause.
   Each pause is twice as long as the one before.
3. After `MOST_TRIES` of these: complete the job, with all operations failed.

A database that is away is no try. Then nothing is known of the job, and it waits.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from backroom import clock
from backroom.jobs.apply import Ending, apply, apply_apart, cancel, give_up
from backroom.jobs.lifecycle import MOST_TRIES, Status, pause_seconds
from backroom.jobs.pacing import Pacing, Step
from backroom.store import jobs
from backroom.store.database import StoreUnavailable, WriteTooSlow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.store.database import Database, Transaction

    Choose = Callable[[Transaction], str | None]

log = logging.getLogger(__name__)

STEPS = ("begun", "claimed", "operations_read", "rows_written", "progress_written", "committed")
"""The steps of applying a job, in order. `begun` is only there where jobs are shown as queued."""
_END_OF_TIME = "9999"
"""Later than every creation of a job, as texts are compared."""


class NotApplied(Exception):
    """A job could not be applied. Its account is to pause for `pause` seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__(f"a job could not be applied; the next try is in {pause:g} seconds")
        self.pause = pause


def unwatched(_: str) -> None:
    """Do nothing at a step."""


class NextJob:
    """Applies jobs, one at a time.

    A job starts `delay` after its creation at the earliest. `show_queued` says that jobs are
    created with the status `queued`, and must be seen as `processing` before they are `complete`.
    `pacing` is where a test hangs the pace of jobs. `on_step` is called with the name of each step
    when it is done; what it raises undoes the transaction.
    """

    def __init__(
        self,
        database: Database,
        *,
        delay: timedelta = timedelta(0),
        show_queued: bool = False,
        pacing: Pacing | None = None,
        on_step: Callable[[str], None] = unwatched,
    ) -> None:
        self._database = database
        self.delay = delay
        self._show_queued = show_queued
        self.pacing = pacing or Pacing()
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

    def next_account(self, tx: Transaction, after: str) -> str | None:
        """Give the next account after `after` that has a job for which something is to be done.

        After the last account comes the first one. None if there is no such job.
        """
        if self.pacing.pace is None:
            return jobs.next_account(tx, after, self.due())
        ready = sorted({each.account for each in self._ready(tx, None)})
        return next((each for each in ready if each > after), ready[0] if ready else None)

    def earliest_usual(self, tx: Transaction, account: str | None = None) -> str | None:
        """Give when the oldest job in progress was created, of an account or of all.

        Jobs that a test has planned are left out: no time says when they are due.
        """
        pace = self.pacing.pace
        if pace is not None:
            found = jobs.in_progress(tx, account)
            usual = [job for job in found if pace.next_step(job[0], job[1]) is Step.USUAL]
            return min((job.created_at for job in usual), default=None)
        if account is None:
            return jobs.earliest_created(tx)
        return jobs.earliest_created_of(tx, account)

    def _ready(self, tx: Transaction, account: str | None) -> Iterator[jobs.InProgress]:
        """Give the jobs for which something is to be done now, by account and id."""
        pace, due = self.pacing.pace, self.due()
        assert pace is not None  # noqa: S101 - asked only where there is one
        for job in jobs.in_progress(tx, account):
            step = pace.next_step(job.account, job.job_id)
            if step is not None and (step is not Step.USUAL or job.created_at <= due):
                yield job

    def apply(self, choose: Choose) -> bool:
        """Apply the oldest due job of the account that `choose` gives. False where there is none.

        `choose` is called in the transaction that applies the job, and again where that is retried.
        Raises `NotApplied` where the server failed at the job, which will be tried again, and
        `StoreUnavailable` where the database can't be reached.
        """
        claimed: list[jobs.Waiting] = []
        try:
            applied = self._begun_and_applied(choose, claimed)
        except WriteTooSlow as error:
            # Whether the database is overloaded or the job takes so long each time, nobody knows.
            applied = self._count_try(claimed, error)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - what it means for the job is decided there
            applied = self._apply_apart(claimed, error)
        if applied:
            self._on_step("committed")
            if claimed and self.pacing.pace is not None:
                self.pacing.pace.took(claimed[0], self._step_of(claimed[0]))
        return applied

    def _begun_and_applied(self, choose: Choose, claimed: list[jobs.Waiting]) -> bool:
        if self._show_queued:
            begun = self._database.write(lambda tx: self._begin(tx, choose, claimed)).result()
            if begun is not None:
                self._on_step("begun")
                # A second choice could be another account, whose job was never seen processing.
                choose = _chosen(begun)
        return self._database.write(lambda tx: self._apply_in(tx, choose, claimed)).result()

    def _claim(
        self, tx: Transaction, choose: Choose, claimed: list[jobs.Waiting]
    ) -> jobs.Waiting | None:
        """Choose an account, keep others out of it, and give its oldest due job.

        That job is `claimed`, for whoever must know it even if the transaction fails.
        """
        account = choose(tx)
        if account is None:
            return None
        tx.exclusively(account)
        waiting = self._first_waiting(tx, account)
        claimed[:] = [waiting] if waiting is not None else []
        return waiting

    def _first_waiting(self, tx: Transaction, account: str) -> jobs.Waiting | None:
        if self.pacing.pace is None:
            return jobs.first_waiting(tx, account, self.due())
        ready = next(self._ready(tx, account), None)
        return None if ready is None else jobs.waiting(tx, account, ready.job_id)

    def _step_of(self, waiting: jobs.Waiting) -> Step:
        """Give the step that a claimed job takes, which does not change until it has taken it."""
        pace = self.pacing.pace
        step = None if pace is None else pace.next_step(waiting.account, waiting.job_id)
        return step or Step.USUAL

    def _ending(self, waiting: jobs.Waiting) -> Ending:
        pace = self.pacing.pace
        if pace is None:
            return Ending()
        counts_only = self._step_of(waiting) is Step.COUNT
        return Ending(partial(pace.failing, waiting), counts_only)

    def _begin(self, tx: Transaction, choose: Choose, claimed: list[jobs.Waiting]) -> str | None:
        """Move the next job to `processing`, where it is `queued`; give its account."""
        waiting = self._claim(tx, choose, claimed)
        if waiting is None:
            return None
        if self._step_of(waiting) is Step.USUAL:
            jobs.begin(tx, waiting.account, waiting.job_id, Status.QUEUED, Status.PROCESSING)
        return waiting.account

    def _apply_in(self, tx: Transaction, choose: Choose, claimed: list[jobs.Waiting]) -> bool:
        waiting = self._claim(tx, choose, claimed)
        if waiting is None:
            return False
        self._on_step("claimed")
        step = self._step_of(waiting)
        if step is Step.BEGIN:
            jobs.begin(tx, waiting.account, waiting.job_id, Status.QUEUED, Status.PROCESSING)
        elif step is Step.CANCEL:
            cancel(tx, waiting)
        else:
            apply(tx, waiting, self._on_step, self._ending(waiting))
        return True

    def _apply_apart(self, claimed: list[jobs.Waiting], error: Exception) -> bool:
        """Apply the job at which the server has failed, so that each operation fails alone."""
        if not claimed:
            raise error

        def work(tx: Transaction) -> list[BaseException | None] | None:
            waiting = self._claim(tx, _chosen(claimed[0].account), claimed)
            if waiting is None:
                return None
            self._on_step("claimed")
            return apply_apart(tx, waiting, self._on_step, self._ending(waiting))

        try:
            causes = self._database.write(work).result()
        except WriteTooSlow as slow:
            return self._count_try(claimed, slow)
        except StoreUnavailable:
            raise
        except Exception as again:  # noqa: BLE001 - it is logged when the tries are used up
            return self._count_try(claimed, again)
        if causes:
            log.error(
                "the server failed at %d operations of job %s of account %s, at the first so:",
                len(causes),
                claimed[0].job_id,
                claimed[0].account,
                exc_info=causes[0],
            )
        return causes is not None

    def _count_try(self, claimed: list[jobs.Waiting], error: Exception) -> bool:
        """Count one more try of a job, or give it up. Raises `NotApplied` if there is another."""
        if not claimed:
            raise error
        (job,) = claimed
        tries = self._database.write(lambda tx: self._tried(tx, job)).result()
        if tries is None:
            return True
        if tries < MOST_TRIES:
            pause = pause_seconds(tries)
            log.warning(
                "job %s of account %s will be tried again in %g seconds: %r",
                job.job_id,
                job.account,
                pause,
                error,
            )
            raise NotApplied(pause) from error
        log.error(
            "job %s of account %s can't be applied: all its operations have failed",
            job.job_id,
            job.account,
            exc_info=error,
        )
        return True

    def _tried(self, tx: Transaction, job: jobs.Waiting) -> int | None:
        """Note a try, and give up the job at the last. Gives its tries, None where it is done."""
        waiting = self._claim(tx, _chosen(job.account), [])
        if waiting is None or waiting.job_id != job.job_id:
            return None
        tries = waiting.tries + 1
        if tries < MOST_TRIES:
            jobs.note_tries(tx, waiting, tries)
        else:
            give_up(tx, waiting)
        return tries


def _chosen(account: str) -> Choose:
    return lambda _: account
