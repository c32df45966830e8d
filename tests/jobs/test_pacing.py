"""Jobs whose pace a test has set, on both engines, step by step."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.drafts import encode
from backroom.jobs import submit
from backroom.jobs.lifecycle import Status
from backroom.jobs.next_job import NextJob
from backroom.jobs.pacing import Pacing
from backroom.testing.pace import ScriptedPace
from backroom.testing.wishes import read_wish
from support.factories import ACCOUNT, a_creation, a_kind_of_job, accepted, found, refusing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database
    from backroom.store.jobs import Job

ITEMS = a_kind_of_job("item", "create")


class Scripted:
    """A pace, and a worker's steps taken one by one."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.pacing = Pacing()
        self.pace = ScriptedPace(self.pacing, lambda _: None)

    def submitted(self, *names: str, **wish: Any) -> Job:
        self.pace.add(read_wish(wish))
        drafts = [a_creation("item", name) for name in names]
        new = self.pace.planned(
            submit.new_job(ACCOUNT, ITEMS, encode(drafts), len(drafts), Status.PROCESSING)
        )
        job = submit.stored_job(new, accepted(self.database, new))
        self.pace.accepted(new, job.job_id)
        return job

    def apply(self, **options: Any) -> bool:
        return NextJob(self.database, pacing=self.pacing, **options).apply(lambda _: ACCOUNT)


@pytest.fixture
def scripted(database: Database) -> Iterator[Scripted]:
    made = Scripted(database)
    yield made
    made.pace.stop()


def test_waiting_job_is_passed_over(scripted: Scripted) -> None:
    first, second = scripted.submitted("a", stay=True), scripted.submitted("b")
    assert scripted.apply()
    assert not scripted.apply()
    assert found(scripted.database, first).status == "processing"
    assert found(scripted.database, second).status == "complete"


def test_wishes_know_no_delay(scripted: Scripted) -> None:
    job = scripted.submitted("a")
    assert scripted.apply(delay=timedelta(hours=1))
    assert found(scripted.database, job).status == "complete"


def test_queued_job_begins_first(scripted: Scripted) -> None:
    job = scripted.submitted("a", queued=True, stay=True)
    assert found(scripted.database, job).status == "queued"
    scripted.pace.note_read(ACCOUNT, job.job_id)
    assert scripted.apply(show_queued=True)
    assert found(scripted.database, job).status == "processing"


def test_cancelled_job_applies_nothing(scripted: Scripted) -> None:
    job = scripted.submitted("a", cancelled=True)
    assert scripted.apply()
    ended = found(scripted.database, job)
    assert (ended.status, ended.completed_count, ended.failed_count) == ("cancelled", 0, 0)


def test_shown_counts_outlive_the_process(scripted: Scripted) -> None:
    job = scripted.submitted("a", "b", early_counts=True, fail=["b"])
    assert scripted.apply()
    early = found(scripted.database, job)
    assert (early.status, early.completed_count, early.failed_count) == ("processing", 1, 1)
    # The next process has no wishes.
    assert NextJob(scripted.database).apply(lambda _: ACCOUNT)
    late = found(scripted.database, job)
    assert (late.status, late.completed_count, late.failed_count) == ("complete", 1, 1)
    assert late.errors == early.errors
    assert '"$custom:::$default:::a"' in late.linkage


def test_wished_failures_stand_beside_real_ones(scripted: Scripted) -> None:
    job = scripted.submitted("a", "b", "c", fail=1)
    with refusing(scripted.database, "insert", "b"):
        assert scripted.apply()
    ended = found(scripted.database, job)
    assert (ended.status, ended.completed_count, ended.failed_count) == ("complete", 1, 2)


def test_unstored_job_gives_its_wish_back(scripted: Scripted) -> None:
    entry = scripted.pace.add(read_wish({"never": True}))
    new = scripted.pace.planned(submit.new_job(ACCOUNT, ITEMS, "[]", 0, Status.PROCESSING))
    assert entry.is_spent
    scripted.pace.accepted(new, None)
    assert not entry.is_spent


def test_unconfirmed_job_is_not_applied(scripted: Scripted) -> None:
    scripted.pace.add(read_wish({"never": True}))
    new = scripted.pace.planned(submit.new_job(ACCOUNT, ITEMS, "[]", 0, Status.PROCESSING))
    accepted(scripted.database, new)
    assert not scripted.apply()
    scripted.pace.accepted(new, new.job.job_id)
    assert not scripted.apply()
