from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backroom import clock
from backroom.dashboard.applied import AppliedLately
from support.factories import a_job, stored, written

if TYPE_CHECKING:
    from backroom.store.database import Database

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def completed(database: Database, at: datetime, operations: int) -> None:
    job = a_job(age=timedelta(seconds=operations))
    stored(database, job)
    moment = clock.timestamp(at)
    written(
        database,
        lambda tx: tx.run(
            "update jobs set completed_at = :at, total_count = :count where job_id = :id",
            at=moment,
            count=operations,
            id=job.job_id,
        ),
    )


def counted(applied: AppliedLately, database: Database, now: datetime) -> list[int]:
    with database.read() as tx:
        return applied.by_slice(tx, now, 5)


def test_operations_stand_in_their_slice(database: Database) -> None:
    completed(database, NOON - timedelta(seconds=3), 40)
    completed(database, NOON - timedelta(seconds=4), 2)
    assert counted(AppliedLately(), database, NOON) == [0, 0, 0, 42, 0]


def test_later_jobs_are_added(database: Database) -> None:
    applied = AppliedLately()
    assert sum(counted(applied, database, NOON)) == 0
    # It is committed after the look that its time belongs to.
    completed(database, NOON - timedelta(seconds=1), 7)
    assert counted(applied, database, NOON + timedelta(seconds=2)) == [0, 0, 0, 7, 0]
    assert counted(applied, database, NOON + timedelta(seconds=2)) == [0, 0, 0, 7, 0]


def test_old_jobs_fall_out(database: Database) -> None:
    applied = AppliedLately()
    completed(database, NOON - timedelta(seconds=1), 7)
    assert sum(counted(applied, database, NOON)) == 7
    assert sum(counted(applied, database, NOON + timedelta(hours=1))) == 0


def test_clock_may_be_set_back(database: Database) -> None:
    applied = AppliedLately()
    completed(database, NOON - timedelta(seconds=1), 7)
    counted(applied, database, NOON + timedelta(hours=1))
    assert sum(counted(applied, database, NOON)) == 7
