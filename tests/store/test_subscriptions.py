from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.catalog.kinds import Verb
from backroom.store import records, subscriptions
from backroom.store.subscriptions import NewSubscription, Subscription
from support.factories import ACCOUNT, a_creation, a_deletion, an_update, done, written

if TYPE_CHECKING:
    from backroom.store.database import Database


def stocked(database: Database, quantity: int | None) -> int:
    """A variant with so many in stock, and its number."""
    (made,) = done(
        database, Verb.CREATE, "variant", a_creation("variant", "a", inventory_quantity=quantity)
    )
    assert isinstance(made, records.Record)
    return made.number


def subscribed(database: Database, number: int, account: str = ACCOUNT) -> str:
    new = NewSubscription(number, "id of a", '["EMAIL"]', "null")
    return written(database, lambda tx: subscriptions.insert(tx, account, new))


def listed(database: Database, account: str | None = ACCOUNT) -> list[Subscription]:
    with database.read() as tx:
        return subscriptions.listed(tx, account)


def restocked(database: Database, *quantities: int) -> None:
    """Change the stock several times within one batch."""
    drafts = [an_update("a", inventory_quantity=each) for each in quantities]
    done(database, Verb.UPDATE, "variant", *drafts)


def test_subscriptions_come_back_in_order(database: Database) -> None:
    number = stocked(database, 0)
    ids = [subscribed(database, number) for _ in range(3)]
    assert [each.subscription_id for each in listed(database)] == ids
    assert listed(database)[0][2:5] == ("id of a", '["EMAIL"]', "null")


def test_rise_above_zero_is_delivered(database: Database) -> None:
    subscribed(database, stocked(database, 0))
    restocked(database, 5)
    (one,) = listed(database)
    assert one.quantity == "5"
    assert one.event_id
    assert one.delivered_at


def test_second_rise_delivers_nothing(database: Database) -> None:
    subscribed(database, stocked(database, 0))
    restocked(database, 5)
    first = listed(database)
    restocked(database, 0, 6)
    assert listed(database) == first


def test_first_rise_of_a_batch_counts(database: Database) -> None:
    subscribed(database, stocked(database, -2))
    restocked(database, 4, 0, 6)
    assert [each.quantity for each in listed(database)] == ["4"]


def test_unknown_stock_counts_as_none(database: Database) -> None:
    subscribed(database, stocked(database, None))
    restocked(database, 1)
    assert [each.quantity for each in listed(database)] == ["1"]


def test_stock_that_stays_delivers_nothing(database: Database) -> None:
    subscribed(database, stocked(database, 3))
    restocked(database, 4)
    done(database, Verb.UPDATE, "variant", an_update("a", price=3.0))
    restocked(database, 0)
    assert [each.event_id for each in listed(database)] == [None]


def test_deleted_variant_delivers_nothing(database: Database) -> None:
    subscribed(database, stocked(database, 0))
    done(database, Verb.DELETE, "variant", a_deletion("a"))
    stocked(database, 0)
    restocked(database, 5)
    assert [each.event_id for each in listed(database)] == [None]


def test_accounts_share_no_subscriptions(database: Database) -> None:
    number = stocked(database, 0)
    subscribed(database, number)
    subscribed(database, number, "other")
    restocked(database, 5)
    assert [each.event_id for each in listed(database, "other")] == [None]
    assert len(listed(database, None)) == 2
