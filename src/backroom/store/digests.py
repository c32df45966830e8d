"""Digests of the resources of an account. By them a reader finds the changes since its last read.

The resources of a kind are in blocks, in the order of their numbers. Some numbers begin a block,
whatever other rows there are, so a new or deleted row changes its own block alone. The digest of a
block is the sum of those of its rows. That of an item also has the categories that it is in.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog.kinds import ITEM

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Transaction

DIGEST_BITS = 40
"""Bits of the digest of one row. A sum of millions of them is still a number of either engine."""
_ROWS_AT_ONCE = 5_000
_BLOCK_BITS = 8
_NODE_BITS = 10
"""The low bits of a number are the same in all numbers of a process."""
_MASK = (1 << DIGEST_BITS) - 1
_START = ((1 << _BLOCK_BITS) - 1) << _NODE_BITS


class Digested(NamedTuple):
    """One resource. `item` is the external id of a variant's item, None where it has none."""

    external_id: str
    digest: int
    item: str | None


class _Row(NamedTuple):
    number: int
    external_id: str
    digest: int
    parent: int | None


def blocks_of(tx: Transaction, kind: Kind, account: str) -> dict[int, int]:
    """Give the digest of each block, by the number that it begins with."""
    found: dict[int, int] = {}
    first = 0
    for row in _numbered_rows(tx, kind, account, 0, _ROWS_AT_ONCE):
        if _begins(row.number):
            first = row.number
        found[first] = found.get(first, 0) + row.digest
    return found


def block_from(tx: Transaction, kind: Kind, account: str, first: int) -> list[Digested]:
    """Give the resources of the block that begins with a number."""
    following = _numbered_rows(tx, kind, account, first, 2 << _BLOCK_BITS)
    rows = list(takewhile(lambda row: row.number == first or not _begins(row.number), following))
    items = _items(tx, account, {row.parent for row in rows if row.parent is not None})
    return [Digested(row.external_id, row.digest, items.get(row.parent)) for row in rows]


def _begins(number: int) -> bool:
    return not number & _START


def _numbered_rows(
    tx: Transaction, kind: Kind, account: str, first: int, most: int
) -> Iterator[_Row]:
    parent = "null" if kind.shown.many else f"{kind.shown.target}_number"
    while True:
        rows = tx.all(
            f"-- digests\nselect number, external_id,"
            f" hashtextextended(external_id || ' ' || attributes, 0) & {_MASK}, {parent}"
            f" from {kind.table} where account = :account and number >= :first"
            " order by number limit :most",
            account=account,
            first=first,
            most=most,
        )
        if not rows:
            return
        last = rows[-1][0]
        members = _memberships(tx, account, first, last) if kind is ITEM else {}
        for number, external_id, digest, owner in rows:
            yield _Row(number, external_id, digest + members.get(number, 0), owner)
        first = last + 1


def _memberships(tx: Transaction, account: str, first: int, last: int) -> dict[int, int]:
    rows = tx.all(
        "select item_number, cast(sum(hashtextextended(cast(category_number as text), 0)"
        f" & {_MASK}) as bigint) from item_categories where account = :account"
        " and item_number >= :first and item_number <= :last group by item_number",
        account=account,
        first=first,
        last=last,
    )
    return dict(rows)


def _items(tx: Transaction, account: str, numbers: set[int]) -> dict[int | None, str]:
    if not numbers:
        return {}
    rows = tx.all(
        "select number, external_id from items where account = :account"
        f" and {tx.dialect.among('number', 'numbers')}",
        account=account,
        numbers=tx.dialect.array(numbers),
    )
    return dict(rows)
