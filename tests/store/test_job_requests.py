"""Complete jobs keep what was sent, the newest of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.store import job_requests, jobs
from support.factories import ACCOUNT, a_complete_job, a_creation, a_job, stored, written

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.jobs import Job

SECOND = timedelta(seconds=1)


def ended(database: Database, age: int, account: str = ACCOUNT, **members: object) -> Job:
    """A job that was created and completed so many seconds ago."""
    moment = clock.timestamp(clock.now() - SECOND * age)
    job = a_complete_job(SECOND * age, **({"completed_at": moment} | members))
    return stored(database, job, a_creation("item", "a"), account=account)


def kept_no_longer(database: Database, most: int, slice_size: int = 10) -> set[str]:
    with database.read() as tx:
        return {job_id for _, job_id in job_requests.no_longer_kept(tx, most, slice_size)}


def test_sent_operations_are_found(database: Database) -> None:
    job = stored(database, a_job(), a_creation("item", "a"))
    with database.read() as tx:
        assert '"external_id":"a"' in str(job_requests.sent_operations(tx, ACCOUNT, job.job_id))
        assert job_requests.sent_operations(tx, ACCOUNT, "another") is None


def test_complete_job_keeps_its_operations(database: Database) -> None:
    job = stored(database, a_job(), a_creation("item", "a"))
    done = job._replace(status="complete", completed_at="now")
    written(database, lambda tx: jobs.complete(tx, ACCOUNT, done))
    with database.read() as tx:
        assert job_requests.sent_operations(tx, ACCOUNT, job.job_id)


def test_operations_beyond_the_newest_go(database: Database) -> None:
    old, _, _ = (ended(database, age) for age in (30, 20, 10))
    stored(database, a_job(SECOND * 40), a_creation("item", "a"))
    assert kept_no_longer(database, 2) == {old.job_id}
    assert kept_no_longer(database, 3) == kept_no_longer(database, 9) == set()


def test_those_completed_last_are_newest(database: Database) -> None:
    late = ended(database, 30, completed_at=clock.timestamp(clock.now()))
    early = ended(database, 20)
    assert kept_no_longer(database, 1) == {early.job_id}
    assert late.job_id


def test_jobs_with_failures_stay_longer(database: Database) -> None:
    oldest = ended(database, 50, failed_count=1)
    ended(database, 40, account="other", failed_count=1)
    ended(database, 30, failed_count=1)
    sound, _, _ = (ended(database, age) for age in (20, 11, 10))
    assert kept_no_longer(database, 2) == {oldest.job_id, sound.job_id}


@pytest.mark.parametrize("slice_size", [1, 3])
def test_slices_hold_no_more(database: Database, slice_size: int) -> None:
    for age in range(3):
        ended(database, age)
    assert len(kept_no_longer(database, 0, slice_size)) == slice_size


def test_dropped_operations_are_gone(database: Database) -> None:
    dropped, kept = ended(database, 2), ended(database, 1, account="other")
    key = [(ACCOUNT, dropped.job_id)]
    written(database, lambda tx: job_requests.drop_operations(tx, key))
    with database.read() as tx:
        assert job_requests.sent_operations(tx, ACCOUNT, dropped.job_id) is None
        assert job_requests.sent_operations(tx, "other", kept.job_id) is not None


def test_expired_jobs_take_their_operations(database: Database) -> None:
    job = ended(database, 5)
    other = ended(database, 5, account="other")
    written(database, lambda tx: jobs.expire(tx, ACCOUNT, "8", 10))
    with database.read() as tx:
        assert job_requests.sent_operations(tx, ACCOUNT, job.job_id) is None
        assert job_requests.sent_operations(tx, "other", other.job_id) is not None
