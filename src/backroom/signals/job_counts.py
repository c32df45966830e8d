"""Counts of jobs: a watcher of the workers of this process."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from backroom.catalog.kinds import JOB_KINDS
from backroom.jobs.lifecycle import Status
from backroom.signals.durations import Durations
from backroom.signals.families import JOB_BUCKETS
from backroom.store.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.jobs.watching import JobEnd
    from backroom.store.database import Transaction
    from backroom.store.jobs import Waiting

_UNKNOWN_TYPE = "unknown"


class JobCounts:
    """How many jobs have ended here, how their operations did, and how long all of it took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # A count that is there from the start shows its first increase, too.
        self._counts: Counter[tuple[str, tuple[tuple[str, str], ...]]] = Counter(
            dict.fromkeys(_zeros(), 0)
        )
        self._waits: dict[str, Durations] = {}
        self._seconds: dict[str, Durations] = {}

    def begins(self, _: Waiting, tx: Transaction) -> Transaction:
        return tx

    def ended(self, end: JobEnd) -> None:
        job, of = end.job, _label_of(end.waiting)
        with self._lock:
            self._counts["jobs_finished_total", (*of, ("status", str(job.status)))] += 1
            applied, failed = job.completed_count, job.failed_count
            self._counts["job_items_total", (*of, ("result", "applied"))] += applied
            self._counts["job_items_total", (*of, ("result", "failed"))] += failed
            for kept, seconds in ((self._waits, end.waited), (self._seconds, end.seconds)):
                kept.setdefault(of[0][1], Durations(JOB_BUCKETS)).add(seconds)

    def failed(self, waiting: Waiting) -> None:
        self._count("job_tries_failed_total", waiting)

    def set_aside(self, waiting: Waiting) -> None:
        self._count("jobs_set_aside_total", waiting)

    def _count(self, name: str, waiting: Waiting) -> None:
        with self._lock:
            self._counts[name, _label_of(waiting)] += 1

    def signals(self) -> list[Signal]:
        """Give all counts."""
        with self._lock:
            return [Signal(name, count, of) for (name, of), count in self._counts.items()]

    def durations(self) -> dict[str, dict[str, Durations]]:
        """Give how long jobs waited and took, by the name of the metric and the type."""
        return {
            "job_queue_latency_seconds": self._waits.copy(),
            "job_duration_seconds": self._seconds.copy(),
        }


def _zeros() -> Iterator[tuple[str, tuple[tuple[str, str], ...]]]:
    for type_ in JOB_KINDS:
        of = (("type", type_),)
        yield "jobs_finished_total", (*of, ("status", str(Status.COMPLETE)))
        yield "job_items_total", (*of, ("result", "applied"))
        yield "job_items_total", (*of, ("result", "failed"))
        yield "job_tries_failed_total", of
        yield "jobs_set_aside_total", of
    # A job of a newer version is set aside, and an alert must see the first one.
    yield "jobs_set_aside_total", (("type", _UNKNOWN_TYPE),)


def _label_of(waiting: Waiting) -> tuple[tuple[str, str], ...]:
    # A newer version may have accepted it.
    return (("type", waiting.type if waiting.type in JOB_KINDS else _UNKNOWN_TYPE),)
