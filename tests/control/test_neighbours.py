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
SHOP, LISTS = "/shop", "/lists"
NAMED = {"account": "shop"}


def acted(database: Database, method: str, place: str, **given: Any) -> Any:
    return BY_PLACE[method, place].call(Control(database, Settings()), Given(**given))


@pytest.fixture(autouse=True)
def account(database: Database) -> str:
    return written(database, lambda tx: keys.create(tx, "shop", "test", [])).account


def test_shop_is_changed_by_name(database: Database, account: str) -> None:
    changed = acted(database, "PATCH", SHOP, body=NAMED | {"locale": "de-DE"})
    assert (changed["locale"], changed["public_api_key"]) == ("de-DE", account)
    assert acted(database, "GET", SHOP, query=NAMED) == changed


def test_objects_change_member_by_member(database: Database) -> None:
    change = {"contact_information": {"street_address": {"city": "Bremen"}}}
    changed = acted(database, "PATCH", SHOP, body=NAMED | change)["contact_information"]
    assert changed["street_address"]["city"] == "Bremen"
    assert changed["street_address"]["country"] == "United States"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": "red"}, "has no member 'colour'. It may have account, test_account"),
        ({"contact_information": {"site": "x"}}, "'contact_information.site' is not an attribute"),
        ({"contact_information": {"website_url": {}}}, "website_url' must be a value"),
        ({"contact_information": {"street_address": "x"}}, "street_address' must be an object"),
        ({"locale": 1}, "'locale' must be of the type string"),
    ],
)
def test_wrong_attribute_is_an_error(
    database: Database, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(ControlError, match=words):
        acted(database, "PATCH", SHOP, body=NAMED | change)


def test_unknown_account_is_an_error(database: Database) -> None:
    with pytest.raises(ControlError, match="Make it"):
        acted(database, "PATCH", SHOP, body={"account": "x"})


def test_lists_are_made_once(database: Database, account: str) -> None:
    body = NAMED | {"name": "News", "id": "Xy1"}
    assert acted(database, "POST", LISTS, body=body) == {"id": "Xy1", "name": "News"}
    with database.read() as tx:
        (held,) = kept.kept_resources(tx, account, kept.LIST)
    assert (held.resource_id, held.attributes["name"]) == ("Xy1", "News")
    with pytest.raises(ControlError, match="a list 'Xy1' already"):
        acted(database, "POST", LISTS, body=body)
    with pytest.raises(ControlError, match="The body needs 'name'"):
        acted(database, "POST", LISTS, body=NAMED)


def test_accepted_requests_are_values(database: Database, account: str) -> None:
    written(database, lambda tx: kept.keep_request(tx, account, "create_event", "r", '{"a":1}'))
    (shown,) = acted(database, "GET", "/accepted", query=NAMED)
    assert (shown["operation"], bytes(shown["body"])) == ("create_event", b'{"a":1}')
    query = NAMED | {"operation": "create_profile"}
    assert acted(database, "GET", "/accepted", query=query) == []
    with pytest.raises(ControlError, match="'create_profil' is not one of create_profile"):
        acted(database, "GET", "/accepted", query={"operation": "create_profil"})
