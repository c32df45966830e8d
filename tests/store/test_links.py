from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM
from backroom.store import links, records
from backroom.store.records import Values

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction

ACCOUNT, OTHER = "ABCDEF", "ABCDEG"
PAIRS = [(1, 10), (1, 11), (2, 10)]
either_side = pytest.mark.parametrize(
    ("relation", "number", "others"), [("categories", 1, {10, 11}), ("items", 10, {1, 2})]
)


def an_item(number: int) -> Values:
    columns = {"title": "", "published": 1, "price": 1}
    return Values(number, f"item-{number}", "{}", columns, "")


@pytest.fixture
def linked(database: Database) -> Database:
    """Items of which two are in two categories, in two accounts."""

    def write(tx: Transaction) -> None:
        for account in (ACCOUNT, OTHER):
            records.insert(tx, ITEM, account, [an_item(number) for number in range(1, 9)])
            for item, category in PAIRS:
                links.add(tx, account, "categories", {item: [category]})

    database.write(write).result()
    return database


def done(database: Database, work: Callable[[Transaction], None]) -> list[tuple[int, int]]:
    """The pairs of item and category after some work; the other account's stay."""
    database.write(work).result()
    held = {}
    for account in (ACCOUNT, OTHER):
        with database.read() as tx:
            rows = tx.all(
                "select item_number, category_number from item_categories"
                " where account = :account order by item_number, category_number",
                account=account,
            )
        held[account] = [(row[0], row[1]) for row in rows]
    assert held[OTHER] == PAIRS
    return held[ACCOUNT]


@either_side
def test_present_are_those_linked(
    linked: Database, relation: str, number: int, others: set[int]
) -> None:
    with linked.read() as tx:
        assert links.present(tx, ACCOUNT, relation, number, [*others, 99]) == others
        assert links.present(tx, ACCOUNT, relation, 99, others) == set()
        assert links.present(tx, "nobody", relation, number, others) == set()


@pytest.mark.parametrize(("relation", "number", "other"), [("categories", 1, 10), ("items", 10, 1)])
def test_removed_is_gone_alone(linked: Database, relation: str, number: int, other: int) -> None:
    left = done(linked, lambda tx: links.remove(tx, ACCOUNT, relation, number, [other, 99]))
    assert left == [(1, 11), (2, 10)]


def test_added_twice_is_there_once(linked: Database) -> None:
    assert done(linked, lambda tx: links.add(tx, ACCOUNT, "items", {10: [1, 2]})) == PAIRS


def test_replace_leaves_the_given(linked: Database) -> None:
    left = done(linked, lambda tx: links.replace(tx, ACCOUNT, "categories", {1: [11, 12]}))
    assert left == [(1, 11), (1, 12), (2, 10)]


def emptied(database: Database, most: int) -> list[int]:
    """How many links go, slice by slice, until none is left."""
    slices: list[int] = []
    while not slices or slices[-1]:
        slices.append(database.write(lambda tx: links.empty_category(tx, most)).result())
    return slices


def gone(tx: Transaction, category: int) -> None:
    tx.run(
        "insert into emptied_categories (account, category_number) values (:account, :number)",
        account=ACCOUNT,
        number=category,
    )


@pytest.mark.parametrize(
    ("most", "slices"), [(1, [1, 1, 1, 0]), (2, [2, 1, 0]), (3, [2, 0]), (100, [2, 0])]
)
def test_gone_category_empties_in_slices(linked: Database, most: int, slices: list[int]) -> None:
    linked.write(lambda tx: gone(tx, 10)).result()
    assert emptied(linked, most) == slices
    assert done(linked, lambda _: None) == [(1, 11)]


def test_gone_categories_take_turns(linked: Database) -> None:
    for category in (10, 11, 99):
        linked.write(lambda tx, number=category: gone(tx, number)).result()  # type: ignore[misc]
    assert emptied(linked, 100) == [2, 1, 1, 0]
    assert done(linked, lambda _: None) == []


def test_nothing_gone_empties_nothing(linked: Database) -> None:
    assert emptied(linked, 100) == [0]
    assert done(linked, lambda _: None) == PAIRS
