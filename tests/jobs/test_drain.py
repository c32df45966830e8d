"""One account's next job, to its end."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.jobs.drain import STEPS, Drain
from backroom.jobs.lifecycle import Status
from factories import (
    ACCOUNT,
    DEADLINE,
    a_creation,
    a_job,
    a_kind_of_job,
    found,
    stored,
    submitted,
)

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

ITEMS = a_kind_of_job("item", "create")
HOUR = timedelta(hours=1)


def shop(_: Transaction) -> str:
    return ACCOUNT


def test_without_jobs_nothing_is_done(database: Database) -> None:
    drain = Drain(database)
    assert not drain.apply_next(shop)
    assert not drain.apply_next(lambda _: None)


def test_jobs_are_applied_oldest_first(database: Database) -> None:
    first, second = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    drain = Drain(database)
    assert drain.apply_next(shop)
    assert (found(database, first).status, found(database, second).status) == (
        "complete",
        "processing",
    )
    assert drain.apply_next(shop)
    assert found(database, second).completed_count == 1
    assert not drain.apply_next(shop)


def test_only_the_chosen_account_is_drained(database: Database) -> None:
    others = submitted(database, ITEMS, a_creation("item", "a"), account="other")
    assert not Drain(database).apply_next(shop)
    assert found(database, others, "other").status == "processing"


def test_steps_are_the_named_ones(database: Database) -> None:
    submitted(database, ITEMS, a_creation("item", "a"), status=Status.QUEUED)
    steps: list[str] = []
    assert Drain(database, queues=True, on_step=steps.append).apply_next(shop)
    assert tuple(steps) == STEPS


def test_committed_is_told_after_the_commit(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))
    seen: dict[str, str] = {}

    def look(step: str) -> None:
        seen[step] = found(database, job).status

    Drain(database, on_step=look).apply_next(shop)
    assert seen.pop("committed") == "complete"
    assert set(seen.values()) == {"processing"}


@pytest.mark.parametrize("step", STEPS[1:-1])
def test_broken_off_job_is_undone(database: Database, step: str) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))

    def fail(taken: str) -> None:
        if taken == step:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        Drain(database, on_step=fail).apply_next(shop)
    assert found(database, job) == job
    assert Drain(database).apply_next(shop)
    assert found(database, job).completed_count == 1


def test_delay_holds_jobs_back(database: Database) -> None:
    young = submitted(database, ITEMS, a_creation("item", "a"))
    drain = Drain(database, delay=HOUR)
    assert not drain.apply_next(shop)
    assert found(database, young) == young
    assert 3590 < drain.seconds_until_due(young.created_at) <= 3600


def test_delay_ends(database: Database) -> None:
    old = stored(database, a_job(HOUR * 2), a_creation("item", "a"))
    drain = Drain(database, delay=HOUR)
    assert drain.seconds_until_due(old.created_at) == 0
    assert drain.apply_next(shop)


def test_without_delay_clocks_do_not_matter(database: Database) -> None:
    ahead = stored(database, a_job(-HOUR * 24), a_creation("item", "a"))
    assert ahead.created_at > clock.timestamp(clock.now())
    assert Drain(database).apply_next(shop)


def test_two_at_one_account_apply_jobs_once(database: Database) -> None:
    made = [submitted(database, ITEMS, a_creation("item", f"{n}")) for n in range(10)]
    applied: list[bool] = []

    def drain() -> None:
        mine = Drain(database)
        while mine.apply_next(shop):
            applied.append(True)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(DEADLINE)
    ended = [found(database, job) for job in made]
    assert len(applied) == len(made)
    assert {(each.completed_count, each.failed_count) for each in ended} == {(1, 0)}
    moments = [str(each.completed_at) for each in ended]
    assert moments == sorted(moments)
