from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backroom.store import activity
from backroom.store.activity import Size
from support.factories import a_complete_job, a_job, stored

if TYPE_CHECKING:
    import pytest

    from backroom.store.database import Database

MINUTE = timedelta(minutes=1)


def test_nothing_happens_at_first(database: Database) -> None:
    with database.read() as tx:
        assert activity.jobs_in_progress(tx) == ({}, True, None)
        assert activity.newest_failed(tx, 5) == []
        assert [each.rows for each in activity.catalog_sizes(tx)] == [0, 0, 0]


def test_work_is_counted_by_status(database: Database) -> None:
    oldest = stored(database, a_job(age=2 * MINUTE))
    stored(database, a_job(age=MINUTE), account="another")
    stored(database, a_job(age=MINUTE / 2, status="queued"))
    stored(database, a_complete_job())
    with database.read() as tx:
        found = activity.jobs_in_progress(tx)
    assert found.by_status == {"processing": 2, "queued": 1}
    assert found.oldest == oldest.created_at


def test_work_is_counted_up_to_a_number(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "MOST_COUNTED_JOBS", 2)
    for place in range(3):
        stored(database, a_job(age=place * MINUTE))
    with database.read() as tx:
        found = activity.jobs_in_progress(tx)
    assert (found.by_status, found.is_all) == ({"processing": 2}, False)


def test_failures_come_newest_first(database: Database) -> None:
    older = stored(database, a_complete_job(age=MINUTE, failed_count=1))
    stored(database, a_complete_job())
    newer = stored(database, a_complete_job(failed_count=2), account="another")
    with database.read() as tx:
        found = activity.newest_failed(tx, 5)
        assert [each.job_id for each in found] == [newer.job_id, older.job_id]
        assert activity.newest_failed(tx, 1) == found[:1]


def test_sizes_are_estimated_beyond_a_number(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity, "MOST_COUNTED_ROWS", 1)
    with database.read() as tx:
        sizes = activity.catalog_sizes(tx)
    assert sizes == [Size(kind, 0, is_exact=True) for kind in ("item", "variant", "category")]
