from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom.catalog.drafts import Draft, encode
from backroom.errors import Throttled
from backroom.jobs.lifecycle import MOST_IN_PROGRESS, Status
from backroom.jobs.submit import new_job
from backroom.store import jobs
from support.factories import (
    ACCOUNT,
    DEADLINE,
    a_complete_job,
    a_creation,
    a_deletion,
    a_job,
    a_kind_of_job,
    all_stored,
    found,
    stored,
    submitted,
)

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

ITEMS = a_kind_of_job("item", "create")
ULID_LETTERS = 26
A_CHANCE = 0.3
"""Seconds."""


def fill(database: Database, count: int, account: str = ACCOUNT) -> None:
    all_stored(database, (a_job(timedelta(seconds=n)) for n in range(count)), account)


def test_submitted_job_is_stored(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"), a_creation("item", "b"))
    assert found(database, job) == job
    assert (job.type, job.status, job.total_count) == (ITEMS.type, "processing", 2)
    assert (job.completed_count, job.failed_count, job.completed_at) == (0, 0, None)
    assert (job.errors, job.linkage) == ("[]", "[]")


def test_job_may_be_born_queued(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"), status=Status.QUEUED)
    assert found(database, job).status == "queued"


def test_job_expires_after_a_week(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    created, expires = (datetime.fromisoformat(t) for t in (job.created_at, job.expires_at))
    assert expires - created == timedelta(days=7)


def test_ids_follow_the_order(database: Database) -> None:
    ids = [submitted(database, ITEMS, a_creation("item", "a")).job_id for _ in range(20)]
    assert ids == sorted(set(ids))


def test_ids_follow_a_clock_ahead(database: Database) -> None:
    ahead = stored(database, a_job(-timedelta(hours=1)))
    ids = [submitted(database, ITEMS, a_creation("item", "a")).job_id for _ in range(3)]
    assert [ahead.job_id, *ids] == sorted({ahead.job_id, *ids})


@pytest.mark.parametrize(
    ("latest", "following"),
    [
        ("7GREATEST000000000", "7GREATEST000000001"),
        ("7GREATEST00000HAZZ", "7GREATEST00000HB00"),
        ("7GREATEST000000009", "7GREATEST00000000A"),
        ("7GREATEST00000000H", "7GREATEST00000000J"),
    ],
)
def test_id_follows_the_latest_closely(database: Database, latest: str, following: str) -> None:
    stored(database, a_job()._replace(job_id=f"{latest}ZZZZZZZZ"))
    job = submitted(database, ITEMS, a_creation("item", "a"))
    assert job.job_id.startswith(following)
    assert len(job.job_id) == ULID_LETTERS
    assert found(database, job) == job


def test_operations_wait_as_sent(database: Database) -> None:
    drafts = [a_creation("item", "ä", {"categories": ["b"]}, price=None), a_deletion("b")]
    job = submitted(database, ITEMS, *drafts)
    with database.read() as tx:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
    assert waiting is not None
    assert waiting.job_id == job.job_id
    assert msgspec.json.decode(waiting.operations, type=list[Draft]) == drafts


def test_encoding_leaves_out_defaults() -> None:
    assert encode([a_deletion("a")]) == '[{"id":"$custom:::$default:::a"}]'


def test_500_jobs_may_be_in_progress(database: Database) -> None:
    fill(database, MOST_IN_PROGRESS - 1)
    submitted(database, ITEMS, a_creation("item", "a"))
    with pytest.raises(Throttled) as caught:
        submitted(database, ITEMS, a_creation("item", "b"))
    assert caught.value.retry_after == 1
    assert caught.value.detail == (
        "The maximum number of jobs in progress at one time is 500. Expected available in 1 second."
    )


def test_refused_job_is_not_stored(database: Database) -> None:
    fill(database, MOST_IN_PROGRESS)
    with pytest.raises(Throttled):
        submitted(database, ITEMS, a_creation("item", "a"))
    with database.read() as tx:
        assert jobs.standing(tx, ACCOUNT)[0] == MOST_IN_PROGRESS


def test_others_jobs_do_not_count(database: Database) -> None:
    fill(database, MOST_IN_PROGRESS, "other")
    stored(database, a_complete_job())
    assert submitted(database, ITEMS, a_creation("item", "a"))


def test_nobody_slips_past_the_most(database: Database) -> None:
    fill(database, MOST_IN_PROGRESS - 5)

    def post(_: int) -> bool:
        try:
            submitted(database, ITEMS, a_creation("item", "a"))
        except Throttled:
            return False
        return True

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(post, range(40))) == 5


def oldest(database: Database) -> str:
    with database.read() as tx:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
    assert waiting is not None
    return waiting.job_id


@pytest.mark.slow
def test_no_older_job_comes_later(database: Database) -> None:
    """Whoever sees the oldest job may apply it: no other is still to be committed before it."""
    first_has_its_id, second_is_seen = threading.Event(), threading.Event()

    def submit_slowly(tx: Transaction) -> None:
        new = new_job(ACCOUNT, ITEMS, encode([]), 0, Status.PROCESSING)
        jobs.accept(tx, new, MOST_IN_PROGRESS)
        first_has_its_id.set()
        # The second has every chance to come before.
        second_is_seen.wait(A_CHANCE)

    first = database.write(submit_slowly)
    assert first_has_its_id.wait(DEADLINE)
    submitted(database, ITEMS, a_creation("item", "a"))
    seen = oldest(database)
    second_is_seen.set()
    first.result(DEADLINE)
    assert oldest(database) == seen
