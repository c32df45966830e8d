"""Whose turn it is, without a job being applied."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from backroom import clock
from backroom.jobs.pacing import Pacing
from backroom.jobs.turns import Turns
from support.factories import ACCOUNT, a_creation, a_job, a_kind_of_job, stored, submitted

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.jobs import Job

ITEMS = a_kind_of_job("item", "create")
HOUR = timedelta(hours=1)
OTHER = "the other shop"


def turns(delay: timedelta = timedelta(0)) -> Turns:
    return Turns(delay, Pacing())


def first(database: Database, mine: Turns) -> str | None:
    with database.read() as tx:
        waiting = mine.first_waiting(tx, ACCOUNT)
    return waiting.job_id if waiting else None


def job(database: Database, age: timedelta = timedelta(0), account: str = ACCOUNT) -> Job:
    return stored(database, a_job(age), a_creation("item", "a"), account=account)


def test_oldest_job_is_next(database: Database) -> None:
    oldest, _ = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    assert first(database, turns()) == oldest.job_id


def test_delay_holds_jobs_back(database: Database) -> None:
    young, mine = job(database), turns(HOUR)
    assert first(database, mine) is None
    assert 3590 < mine.seconds_until_due(young.created_at) <= 3600


def test_delay_ends(database: Database) -> None:
    old, mine = job(database, 2 * HOUR), turns(HOUR)
    assert first(database, mine) == old.job_id
    assert mine.seconds_until_due(old.created_at) == 0


def test_without_delay_clocks_do_not_matter(database: Database) -> None:
    ahead = job(database, -24 * HOUR)
    assert ahead.created_at > clock.timestamp(clock.now())
    assert first(database, turns()) == ahead.job_id


def test_jobs_set_aside_are_passed_over(database: Database) -> None:
    oldest, following = (submitted(database, ITEMS, a_creation("item", name)) for name in "ab")
    mine = turns()
    mine.aside.put(oldest.job_id)
    assert first(database, mine) == following.job_id
    with database.read() as tx:
        assert mine.earliest_usual(tx) == following.created_at
        assert mine.earliest_usual(tx, ACCOUNT) == following.created_at


def test_accounts_take_turns(database: Database) -> None:
    for account in (ACCOUNT, OTHER):
        job(database, account=account)
    with database.read() as tx:
        assert turns().next_account(tx, "") == ACCOUNT
        assert turns().next_account(tx, ACCOUNT) == OTHER
        assert turns().next_account(tx, OTHER) == ACCOUNT
