"""All resources of an account at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import KINDS
from backroom.control.route import Control, Given
from backroom.control.seed import seed_account
from backroom.settings import Settings
from backroom.store import keys, listing

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.fixture
def account(database: Database) -> str:
    made = database.write(lambda tx: keys.create(tx, "shop", "first", [])).result()
    cells = {"title": "Cap", "description": "", "url": "https://shop.test"}
    rows = [
        {"type": "category", "external_id": "hats", "name": "Hats"},
        {"type": "item", "external_id": "cap", "categories": ["hats"], **cells},
        *(
            {"type": "variant", "external_id": name, "item": "cap", "sku": "1", "price": 1}
            | {"inventory_quantity": 1, **cells}
            for name in ("cap-s", "cap-m")
        ),
    ]
    given = Given(body={"account": "shop", "resources": rows})
    seed_account(Control(database, Settings()), given)
    return made.account


def test_records_come_with_their_parents(database: Database, account: str) -> None:
    with database.read() as tx:
        variants = listing.listed_records(tx, KINDS["variant"], account, 10)
        items = listing.listed_records(tx, KINDS["item"], account, 10)
    assert [(each[0], each[2]) for each in variants] == [("cap-s", "cap"), ("cap-m", "cap")]
    assert [(each[0], each[2]) for each in items] == [("cap", None)]


def test_no_more_come_than_asked(database: Database, account: str) -> None:
    with database.read() as tx:
        assert len(listing.listed_records(tx, KINDS["variant"], account, 1)) == 1


def test_items_come_with_their_categories(database: Database, account: str) -> None:
    with database.read() as tx:
        assert list(listing.listed_categories(tx, account)) == [("cap", "hats")]


def test_other_accounts_have_nothing(database: Database, account: str) -> None:
    with database.read() as tx:
        assert listing.listed_records(tx, KINDS["item"], f"{account}x", 10) == []
