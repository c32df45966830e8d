"""What goes away by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import Verb
from backroom.jobs import housekeeping
from backroom.jobs.lifecycle import LIFETIME
from support.factories import (
    ACCOUNT,
    a_complete_job,
    a_creation,
    a_deletion,
    a_job,
    all_stored,
    done,
    stored,
    written,
)

if TYPE_CHECKING:
    from backroom.store.database import Database

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _accounts(database: Database) -> None:
    insert = "insert into accounts values (:account, :account, 'now')"
    for account in (ACCOUNT, "other"):
        written(database, lambda tx, account=account: tx.run(insert, account=account))  # type: ignore[misc]


def never() -> bool:
    return False


def left(database: Database) -> int:
    with database.read() as tx:
        return len(tx.all("select 1 from jobs"))


def test_expired_jobs_go_in_every_account(database: Database) -> None:
    for account in (ACCOUNT, "other"):
        stored(database, a_complete_job(LIFETIME + HOUR), account=account)
        stored(database, a_complete_job(LIFETIME - HOUR), account=account)
    housekeeping.expire(database, never)
    assert left(database) == 2


def test_unfinished_jobs_never_expire(database: Database) -> None:
    stored(database, a_job(LIFETIME * 2), a_creation("item", "a"))
    housekeeping.expire(database, never)
    assert left(database) == 1


def test_expiry_takes_many_slices(database: Database) -> None:
    all_stored(database, (a_complete_job(LIFETIME + HOUR * (n + 1)) for n in range(1100)))
    housekeeping.expire(database, never)
    assert left(database) == 0


def test_expiry_may_be_stopped(database: Database) -> None:
    all_stored(database, (a_complete_job(LIFETIME + HOUR * (n + 1)) for n in range(1100)))
    answers = iter([False, False, True])
    housekeeping.expire(database, lambda: next(answers))
    assert left(database) == 600


def test_gone_category_loses_its_links(database: Database) -> None:
    done(database, Verb.CREATE, "category", a_creation("category", "x"))
    done(
        database, Verb.CREATE, "item", *(a_creation("item", n, {"categories": ["x"]}) for n in "ab")
    )
    assert not housekeeping.empty_categories(database)
    done(database, Verb.DELETE, "category", a_deletion("x"))
    assert housekeeping.empty_categories(database)
    assert not housekeeping.empty_categories(database)
    with database.read() as tx:
        assert tx.all("select 1 from item_categories") == []
        assert tx.all("select 1 from emptied_categories") == []


def test_many_small_categories_go_together(database: Database) -> None:
    names = [f"{n}" for n in range(50)]
    done(database, Verb.CREATE, "category", *(a_creation("category", name) for name in names))
    done(database, Verb.DELETE, "category", *(a_deletion(name) for name in names))
    slices = 0
    while housekeeping.empty_categories(database):
        slices += 1
    assert 1 < slices < 10
