from __future__ import annotations

from datetime import timedelta

from hypothesis import given

from backroom import clock
from backroom.catalog import operations
from backroom.jobs import lifecycle
from backroom.jobs.lifecycle import Status
from backroom.revisions import NEWEST
from support.strategies import moments, thorough
from support.wire_contract import CONTRACT, KINDS, listing

MILLISECOND = timedelta(milliseconds=1)


def test_statuses_are_the_published_ones() -> None:
    published = listing(NEWEST, KINDS[0]).filters["status"]["enum"]
    assert sorted(Status) == sorted(published)


def test_limits_are_the_published_ones() -> None:
    newest = CONTRACT["revisions"][NEWEST]["limits"]
    stated = (operations.MOST_OPERATIONS, lifecycle.MOST_IN_PROGRESS)
    assert stated == (newest["bulk_max_resources"], newest["jobs_in_progress_max"])


@given(moments)
@thorough(50)
def test_jobs_expire_after_a_week(moment: object) -> None:
    assert lifecycle.expires_at(moment) == moment + timedelta(days=7)  # type: ignore[arg-type, operator]


def test_expired_ids_lie_below() -> None:
    now = clock.now()
    border = lifecycle.least_id(now)
    assert clock.least_ulid(now - lifecycle.LIFETIME - MILLISECOND) < border
    assert clock.least_ulid(now - lifecycle.LIFETIME + MILLISECOND) > border
    assert clock.least_ulid(now) > border
