"""Which items are in which categories, by number."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.store.database import Transaction

_SIDES = {
    "categories": ("item_number", "category_number"),
    "items": ("category_number", "item_number"),
}
"""For each relationship, the column of the resource that has it and of what it holds."""


def replace(
    tx: Transaction, account: str, relation: str, number: int, related: Iterable[int]
) -> None:
    """Make `related` all that the relationship of the resource `number` holds."""
    clear(tx, account, relation, number)
    add(tx, account, relation, number, related)


def clear(tx: Transaction, account: str, relation: str, number: int) -> None:
    """Take everything out of a relationship."""
    own, _ = _SIDES[relation]
    tx.run(
        f"delete from item_categories where account = :account and {own} = :own",
        account=account,
        own=number,
    )


def add(tx: Transaction, account: str, relation: str, number: int, related: Iterable[int]) -> None:
    """Put `related` into a relationship; what is there already stays."""
    own, other = _SIDES[relation]
    tx.many(
        f"insert into item_categories (account, {own}, {other})"
        " values (:account, :own, :other) on conflict do nothing",
        [{"account": account, "own": number, "other": each} for each in related],
    )
