from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Kind
from backroom.store import linkage, links, records
from backroom.store.records import Values
from store.described import linked, shown

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

ACCOUNT, OTHER = "ABCDEF", "ABCDEG"
STEPS = 60


def values(kind: Kind, number: int, parent: int | None = None) -> Values:
    columns = dict.fromkeys(kind.columns, "") | dict.fromkeys(kind.nullable, 1) | {"published": 1}
    return Values(number, f"{kind.name} ☃ {number}", "{}", columns, "", parent)


class Shop:
    """A catalog that changes at random."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.numbers: dict[str, list[int]] = {each.name: [] for each in (ITEM, VARIANT, CATEGORY)}
        self.next = 0

    def some(self, kind: Kind) -> list[int]:
        known = self.numbers[kind.name]
        return self.chance.sample(known, self.chance.randint(0, min(4, len(known))))

    def create(self, tx: Transaction, kind: Kind) -> None:
        made = []
        for _ in range(self.chance.randint(1, 5)):
            self.next += 1
            items = self.numbers[ITEM.name]
            parent = self.chance.choice(items) if kind is VARIANT and items else None
            made.append(values(kind, self.next, parent))
        records.insert(tx, kind, ACCOUNT, made)
        self.numbers[kind.name] += [each.number for each in made]

    def delete(self, tx: Transaction, kind: Kind) -> None:
        gone = self.some(kind)[:2]
        records.delete(tx, kind, ACCOUNT, gone)
        for name, table in ((each.name, each.table) for each in (ITEM, VARIANT, CATEGORY)):
            rows = tx.all(f"select number from {table} where account = :account", account=ACCOUNT)
            self.numbers[name] = [row[0] for row in rows]

    def link(self, tx: Transaction) -> None:
        relation, owner, other = self.chance.choice(
            [("categories", ITEM, CATEGORY), ("items", CATEGORY, ITEM)]
        )
        related = {number: self.some(other) for number in self.some(owner)}
        write = self.chance.choice([links.add, links.replace])
        write(tx, ACCOUNT, relation, related)
        for number in self.some(owner)[:1]:
            links.remove(tx, ACCOUNT, relation, number, self.some(other))

    def change(self, tx: Transaction) -> None:
        kind = self.chance.choice([ITEM, VARIANT, CATEGORY])
        self.chance.choice([self.create, self.create, self.delete])(tx, kind)
        self.link(tx)


@pytest.mark.parametrize("seed", range(4))
def test_rows_show_what_is_linked(database: Database, seed: int) -> None:
    shop = Shop(seed)
    for _ in range(STEPS):
        database.write(shop.change).result()
        assert shown(database) == linked(database)


def test_accounts_are_apart(database: Database) -> None:
    def write(tx: Transaction) -> None:
        for account in (ACCOUNT, OTHER):
            records.insert(tx, ITEM, account, [values(ITEM, 1), values(ITEM, 2)])
            records.insert(tx, CATEGORY, account, [values(CATEGORY, 3)])
        links.add(tx, OTHER, "items", {3: [1, 2]})
        linkage.renew(tx, CATEGORY, ACCOUNT, [3])
        records.insert(tx, VARIANT, ACCOUNT, [values(VARIANT, 4, 2)])
        records.delete(tx, VARIANT, OTHER, [4])

    database.write(write).result()
    found = {key: names for key, names in shown(database).items() if names}
    assert found == {
        ("categories", OTHER, 3): ["item ☃ 1", "item ☃ 2"],
        ("items", ACCOUNT, 2): ["variant ☃ 4"],
        ("variants", ACCOUNT, 4): ["item ☃ 2"],
    }
