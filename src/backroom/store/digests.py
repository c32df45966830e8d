"""Digests of the resources of an account. By them a reader finds the changes since its last read.

The resources of a kind are in blocks, in the order of their numbers. Some numbers begin a block,
whatever other rows there are, so a new or deleted row changes its own block alone. The digest of a
block is the sum of those of its rows. That of an item also has the categories that it is in.

A database of SQLite keeps the digests of blocks, and makes only those of blocks anew whose rows
were touched (`kept_digests.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog.kinds import ITEM

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind
    from backroom.store.database import Transaction

DIGEST_BITS = 40
"""Bits of the digest of one row. A sum of millions of them is still a number of either engine."""
LAST_NUMBER = 2**63 - 1
"""No row has a greater number, nor this one."""
_BLOCK_BITS = 8
_NODE_BITS = 10
"""The low bits of a number are the same in all numbers of a process."""
_MASK = (1 << DIGEST_BITS) - 1
_BEGINS = f"number & {((1 << _BLOCK_BITS) - 1) << _NODE_BITS} = 0"
"""Whether a number begins a block."""


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


def blocks_of(
    tx: Transaction, kind: Kind, account: str, start: int = 0, end: int = LAST_NUMBER
) -> dict[int, int]:
    """Give the digest of each block, by the number that it begins with.

    Only rows from `start` on and before `end` count. Those before the first number that begins a
    block are the block of `start`.
    """
    rows = tx.all(
        "-- digests of blocks\nselect first, cast(sum(digest) as bigint) from (select"
        f" coalesce(max(case when {_BEGINS} then number end) over (order by number), :start)"
        f" as first, digest from ({_digested(kind)}) as digested) as placed group by first",
        account=account,
        start=start,
        end=end,
    )
    return dict(rows)


def block_from(tx: Transaction, kind: Kind, account: str, first: int) -> list[Digested]:
    """Give the resources of the block that begins with a number."""
    following = tx.one(
        f"select number from {kind.table} where account = :account and number > :first"
        f" and {_BEGINS} order by number limit 1",
        account=account,
        first=first,
    )
    end = following[0] if following else LAST_NUMBER
    found = tx.all(f"-- digests\n{_digested(kind)}", account=account, start=first, end=end)
    rows = [_Row(*each) for each in found]
    items = _items(tx, account, {row.parent for row in rows if row.parent is not None})
    return [Digested(row.external_id, row.digest, items.get(row.parent)) for row in rows]


def _digested(kind: Kind) -> str:
    """Compose the query for the rows of a kind between two numbers, each with its digest."""
    parent = "null" if kind.shown.many else f"numbered.{kind.shown.target}_number"
    own = _digest_of("external_id || ' ' || attributes")
    rows = f"{kind.table} as numbered"
    if kind is ITEM:
        own += " + coalesce(linked.digest, 0)"
        members = (
            "select item_number, cast(sum("
            f"{_digest_of('cast(category_number as text)')}) as bigint) as digest"
            " from item_categories where account = :account and item_number >= :start"
            " and item_number < :end group by item_number"
        )
        rows += f" left join ({members}) as linked on linked.item_number = numbered.number"
    return (
        f"select numbered.number, external_id, {own} as digest, {parent} as parent from {rows}"
        " where account = :account and numbered.number >= :start and numbered.number < :end"
    )


def _digest_of(text: str) -> str:
    return f"(hashtextextended({text}, 0) & {_MASK})"


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
