"""The one hook of the workers: who watches jobs being applied, and what a watcher is shown.

`NextJob` calls a `JobWatcher` in the threads that apply jobs, after the commit. It has none where
nobody watches.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple, Protocol

from backroom import clock, events

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Transaction
    from backroom.store.jobs import Job, Waiting


class JobEnd(NamedTuple):
    """A job that has come to its end, which is on disk.

    `waited` is for how many seconds it waited after its creation, by the clock of this process.
    `began` is when it was claimed, by the system's clock, and `seconds` how long it took from there
    to the commit.
    """

    waiting: Waiting
    job: Job
    waited: float
    began: float
    seconds: float


class JobWatcher(Protocol):
    """Watches all jobs of this process. Its methods are quick, and raise nothing.

    Any thread may call them.
    """

    def begins(self, waiting: Waiting, tx: Transaction) -> Transaction:
        """Give the transaction in which a job is applied: the same, or one that is watched too."""

    def ended(self, end: JobEnd) -> None:
        """Take note of a job that has come to its end."""

    def failed(self, waiting: Waiting) -> None:
        """Take note of a try of a job that has failed by a fault of the server."""

    def set_aside(self, waiting: Waiting) -> None:
        """Take note of a job that is left alone for a while."""


class Begun(NamedTuple):
    """When a job was claimed, by the system's clock and by the one that measures."""

    waited: float
    epoch: float
    measured: float


_MOST_BEGUN = 1000
"""Jobs that have begun here and ended elsewhere are forgotten beyond that number."""


class Watch:
    """What is known of the jobs that this process applies, and who is shown how they end."""

    def __init__(self) -> None:
        self._watchers: tuple[JobWatcher, ...] = ()
        self._begun: dict[str, Begun] = {}
        self._ends: dict[str, Job] = {}

    def add(self, watcher: JobWatcher) -> None:
        """Have one more watcher watch jobs from now on."""
        self._watchers += (watcher,)

    @contextmanager
    def applying(self, waiting: Waiting, tx: Transaction) -> Iterator[Transaction]:
        """Note that a job begins, and give the transaction as its watchers want it.

        Lines that are logged in the block name the job.
        """
        if len(self._begun) > _MOST_BEGUN:
            self._begun.clear()
        self._begun[waiting.job_id] = _begun_now(waiting)
        for each in self._watchers:
            tx = each.begins(waiting, tx)
        with events.about(("job_id", waiting.job_id), ("account", waiting.account)):
            yield tx

    def ends(self, job: Job) -> None:
        """Note how a job will have ended once its transaction is on disk."""
        self._ends[job.job_id] = job

    def committed(self, waiting: Waiting) -> None:
        """Show how a job has ended, if it has, and if it did so here."""
        began = self._begun.pop(waiting.job_id, None)
        job = self._ends.pop(waiting.job_id, None)
        if began is None or job is None:
            return
        end = JobEnd(waiting, job, began.waited, began.epoch, time.perf_counter() - began.measured)
        for each in self._watchers:
            each.ended(end)

    def failed(self, waiting: Waiting) -> None:
        """Show that a try of a job has failed."""
        for each in self._watchers:
            each.failed(waiting)

    def set_aside(self, waiting: Waiting) -> None:
        """Show that a job is left alone."""
        for each in self._watchers:
            each.set_aside(waiting)


def _begun_now(waiting: Waiting) -> Begun:
    waited = (clock.now() - clock.ulid_moment(waiting.job_id)).total_seconds()
    return Begun(max(0.0, waited), clock.epoch(), time.perf_counter())
