"""Large records: their attributes are read only as far as an answer has room for them.

Nearly all records are small, and a page reads a hundred of them at once. But a record may have a
megabyte of attributes, and an answer with a hundred of those would be in memory several times. So
the statements of pages leave the attributes of large records out. The functions here read them
afterwards, in the order of the page, until `ROOM_BYTES` are used up.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from backroom.store import page_statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction

ROOM_BYTES = 4 * 2**20
"""How many bytes of attributes an answer may hold. A hundred small records always fit."""


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
    asked["numbers"] = tx.dialect.array([row[0] for row in kept if row[2] is None])
    read: dict[int, bytes] = dict(
        tx.all(page_statements.attributes_statement(tx.dialect, kind), **asked)
    )
    return [row if row[2] is not None else (*row[:2], read[row[0]], *row[3:]) for row in kept]


def fitting_owners(tx: Transaction, kind: Kind, account: str, numbers: Sequence[int]) -> int:
    """Give how many records fit into one answer with what they include, from the first on.

    The first always does, though perhaps not with all that it includes.
    """
    statement = page_statements.included_sizes_statement(tx.dialect, kind)
    values = tx.dialect.array(numbers)
    sizes = {row[0]: int(row[1] or 0) for row in tx.all(statement, account=account, numbers=values)}
    return _count_fitting([sizes.get(number, 0) for number in numbers])


def _count_fitting(sizes: Sequence[int]) -> int:
    return max(1, sum(total <= ROOM_BYTES for total in accumulate(sizes)))
