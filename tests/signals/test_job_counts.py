"""Jobs are counted where they are applied, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.catalog.kinds import Verb
from backroom.jobs.next_job import NextJob
from backroom.signals.job_counts import JobCounts
from backroom.store.jobs import Waiting
from support.factories import ACCOUNT, a_creation, a_job, done, stored

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_operations_are_counted_by_their_result(database: Database) -> None:
    counts, next_job = JobCounts(), NextJob(database)
    next_job.watch.add(counts)
    done(database, Verb.CREATE, "item", a_creation("item", "a"))
    job = stored(database, a_job(), a_creation("item", "a"), a_creation("item", "b"))
    assert next_job.apply(lambda _: ACCOUNT)
    of = ("type", job.type)
    found = {(each.name, each.labels): each.value for each in counts.signals() if each.value}
    assert found == {
        ("jobs_finished_total", (of, ("status", "complete"))): 1,
        ("job_items_total", (of, ("result", "applied"))): 1,
        ("job_items_total", (of, ("result", "failed"))): 1,
    }
    for by_type in counts.durations().values():
        assert sum(by_type[job.type].counts) == 1


def test_types_of_newer_versions_share_a_label() -> None:
    counts = JobCounts()
    for each in ("one", "two"):
        counts.set_aside(Waiting(ACCOUNT, "1", each, "processing", "", 1, 0))
    (counted,) = [each for each in counts.signals() if each.value]
    assert (counted.value, counted.labels) == (2, (("type", "unknown"),))


def test_unknown_types_begin_at_zero() -> None:
    found = {(each.name, each.labels): each.value for each in JobCounts().signals()}
    assert found["jobs_set_aside_total", (("type", "unknown"),)] == 0
