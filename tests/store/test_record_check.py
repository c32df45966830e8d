from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM, Verb
from backroom.store.record_check import broken_records
from store.small_shop import untold
from support.factories import ACCOUNT, a_creation, done, written

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.fixture
def items(database: Database) -> Database:
    done(database, Verb.CREATE, "item", a_creation("item", "a", price=None, published=False))
    done(database, Verb.CREATE, "item", a_creation("item", "b", title="ẞtraße İ"))
    return database


def broken(database: Database) -> list[str]:
    with database.read() as tx:
        return [row[1] for row in broken_records(tx, ITEM, untold)]


def test_written_records_are_right(items: Database) -> None:
    assert broken(items) == []


@pytest.mark.parametrize(
    "change",
    [
        "title = 'other'",
        "published = 1",
        "nulls = 0",
        "search_text = 'other'",
        "attributes = '[]'",
        "attributes = '{}'",
        "external_id = 'x'",
    ],
)
def test_each_column_counts(items: Database, change: str) -> None:
    written(items, lambda tx: tx.run(f"update items set {change} where external_id = 'a'"))
    assert broken(items) == ["x" if "external" in change else "a"]
    with items.read() as tx:
        assert next(iter(broken_records(tx, ITEM, untold)))[0] == ACCOUNT
