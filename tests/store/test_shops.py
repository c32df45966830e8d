from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.store import shops
from support.factories import ACCOUNT, written

if TYPE_CHECKING:
    from backroom.store.database import Database


def shop(database: Database, account: str = ACCOUNT) -> dict[str, Any]:
    with database.read() as tx:
        return shops.shop_of(tx, account)


def test_shop_is_invented_at_first(database: Database) -> None:
    assert shop(database) == shops.INVENTED | {"public_api_key": ACCOUNT}


def test_members_are_changed_alone(database: Database) -> None:
    address = {"contact_information": {"street_address": {"city": "Köln"}}}
    written(database, lambda tx: shops.set_shop(tx, ACCOUNT, address))
    written(database, lambda tx: shops.set_shop(tx, ACCOUNT, {"locale": "de-DE"}))
    shown = shop(database)
    street = shown["contact_information"]["street_address"]
    assert (street["city"], street["region"], shown["locale"]) == ("Köln", "MA", "de-DE")
    assert shop(database, "other")["locale"] == "en-US"
