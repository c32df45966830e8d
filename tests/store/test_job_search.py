"""Jobs are found by what somebody remembers of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backroom.store import job_search
from backroom.store.job_search import JobFilter, JobPlace, JobsFound, find_jobs
from support.factories import ACCOUNT, a_complete_job, a_job, stored

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.jobs import Job

HOUR = timedelta(hours=1)
CREATES = "catalog-item-bulk-create-job"
DELETES = "catalog-item-bulk-delete-job"
ERRORS = '[{"detail":"The \\"price\\" of Größe is WRONG"}]'


def found(database: Database, border: JobPlace | None = None, **asked: Any) -> JobsFound:
    given = {name: asked.pop(name) for name in ("ascending", "size") if name in asked}
    with database.read() as tx:
        return find_jobs(tx, JobFilter(**asked), border, **given)


def names(listed: JobsFound) -> list[str]:
    return [each.job_id for each in listed.jobs]


@pytest.fixture
def some(database: Database) -> dict[str, Job]:
    """Jobs an hour apart."""
    failing = {"failed_count": 1, "errors": ERRORS}
    return {
        "old": stored(database, a_complete_job(HOUR * 5)),
        "failed": stored(database, a_complete_job(HOUR * 4, **failing)),
        "others": stored(database, a_complete_job(HOUR * 3, **failing), account="other"),
        "deletes": stored(database, a_complete_job(HOUR * 2, type=DELETES)),
        "waiting": stored(database, a_job(HOUR)),
        "off": stored(database, a_complete_job(HOUR * 6, status="cancelled")),
    }


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "waiting deletes others failed old off"),
        ({"account": ACCOUNT}, "waiting deletes failed old off"),
        ({"types": (DELETES,)}, "deletes"),
        ({"types": (DELETES, CREATES)}, "waiting deletes others failed old off"),
        ({"account": ACCOUNT, "types": (CREATES,)}, "waiting failed old off"),
        ({"account": ACCOUNT, "types": (CREATES,), "status": "complete"}, "failed old"),
        ({"status": "processing"}, "waiting"),
        ({"account": "other", "status": "processing"}, ""),
        ({"status": "complete"}, "deletes others failed old"),
        ({"status": "cancelled"}, "off"),
        ({"status": "cancelled", "account": "other"}, ""),
        ({"with_failures": True}, "others failed"),
        ({"with_failures": True, "account": ACCOUNT}, "failed"),
        ({"text": "wrong"}, "others failed"),
        ({"text": 'the "price" of'}, "others failed"),
        ({"text": "Größe"}, "others failed"),
        ({"text": "wrong", "account": "other"}, "others"),
        ({"text": "right"}, ""),
    ],
)
def test_filters_narrow(
    database: Database, some: dict[str, Job], asked: dict[str, Any], expected: str
) -> None:
    listed = found(database, **asked)
    assert names(listed) == [some[each].job_id for each in expected.split()]
    assert listed.is_last


def test_ids_bound_the_time(database: Database, some: dict[str, Job]) -> None:
    bounds: dict[str, Any] = {"least": some["failed"].job_id, "beyond": some["deletes"].job_id}
    expected = [some["others"].job_id, some["failed"].job_id]
    assert names(found(database, **bounds)) == expected
    older = found(database, JobPlace(some["others"].job_id, "other"), **bounds)
    assert names(older) == expected[1:]


@pytest.mark.parametrize("asked", [{}, {"account": ACCOUNT}, {"status": "complete"}])
def test_pages_follow_each_other(
    database: Database, some: dict[str, Job], asked: dict[str, Any]
) -> None:
    whole = names(found(database, **asked))
    first = found(database, size=2, **asked)
    assert (names(first), first.is_last) == (whole[:2], False)
    second = found(database, first.jobs[-1].place, size=2, **asked)
    assert names(second) == whole[2:4]
    back = found(database, second.jobs[0].place, ascending=True, size=2, **asked)
    assert (names(back), back.is_last) == (whole[:2], True)
    assert some


def test_same_id_in_two_accounts_is_found_twice(database: Database) -> None:
    job = stored(database, a_job())
    stored(database, job, account="other")
    first = found(database, size=1)
    assert [each.account for each in first.jobs] == [ACCOUNT]
    second = found(database, first.jobs[0].place, size=1)
    assert [each.account for each in second.jobs] == ["other"]


def test_look_ends_and_goes_on(
    database: Database, some: dict[str, Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_search, "MOST_LOOKED_AT", 2)
    listed = found(database, types=(DELETES, "other"))
    assert (names(listed), listed.is_last) == ([some["deletes"].job_id], False)
    assert listed.looked_until == JobPlace(some["deletes"].job_id, ACCOUNT)
    further = found(database, listed.looked_until, types=(DELETES, "other"))
    assert names(further) == []
    assert further.looked_until == JobPlace(some["failed"].job_id, ACCOUNT)
    further = found(database, further.looked_until, types=(DELETES, "other"))
    last = found(database, further.looked_until, types=(DELETES, "other"))
    assert (last.is_last, last.looked_until) == (True, None)


def test_single_jobs_are_found(database: Database, some: dict[str, Job]) -> None:
    with database.read() as tx:
        assert job_search.find_job(tx, ACCOUNT, some["failed"].job_id) == some["failed"]
        assert job_search.find_job(tx, "other", some["failed"].job_id) is None
        waiting = some["waiting"].job_id
        assert job_search.oldest_in_progress_of(tx, ACCOUNT) == waiting
        assert job_search.oldest_in_progress_of(tx, "other") is None
        assert job_search.jobs_before(tx, ACCOUNT, "8") == 1
        assert job_search.jobs_before(tx, ACCOUNT, waiting) == 0
