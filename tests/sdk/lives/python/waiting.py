"""Wait for a variant to be in stock: the one method of the class beside those of catalogs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from errors import Refusal
from shop import expect, identifier

if TYPE_CHECKING:
    from shop import Shop


def waiting(shop: Shop) -> None:
    shop.create("category", shop.category("shoes", "Shoes"))
    shop.create("item", shop.item("boot", "shoes"))
    shop.create("variant", shop.variant("boot-1", "boot"))
    subscribe = shop.catalogs.create_back_in_stock_subscription
    expect(subscribe(wish("boot-1")), None, "answer to a subscription")
    refusal = Refusal(partial(subscribe, wish("nothing")))
    title = "The variant in your relationship payload does not exist"
    expect(refusal.what, (404, "variant_not_found", title), "an unknown variant")


def wish(external_id: str) -> dict[str, Any]:
    profile = {"type": "profile", "attributes": {"email": "ada@shop.example"}}
    attributes = {"channels": ["EMAIL"], "profile": {"data": profile}}
    return {
        "data": {
            "type": "back-in-stock-subscription",
            "attributes": attributes,
            "relationships": {"variant": {"data": identifier("variant", external_id)}},
        }
    }
