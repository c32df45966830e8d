"""A job that waits is cancelled, or applied: never a part of both."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from backroom.jobs.cancelling import cancel_waiting
from backroom.jobs.next_job import NextJob
from backroom.store import jobs
from support.factories import (
    ACCOUNT,
    DEADLINE,
    a_creation,
    a_kind_of_job,
    found,
    submitted,
    written,
)

if TYPE_CHECKING:
    from backroom.store.database import Database

ITEMS = a_kind_of_job("item", "create")


def cancelled(database: Database, job_id: str) -> bool:
    return written(database, lambda tx: cancel_waiting(tx, ACCOUNT, job_id))


def test_waiting_job_is_cancelled(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    assert cancelled(database, job.job_id)
    ended = found(database, job)
    assert (ended.status, ended.completed_count, ended.failed_count) == ("cancelled", 0, 0)
    assert ended.completed_at is not None
    assert not NextJob(database).apply(lambda _: ACCOUNT)
    with database.read() as tx:
        assert jobs.standing(tx, ACCOUNT)[0] == 0


def test_ended_job_stays_as_it_is(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    NextJob(database).apply(lambda _: ACCOUNT)
    assert not cancelled(database, job.job_id)
    assert found(database, job).status == "complete"
    assert not cancelled(database, "no job")


def test_job_that_is_being_applied_completes(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    outcome: list[bool] = []
    asking = threading.Thread(target=lambda: outcome.append(cancelled(database, job.job_id)))

    def ask(step: str) -> None:
        if step == "rows_written":
            asking.start()

    NextJob(database, on_step=ask).apply(lambda _: ACCOUNT)
    asking.join(DEADLINE)
    assert outcome == [False]
    assert found(database, job).completed_count == 1


def test_later_jobs_go_on(database: Database) -> None:
    first, second = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    assert cancelled(database, first.job_id)
    assert NextJob(database).apply(lambda _: ACCOUNT)
    assert found(database, second).completed_count == 1
