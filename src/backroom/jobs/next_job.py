"""An account's next job, applied: the same for the embedded worker and for workers on machines.

What happens, all in one transaction, so that a crash at any point leaves the job as it was:

1. Choose the account. The embedded worker chooses here, among all that have work; a worker on a
   shared database has been given one.
2. Take the account's lock. On PostgreSQL a worker that was presumed dead may still be running: the
   second one waits here, and when it goes on it finds the first one's job complete, and takes the
   job after it.
3. Read the account's oldest job that is not complete.
4. Apply it (`jobs/apply.py`), which writes rows, counts and the status `complete`.

If clients must see jobs queued first, a transaction before these moves the job from `queued` to
`processing`. A crash between the two leaves it `processing`, which is applied all the same.

No job may keep the later ones of its account waiting for ever. If the server fails at a job for a
reason of its own, the transaction is undone, and this module does in order:

1. Apply the job once more, one operation after the other. Those at which the server fails, fail.
2. If the job as such can't be applied: count the try, in the store, and have the account pause.
   Each pause is twice as long as the one before.
3. After `MOST_TRIES` of these: apply what can be applied. An operation that ends the transaction
   each time is left out, and fails. If even that try fails, all operations fail.
4. If the database refuses what 2 and 3 write, again and again where that might be an outage: set
   the job aside (`set_aside.py`), and go on with the next one of the account.

A database that is away is no try: then nothing is known of the job, and it waits. But an error that
usually means so may also come of the one job. So the database counts as away only if it does not
take the count either. The count takes as much room as the job needs in the tables that jobs change.

A job may also end the process each time it is applied: `deaths.py` has the rules for that.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from backroom import events
from backroom.catalog.kinds import JOB_KINDS
from backroom.jobs.apply import Care, Ending, apply, apply_apart, cancel, give_up
from backroom.jobs.deaths import Deaths
from backroom.jobs.keeping import Keeping
from backroom.jobs.lifecycle import DEATH_TRIES, MOST_TRIES, Status, pause_seconds
from backroom.jobs.pacing import Pacing, Step
from backroom.jobs.set_aside import UnknownType
from backroom.jobs.turns import Turns
from backroom.jobs.watching import Watch
from backroom.store import jobs, readiness
from backroom.store.database import StoreUnavailable, WriteRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction

    Choose = Callable[[Transaction], str | None]

log = logging.getLogger(__name__)

STEPS = ("begun", "claimed", "operations_read", "rows_written", "progress_written", "committed")
"""The steps of applying a job, in order. `begun` is only there where jobs are shown as queued."""
_ENDS_EACH_TIME = 2
"""So often a transaction has ended at an operation before that is left out."""
_CARE_SECONDS = 150.0
"""How long operations are tried one by one. A statement may take a minute until it is cancelled."""


class NotApplied(Exception):
    """A job could not be applied. Its account pauses for `pause` seconds."""

    def __init__(self, pause: float) -> None:
        super().__init__(f"a job could not be applied; the next try is in {pause:g} seconds")
        self.pause = pause


def unwatched(_: str) -> None:
    """Do nothing at a step."""


class NextJob:
    """Applies jobs, one at a time.

    A job starts `delay` after its creation at the earliest. `show_queued` says that jobs begin
    `queued`, and must be seen as `processing` before they are `complete`. `pacing` is where a test
    hangs the pace of jobs, `keeping` says which keep their operations. `on_step` is called with the
    name of each step; what it raises undoes the transaction.
    """

    def __init__(
        self,
        database: Database,
        *,
        delay: timedelta = timedelta(0),
        show_queued: bool = False,
        pacing: Pacing | None = None,
        keeping: Keeping | None = None,
        on_step: Callable[[str], None] = unwatched,
    ) -> None:
        self._database = database
        self.watch = Watch()
        self.turns = Turns(delay, pacing or Pacing())
        self.keeping = keeping or Keeping()
        self._show_queued = show_queued
        self._on_step = on_step
        self.deaths = Deaths()
        self._counted: dict[str, int] = {}
        """The tries of each job before the present one, which was counted before it began."""
        self._refused: Counter[str] = Counter()
        """How often the end of a job was refused, though the database was there afterwards."""

    def apply(self, choose: Choose) -> bool:
        """Apply the oldest due job of the account that `choose` gives. False where there is none.

        `choose` is called in the transaction that applies the job, and again where that is retried.
        Raises `NotApplied` where the server failed at the job, which will be tried again, and
        `StoreUnavailable` where the database can't be reached.
        """
        claimed: list[jobs.Waiting] = []
        try:
            applied = self._begun_and_applied(choose, claimed)
        except NotApplied:
            raise
        except UnknownType as error:
            raise self._set_aside(claimed[0], error) from error
        except WriteRefused as error:
            # It may be the database, or this job alone: that is not known yet.
            applied = self._count_try(claimed, error)
        except StoreUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - what it means for the job is decided there
            applied = self._apply_apart(claimed, error)
        if applied:
            if claimed:
                self.turns.aside.forget(claimed[0].job_id)
                self.deaths.forget(claimed[0].job_id)
                self._counted.pop(claimed[0].job_id, None)
                self._refused.pop(claimed[0].job_id, None)
            self._on_step("committed")
            if claimed:
                self.watch.committed(claimed[0])
            if claimed and self.turns.pacing.pace is not None:
                self.turns.pacing.pace.took(claimed[0], self.turns.step_of(claimed[0]))
        return applied

    def _begun_and_applied(self, choose: Choose, claimed: list[jobs.Waiting]) -> bool:
        if self._show_queued:
            begun = self._database.write(lambda tx: self._begin(tx, choose, claimed)).result()
            if begun is not None:
                self._on_step("begun")
                # A second choice could be another account, whose job was never seen processing.
                choose = _chosen(begun)
        applied = self._database.write(lambda tx: self._apply_in(tx, choose, claimed)).result()
        if applied is None:
            (job,) = claimed
            if self.deaths.are_too_many(job):
                log.error(events.JOB_DEADLY, job.job_id, job.account)
                return self._give_up(job, None)
            if pause := self.deaths.pause(job):
                log.warning(events.JOB_WAITS_AFTER_DEATH, job.job_id, job.account, pause)
                raise NotApplied(pause)
            self._count_before(job)
            choose = _chosen(job.account)
            applied = self._database.write(lambda tx: self._apply_in(tx, choose, claimed)).result()
        return bool(applied)

    def _count_before(self, job: jobs.Waiting) -> None:
        """Count a try before it starts, as the process may die at it."""

        def count(tx: Transaction) -> None:
            waiting = self._claim(tx, _chosen(job.account), [])
            if waiting == job:
                jobs.note_tries(tx, job, job.tries + DEATH_TRIES)

        try:
            self._database.write(count).result()
        except Exception as error:
            raise self._set_aside(job, error) from error
        self._counted[job.job_id] = job.tries

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
        waiting = self.turns.first_waiting(tx, account)
        claimed[:] = [waiting] if waiting is not None else []
        if waiting is not None and waiting.type not in JOB_KINDS:
            raise UnknownType(waiting.type)
        return waiting

    def _ending(self, waiting: jobs.Waiting) -> Ending:
        pace, keeps = self.turns.pacing.pace, self.keeping.most > 0
        if pace is None:
            return Ending(keeps=keeps)
        counts_only = self.turns.step_of(waiting) is Step.COUNT
        return Ending(partial(pace.failing, waiting), counts_only, keeps)

    def _begin(self, tx: Transaction, choose: Choose, claimed: list[jobs.Waiting]) -> str | None:
        """Move the next job to `processing`, where it is `queued`; give its account."""
        waiting = self._claim(tx, choose, claimed)
        if waiting is None:
            return None
        if self.turns.step_of(waiting) is Step.USUAL:
            jobs.begin(tx, waiting.account, waiting.job_id, Status.QUEUED, Status.PROCESSING)
        return waiting.account

    def _apply_in(
        self, tx: Transaction, choose: Choose, claimed: list[jobs.Waiting]
    ) -> bool | None:
        """Apply the next job. None, and nothing done, where a try must be counted before."""
        waiting = self._claim(tx, choose, claimed)
        if waiting is None:
            return False
        if self.deaths.may_have_begun(waiting):
            return None
        self._on_step("claimed")
        step = self.turns.step_of(waiting)
        if step is Step.BEGIN:
            jobs.begin(tx, waiting.account, waiting.job_id, Status.QUEUED, Status.PROCESSING)
            return True
        with self.watch.applying(waiting, tx) as watched:
            if step is Step.CANCEL:
                ended = cancel(watched, waiting)
            else:
                ended = apply(watched, waiting, self._on_step, self._ending(waiting))
        if step is not Step.COUNT:
            self.watch.ends(ended)
        return True

    def _apply_apart(self, claimed: list[jobs.Waiting], error: Exception) -> bool:
        """Apply the job at which the server has failed, so that each operation fails alone."""
        if not claimed:
            raise error
        try:
            return self._applied_apart(claimed[0], None)
        except WriteRefused as refused:
            return self._count_try(claimed, refused)
        except StoreUnavailable:
            raise
        except Exception as again:  # noqa: BLE001 - it is logged when the tries are used up
            return self._count_try(claimed, again)

    def _applied_apart(self, job: jobs.Waiting, care: Care | None) -> bool:
        """Apply a job's operations one by one, unless the job was completed meanwhile."""

        def work(tx: Transaction) -> list[BaseException | None]:
            waiting = self._claim(tx, _chosen(job.account), [])
            if waiting is None or waiting.job_id != job.job_id:
                return []
            self._on_step("claimed")
            ending = self._ending(waiting)
            with self.watch.applying(waiting, tx) as watched:
                ended, causes = apply_apart(watched, waiting, self._on_step, care, ending)
            if not ending.counts_only:
                self.watch.ends(ended)
            return causes

        causes = self._database.write(work).result()
        if causes:
            log.error(
                events.JOB_OPERATIONS_FAILED,
                len(causes),
                job.job_id,
                job.account,
                exc_info=causes[0],
            )
        return True

    def _count_try(self, claimed: list[jobs.Waiting], error: Exception) -> bool:
        """Count one more try of a job, or see to its end. Raises `NotApplied` if there is another.

        That the count can be written shows that the database is there, for others than this job.
        """
        if not claimed:
            raise error
        (job,) = claimed
        try:
            tries = self._database.write(lambda tx: self._tried(tx, job, error)).result()
        except Exception as again:
            raise self._set_aside(job, again) from again
        self._counted.pop(job.job_id, None)
        self.watch.failed(job)
        if tries is None:
            return True
        if tries < MOST_TRIES:
            pause = pause_seconds(tries)
            log.warning(events.JOB_TRIED_AGAIN, job.job_id, job.account, pause, error)
            raise NotApplied(pause) from error
        return self._end(job, error)

    def _tried(self, tx: Transaction, job: jobs.Waiting, error: Exception) -> int | None:
        """Note a try that has failed. Gives the job's tries, None where it is done."""
        waiting = self._claim(tx, _chosen(job.account), [])
        if waiting is None or waiting.job_id != job.job_id:
            return None
        tries = self._counted.get(job.job_id, waiting.tries) + 1
        if isinstance(error, WriteRefused):
            readiness.prove_writable(tx, waiting)
        if tries < MOST_TRIES:
            jobs.note_tries(tx, waiting, tries)
        return tries

    def _end(self, job: jobs.Waiting, error: Exception) -> bool:
        """Complete a job after its last try, with as many operations as can be applied."""
        try:
            return self._apply_with_care(job)
        except WriteRefused:
            pass
        except StoreUnavailable:
            raise
        except Exception as again:  # noqa: BLE001 - the job is given up, and says why
            error = again
        return self._give_up(job, error)

    def _apply_with_care(self, job: jobs.Waiting) -> bool:
        """Apply a job's operations apart, without those at which the transaction ends each time."""
        ends: Counter[int] = Counter()
        until = time.monotonic() + _CARE_SECONDS
        while True:
            skipped = {place for place, times in ends.items() if times >= _ENDS_EACH_TIME}
            care = Care(until, skipped)
            try:
                return self._applied_apart(job, care)
            except Exception as error:
                if care.under_way is None:
                    raise
                ends[care.under_way] += 1
                if isinstance(error, StoreUnavailable):
                    self._database.write(lambda tx: readiness.prove_writable(tx, job)).result()

    def _give_up(self, job: jobs.Waiting, error: Exception | None) -> bool:
        """Complete a job with all its operations failed."""

        def work(tx: Transaction) -> None:
            waiting = self._claim(tx, _chosen(job.account), [])
            if waiting is not None and waiting.job_id == job.job_id:
                with self.watch.applying(waiting, tx) as watched:
                    self.watch.ends(give_up(watched, waiting))

        try:
            self._database.write(work).result()
        except Exception as again:
            raise self._set_aside(job, again) from again
        self.turns.aside.forget(job.job_id)
        log.error(events.JOB_GIVEN_UP, job.job_id, job.account, exc_info=error)
        return True

    def _set_aside(self, job: jobs.Waiting, error: Exception) -> NotApplied:
        """Leave a job alone for a while, so that the next one goes on, and give what to raise.

        Raises the error where it may mean an outage: a connection that is cut is there again at
        once, and to set the job aside for that would change the order of jobs.
        """
        if isinstance(error, WriteRefused):
            self._database.write(lambda tx: readiness.prove_writable(tx, job)).result()
            self._refused[job.job_id] += 1
            if self._refused[job.job_id] < MOST_TRIES:
                raise error
        elif isinstance(error, StoreUnavailable):
            raise error
        self.watch.set_aside(job)
        log.error(
            events.JOB_SET_ASIDE,
            job.job_id,
            job.account,
            self.turns.aside.put(job.job_id),
            error if isinstance(error, UnknownType) else repr(error),
        )
        return NotApplied(0.0)


def _chosen(account: str) -> Choose:
    return lambda _: account
