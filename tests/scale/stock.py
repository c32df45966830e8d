"""A catalog with enough rows for a plan to matter, written by the store's own functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind
from backroom.store import links, records, search
from backroom.store.records import Values

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

ACCOUNT = "ABCDEF"
OTHER_ACCOUNT = "ABCDEG"
WORDS = ("shirt", "jacket", "umbrella", "hat")


def values(kind: Kind, place: int, parent: int | None = None) -> Values:
    """The record at a place: every other one is published, every fourth has the same word."""
    title = f"{WORDS[place % 4]} {place}"
    columns: dict[str, Any] = {"published": place % 2, "sku": f"S{place % 100}"}
    columns |= {"title": title, "name": title}
    name = f"{kind.name}-{place}"
    kept = {each: columns[each] for each in kind.columns} | dict.fromkeys(kind.nullable, 1)
    attributes = {each.name: each.default for each in kind.attributes}
    attributes |= kept | {"external_id": name}
    text = msgspec.json.encode(attributes).decode()
    return Values(clock.new_number(), name, text, kept, search.folded(title), parent)


def fill(database: Database, account: str, size: int) -> dict[str, list[int]]:
    """Make as many of each kind: an item has one variant, the first category holds all items."""
    numbers: dict[str, list[int]] = {}

    def write(tx: Transaction) -> None:
        for kind in KINDS.values():
            made = [values(kind, place) for place in range(size)]
            if kind is VARIANT:
                parents = numbers[ITEM.name]
                made = [each._replace(parent=parents[at]) for at, each in enumerate(made)]
            records.insert(tx, kind, account, made)
            numbers[kind.name] = [each.number for each in made]
        items, categories = numbers[ITEM.name], numbers[CATEGORY.name]
        links.add(tx, account, "items", {categories[0]: items})
        links.add(tx, account, "categories", {items[0]: categories})

    database.write(write).result(60)
    return numbers
