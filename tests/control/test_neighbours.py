from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.neighbours import ROUTES
from backroom.control.route import Control, ControlError, Given
from backroom.settings import Settings
from backroom.store import kept, keys
from support.factories import written

if TYPE_CHECKING:
    from backroom.store.database import Database

BY_PLACE = {(each.method, each.path): each for each in ROUTES}
SHOP, LISTS = "/accounts/{account}/shop", "/accounts/{account}/lists"
NAMED = {"account": "shop"}


def acted(database: Database, method: str, place: str, **given: Any) -> Any:
    return BY_PLACE[method, place].act(Control(database, Settings()), Given(**given))


@pytest.fixture(autouse=True)
def account(database: Database) -> str:
    return written(database, lambda tx: keys.create(tx, "shop", "test", [])).account


def test_shop_is_changed_by_name(database: Database, account: str) -> None:
    changed = acted(database, "PATCH", SHOP, path=NAMED, body={"locale": "de-DE"})
    assert (changed["locale"], changed["public_api_key"]) == ("de-DE", account)
    assert acted(database, "GET", SHOP, path=NAMED) == changed


def test_unknown_attribute_is_an_error(database: Database) -> None:
    with pytest.raises(ControlError, match="'colour' is not an attribute: give some of"):
        acted(database, "PATCH", SHOP, path=NAMED, body={"colour": "red"})


def test_unknown_account_is_an_error(database: Database) -> None:
    with pytest.raises(ControlError, match="Make it first"):
        acted(database, "PATCH", SHOP, path={"account": "x"}, body={})


def test_lists_are_made(database: Database, account: str) -> None:
    made = acted(database, "POST", LISTS, path=NAMED, body={"name": "News", "id": "Xy1"})
    assert made == {"id": "Xy1", "name": "News"}
    with database.read() as tx:
        (held,) = kept.kept_resources(tx, account, kept.LIST)
    assert (held.resource_id, held.attributes["name"]) == ("Xy1", "News")
    with pytest.raises(ControlError, match="Give the list a `name`"):
        acted(database, "POST", LISTS, path=NAMED)


def test_accepted_requests_are_values(database: Database, account: str) -> None:
    written(database, lambda tx: kept.keep_request(tx, account, "create_event", "r", '{"a":1}'))
    (shown,) = acted(database, "GET", "/accepted", query=NAMED)["accepted"]
    assert (shown["operation"], shown["body"]) == ("create_event", {"a": 1})
    query = NAMED | {"operation": "create_profile"}
    assert acted(database, "GET", "/accepted", query=query)["accepted"] == []
