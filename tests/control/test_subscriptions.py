from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import Verb
from backroom.control.route import Control, ControlError, Given
from backroom.control.subscriptions import ROUTES
from backroom.settings import Settings
from backroom.store import keys, records, subscriptions
from backroom.store.subscriptions import NewSubscription
from support.factories import a_creation, an_update, done, written

if TYPE_CHECKING:
    from backroom.store.database import Database

(ROUTE,) = ROUTES


def asked(database: Database, **query: str) -> Any:
    return ROUTE.call(Control(database, Settings()), Given(query=query))


@pytest.fixture
def account(database: Database) -> str:
    """An account with a subscription to a variant that is not in stock."""
    account = written(database, lambda tx: keys.create(tx, "shop", "test", [])).account
    variant = a_creation("variant", "a", inventory_quantity=0)
    (made,) = done(database, Verb.CREATE, "variant", variant, account=account)
    assert isinstance(made, records.Record)
    new = NewSubscription(made.number, "id of a", '["EMAIL"]', '{"type":"profile"}')
    written(database, lambda tx: subscriptions.insert(tx, account, new))
    return account


def test_subscriptions_are_shown_as_values(database: Database, account: str) -> None:
    (shown,) = asked(database)
    assert shown["account"] == account
    assert (shown["channels"], shown["profile"]) == (["EMAIL"], {"type": "profile"})
    assert shown["event"] is None


def test_event_is_shown_with_the_stock(database: Database, account: str) -> None:
    assert asked(database, delivered="true") == []
    done(database, Verb.UPDATE, "variant", an_update("a", inventory_quantity=2), account=account)
    (shown,) = asked(database, delivered="true")
    assert shown["event"]["metric"] == "Back in Stock"
    assert shown["event"]["inventory_quantity"] == 2
    assert asked(database, delivered="false") == []


@pytest.mark.usefixtures("account")
def test_accounts_are_found_by_name(database: Database) -> None:
    assert len(asked(database, account="shop")) == 1


def test_unknown_account_is_an_error(database: Database) -> None:
    with pytest.raises(ControlError, match="There is no account 'x'"):
        asked(database, account="x")


def test_unreadable_choice_is_an_error(database: Database) -> None:
    with pytest.raises(ControlError, match="`true` or `false`"):
        asked(database, delivered="yes")
