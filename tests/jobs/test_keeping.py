"""Operations of complete jobs stay for a while."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backroom.jobs.keeping import Keeping
from backroom.jobs.next_job import NextJob
from support.factories import (
    ACCOUNT,
    a_complete_job,
    a_creation,
    a_job,
    a_kind_of_job,
    stored,
    submitted,
)

if TYPE_CHECKING:
    from backroom.store.database import Database

SECOND = timedelta(seconds=1)


def never() -> bool:
    return False


def kept(database: Database) -> int:
    with database.read() as tx:
        return len(tx.all("select 1 from job_operations"))


def some_complete(database: Database, count: int) -> None:
    for age in range(count):
        stored(database, a_complete_job(SECOND * age, completed_at=f"2026-01-01T00:{age:02}"))


def test_newest_keep_their_operations(database: Database) -> None:
    some_complete(database, 5)
    stored(database, a_job(SECOND * 60))
    Keeping(2).drop(database, never)
    assert kept(database) == 3


def test_many_are_dropped_in_slices(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backroom.jobs.keeping._DROPPED_IN_A_SLICE", 2)
    some_complete(database, 5)
    Keeping(0).drop(database, never)
    assert kept(database) == 0


def test_stopping_worker_drops_nothing(database: Database) -> None:
    some_complete(database, 2)
    Keeping(0).drop(database, lambda: True)
    assert kept(database) == 2


def test_operations_go_after_many_jobs(database: Database) -> None:
    some_complete(database, 3)
    keeping = Keeping(1)
    keeping.note(49, database, never)
    assert kept(database) == 3
    keeping.note(1, database, never)
    assert kept(database) == 1


@pytest.mark.parametrize(("most", "left"), [(0, 0), (1, 1)])
def test_none_are_kept_where_none_shall_be(database: Database, most: int, left: int) -> None:
    submitted(database, a_kind_of_job("item", "create"), a_creation("item", "a"))
    assert NextJob(database, keeping=Keeping(most)).apply(lambda _: ACCOUNT)
    assert kept(database) == left
