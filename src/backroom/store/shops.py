"""The shop of an account, as the account itself shows it: invented, until somebody sets it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from backroom.store import kept

if TYPE_CHECKING:
    from backroom.store.database import Transaction

INVENTED: dict[str, Any] = {
    "test_account": True,
    "contact_information": {
        "default_sender_name": "Backroom Mugs",
        "default_sender_email": "hello@mugs.example",
        "website_url": "https://mugs.example",
        "organization_name": "Backroom Mugs",
        "street_address": {
            "address1": "1 Potter Street",
            "address2": "Unit 2",
            "city": "Boston",
            "region": "MA",
            "country": "United States",
            "zip": "02110",
        },
    },
    "industry": "Ecommerce, Home Goods",
    "timezone": "US/Eastern",
    "preferred_currency": "USD",
    "locale": "en-US",
}
"""The attributes of every account, except its `public_api_key`, which is its id."""


def shop_of(tx: Transaction, account: str) -> dict[str, Any]:
    """Give the attributes of an account."""
    found = kept.find_resource(tx, account, kept.ACCOUNT, account)
    shown = deepcopy(INVENTED) if found is None else found.attributes
    return shown | {"public_api_key": account}


def set_shop(tx: Transaction, account: str, attributes: dict[str, Any]) -> dict[str, Any]:
    """Change attributes of an account, objects member by member. Gives all of them."""
    merged = _with_changes(shop_of(tx, account), attributes)
    kept.put_resource(tx, account, kept.ACCOUNT, account, merged)
    return merged


def _with_changes(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    made = dict(old)
    for name, value in new.items():
        both = isinstance(value, dict) and isinstance(made.get(name), dict)
        made[name] = _with_changes(made[name], value) if both else value
    return made
