"""Large records: their attributes are read only as far as an answer has room for them.

Nearly all records are small, and a page reads a hundred of them at once. But a record may have a
megabyte of attributes, and an answer with a hundred of those would be in memory several times. So
the statements of pages leave the attributes of large records out. The functions here read them
afterwards, in the order of the page, until `ROOM_BYTES` are used up.

An answer with more than `LOOP_BYTES` of attributes takes some milliseconds to write, so it is
written in a thread.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from backroom.catalog.kinds import KINDS
from backroom.store import page_statements, pages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction
    from backroom.store.page_statements import Columns

ROOM_BYTES = 4 * 2**20
"""How many bytes of attributes an answer may hold. A hundred small records always fit."""
LOOP_BYTES = 2**20
"""How many bytes of attributes an answer may hold that is written on an event loop."""
_MOST_INCLUDED_AT_ONCE = 2_000
"""So many included records, if none is large, take 16 MB at most before they are counted."""


def filled_rows(tx: Transaction, kind: Kind, account: str, rows: Sequence[Row]) -> list[Row]:
    """Give the rows that fit into one answer, from the first on, with all their attributes.

    `rows` are of `pages.records_page`, with attributes. The first row always fits.
    """
    large = [row[0] for row in rows if row[2] is None]
    if not large:
        return list(rows)
    asked = {"account": account, "numbers": tx.dialect.array(large)}
    sizes: dict[int, int] = dict(tx.all(page_statements.sizes_statement(tx.dialect, kind), **asked))
    needed = [sizes[row[0]] if row[2] is None else len(row[2]) for row in rows]
    kept = rows[: _count_fitting(needed)]
    if sum(needed[: len(kept)]) > LOOP_BYTES:
        tx.leave_loop()
    asked["numbers"] = tx.dialect.array([row[0] for row in kept if row[2] is None])
    read: dict[int, bytes] = dict(
        tx.all(page_statements.attributes_statement(tx.dialect, kind), **asked)
    )
    return [row if row[2] is not None else (*row[:2], read[row[0]], *row[3:]) for row in kept]


def with_included(
    tx: Transaction,
    kind: Kind,
    account: str,
    rows: list[Row],
    columns: Columns,
    *,
    turned: bool = False,
) -> tuple[list[Row], list[Row]]:
    """Give the rows that fit into one answer with what they include, and that.

    The first row always fits, though perhaps not with all that it includes. What is included stands
    in the order of the rows, or in the other order if `turned`.
    """
    numbers = [row[0] for row in rows]
    found = pages.included(
        tx, kind, account, _turned(numbers, turned), columns, _MOST_INCLUDED_AT_ONCE
    )
    size = _attribute_bytes(found, columns)
    if len(found) < _MOST_INCLUDED_AT_ONCE and size <= LOOP_BYTES:
        return rows, found
    tx.leave_loop()
    if len(found) < _MOST_INCLUDED_AT_ONCE and size <= ROOM_BYTES:
        return rows, found
    fitting = _count_fitting(included_sizes(tx, kind, account, numbers))
    found = pages.included(tx, kind, account, _turned(numbers[:fitting], turned), columns)
    if columns.attributes:
        found = filled_rows(tx, KINDS[kind.shown.target], account, found)
    return rows[:fitting], found


def _turned(numbers: list[int], turned: bool) -> list[int]:  # noqa: FBT001 - one of two orders
    return numbers[::-1] if turned else numbers


def _attribute_bytes(rows: Sequence[Row], columns: Columns) -> float:
    """Give the bytes of the rows' attributes; infinity if a large record is among them."""
    if not columns.attributes:
        return 0
    attributes = [row[2] for row in rows]
    return math.inf if None in attributes else sum(map(len, attributes))


def included_sizes(
    tx: Transaction, kind: Kind, account: str, numbers: Sequence[int]
) -> Iterator[int]:
    """Give the bytes of attributes that each record includes."""
    statement = page_statements.included_sizes_statement(tx.dialect, kind)
    found = tx.all(statement, account=account, numbers=tx.dialect.array(numbers))
    sizes = {row[0]: int(row[1] or 0) for row in found}
    return (sizes.get(number, 0) for number in numbers)


def _count_fitting(sizes: Iterable[int]) -> int:
    return max(1, sum(total <= ROOM_BYTES for total in accumulate(sizes)))
