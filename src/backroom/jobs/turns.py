"""Whose turn it is: which account is next, and which of its jobs.

The oldest job of an account is next. There are three exceptions, which all workers share: a job
that is younger than the delay waits, and so do the later ones; a job that is set aside is passed
over (`set_aside.py`); and a test may plan when a job takes its steps (`pacing.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from backroom import clock
from backroom.jobs.pacing import Step
from backroom.jobs.set_aside import SetAside
from backroom.store import jobs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from backroom.jobs.pacing import Pacing
    from backroom.store.database import Transaction

_END_OF_TIME = "9999"
"""Later than every creation of a job, as texts are compared."""


class Turns:
    """Chooses accounts and jobs. A job starts `delay` after its creation at the earliest."""

    def __init__(self, delay: timedelta, pacing: Pacing) -> None:
        self.delay = delay
        self.pacing = pacing
        self.aside = SetAside()
        self.latest: tuple[str, str] | None = None
        """The account and the id of the job that was claimed last. It may have ended since."""

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
        """Give the next account after `after` that has a job with something to do.

        After the last account comes the first one. None if there is no such job.
        """
        if self.pacing.pace is None:
            return jobs.next_account(tx, after, self.due(), self.aside.ids())
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
        aside = self.aside.ids()
        if account is None:
            return jobs.earliest_created(tx, aside)
        return jobs.earliest_created_of(tx, account, aside)

    def _ready(self, tx: Transaction, account: str | None) -> Iterator[jobs.InProgress]:
        """Give the jobs with something to do now, by account and id."""
        pace, due, aside = self.pacing.pace, self.due(), self.aside.ids()
        assert pace is not None  # noqa: S101 - asked only where there is one
        for job in jobs.in_progress(tx, account):
            step = pace.next_step(job.account, job.job_id)
            ready = step is not Step.USUAL or job.created_at <= due
            if step is not None and ready and job.job_id not in aside:
                yield job

    def first_waiting(self, tx: Transaction, account: str) -> jobs.Waiting | None:
        """Give the job of an account that is next, None if it has none that is due."""
        if self.pacing.pace is None:
            found = jobs.first_waiting(tx, account, self.due(), self.aside.ids())
        else:
            ready = next(self._ready(tx, account), None)
            found = None if ready is None else jobs.waiting(tx, account, ready.job_id)
        if found is not None:
            self.latest = (account, found.job_id)
        return found

    def step_of(self, waiting: jobs.Waiting) -> Step:
        """Give the step that a claimed job takes, which does not change until it has taken it."""
        pace = self.pacing.pace
        step = None if pace is None else pace.next_step(waiting.account, waiting.job_id)
        return step or Step.USUAL
