"""Which items are in which categories, by number.

Whatever changes the links of a category renews what its row shows of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import CATEGORY
from backroom.store import linkage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backroom.store.database import Transaction

_SIDES = {
    "categories": ("item_number", "category_number"),
    "items": ("category_number", "item_number"),
}
"""For each relationship, the column of the resource that has it and that of its related ones."""


def any_emptied(tx: Transaction) -> bool:
    """Whether a deleted category still has links."""
    return tx.one("select 1 from emptied_categories limit 1") is not None


def empty_category(tx: Transaction, most: int) -> int:
    """Remove up to `most` links to one deleted category.

    Gives how many were removed, at least 1, or 0 if no deleted category is left.
    """
    emptied = tx.one("select account, category_number from emptied_categories limit 1")
    if emptied is None:
        return 0
    account, category = emptied
    removed = tx.all(
        "delete from item_categories where account = :account and category_number = :category"
        " and item_number in (select item_number from item_categories"
        " where account = :account and category_number = :category limit :most)"
        " returning item_number",
        account=account,
        category=category,
        most=most,
    )
    if len(removed) < most:
        tx.run(
            "delete from emptied_categories"
            " where account = :account and category_number = :category",
            account=account,
            category=category,
        )
    return max(1, len(removed))


def present(
    tx: Transaction, account: str, relation: str, number: int, related: Iterable[int]
) -> set[int]:
    """Give the numbers in `related` that a relationship holds."""
    owner, other = _SIDES[relation]
    rows = tx.all(
        f"select {other} from item_categories where account = :account and {owner} = :owner"
        f" and {tx.dialect.among(other, 'related')}",
        account=account,
        owner=number,
        related=tx.dialect.array(related),
    )
    return {row[0] for row in rows}


def remove(
    tx: Transaction, account: str, relation: str, number: int, related: Iterable[int]
) -> None:
    """Take `related` out of a relationship."""
    owner, other = _SIDES[relation]
    changed = _unlink(
        tx,
        f"{owner} = :owner and {tx.dialect.among(other, 'related')}",
        account=account,
        owner=number,
        related=tx.dialect.array(related),
    )
    linkage.renew(tx, CATEGORY, account, changed)


def clear(tx: Transaction, account: str, relation: str, numbers: Iterable[int]) -> None:
    """Empty one relationship of each of many resources."""
    linkage.renew(tx, CATEGORY, account, _unlink_all(tx, account, relation, numbers))


def _unlink_all(tx: Transaction, account: str, relation: str, numbers: Iterable[int]) -> set[int]:
    owner, _ = _SIDES[relation]
    among = tx.dialect.among(owner, "owner")
    return _unlink(tx, among, account=account, owner=tx.dialect.array(numbers))


def _unlink(tx: Transaction, condition: str, **values: Any) -> set[int]:
    """Remove links, and give the numbers of the categories that had them."""
    removed = tx.all(
        f"delete from item_categories where account = :account and {condition}"
        " returning category_number",
        **values,
    )
    return {row[0] for row in removed}


def replace(
    tx: Transaction, account: str, relation: str, related: Mapping[int, Iterable[int]]
) -> None:
    """Make a relationship of each resource hold what is `related` to its number, and no more."""
    changed = _unlink_all(tx, account, relation, related)
    # Once for both: a category that keeps its items is not written at all.
    linkage.renew(tx, CATEGORY, account, changed | _link(tx, account, relation, related))


def add(tx: Transaction, account: str, relation: str, related: Mapping[int, Iterable[int]]) -> None:
    """Put what is `related` to a number into its relationship. Links that exist already stay."""
    linkage.renew(tx, CATEGORY, account, _link(tx, account, relation, related))


def _link(
    tx: Transaction, account: str, relation: str, related: Mapping[int, Iterable[int]]
) -> set[int]:
    """Add links, and give the numbers of their categories."""
    pairs = [(number, each) for number, others in related.items() for each in others]
    if relation == "items":
        pairs = [(item, category) for category, item in pairs]
    tx.many(
        "insert into item_categories (account, category_number, item_number, item_external_id)"
        " select account, :category, number, external_id from items"
        " where account = :account and number = :item on conflict do nothing",
        [(category, account, item) for item, category in pairs],
    )
    return {category for _, category in pairs}
