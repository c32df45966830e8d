"""Jobs that a worker may have begun before it died.

Noting each job before it starts would cost a write. So a job is noted only where a worker may have
died at it: the oldest job of each account when a process starts, and the next job of an account
whose worker has died. Such a try is counted before the job starts again.

A worker may have died of something else: memory that ran out, a machine that was switched off, an
operator who was in a hurry. Nobody can tell these from a job that ends the process. So a process
waits before it starts a job at which others have died, and each time longer. The wait tells the two
apart. A job that ends processes ends this one too, however late it starts. Anything else that ends
processes soon after their start has struck before the job starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.jobs.lifecycle import DEATH_TRIES, MOST_TRIES, pause_seconds
from backroom.store import jobs

if TYPE_CHECKING:
    from backroom.store.database import Database

_ANY_JOB = ""
"""In place of the id of a job: whichever is the account's oldest."""


class Deaths:
    """Knows which jobs may have been begun by workers that have died."""

    def __init__(self) -> None:
        self._begun: dict[str, str] = {}
        """By account, the job that a dead worker may have begun."""
        self._has_looked = False
        self._waited: set[str] = set()
        """Jobs before which this process has waited."""

    def look(self, database: Database) -> None:
        """Find, once, the jobs that workers may have begun that died before this one started."""
        if not self._has_looked:
            with database.read() as tx:
                self._begun = jobs.oldest_in_progress(tx)
            self._has_looked = True

    def expect(self, account: str) -> None:
        """Note that a worker that died may have begun the next job of an account."""
        self._begun[account] = _ANY_JOB

    def may_have_begun(self, job: jobs.Waiting) -> bool:
        """Whether a worker may have died at a job. Asked once for each job that starts."""
        return bool(self._begun) and self._begun.pop(job.account, None) in (job.job_id, _ANY_JOB)

    def are_too_many(self, job: jobs.Waiting) -> bool:
        """Whether workers have died or failed so often at a job that it does not start again."""
        return job.tries + DEATH_TRIES > MOST_TRIES

    def pause(self, job: jobs.Waiting) -> float:
        """Give the seconds to wait before a job starts. `may_have_begun` then holds once more.

        They are 0 where no death has been counted, and where this process has waited already.
        """
        if job.tries < DEATH_TRIES or job.job_id in self._waited:
            return 0.0
        self._waited.add(job.job_id)
        self._begun[job.account] = job.job_id
        return pause_seconds(job.tries)

    def forget(self, job_id: str) -> None:
        """Forget a job that has ended."""
        self._waited.discard(job_id)
