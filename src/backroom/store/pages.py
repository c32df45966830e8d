"""Pages of items, variants and categories: filtered, in the order of creation, by keyset.

`store/page_statements.py` has the statements, and says which condition of a question drives.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from backroom.store import page_statements, search
from backroom.store.linkage import LINKED_AT_MOST
from backroom.store.page_statements import Columns, PageForm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction
    from backroom.store.dialects import Dialect

__all__ = ["LINKED_AT_MOST", "Columns"]

RARITY_SECONDS = 10.0
"""How long it is believed that words are rare, or that they are not."""
_MOST_RARITIES = 1000
_rarities: dict[tuple[Any, ...], tuple[bool, float]] = {}
"""Whether words are rare among linked rows, and until when that is believed."""


@dataclass
class RecordQuestion:
    """Which records a page holds: at most `size`, in the order of their numbers.

    `related` names resources to which every record is linked, each by its kind's name and its
    number. `equal` has columns with the value that they must have. `parts` are folded texts that
    the searched text must contain. The page begins beyond the number `border` and goes up from it
    if `ascending`, else down.
    """

    size: int
    ascending: bool = True
    border: int | None = None
    external_ids: list[str] | None = None
    """Each once."""
    related: list[tuple[str, int]] = field(default_factory=list)
    equal: dict[str, Any] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)


def records_page(
    tx: Transaction, kind: Kind, account: str, question: RecordQuestion, columns: Columns
) -> list[Row]:
    """Give the records next to the border, nearest first.

    A row is: the record's number; its external id, as bytes; its attributes, as the bytes of the
    stored JSON, or None if it is a large record; the external ids in its shown relationship, as
    bytes with a zero between them, or None if it holds nothing; 1 if an attribute may be null, else
    0; and the attributes of `columns.named`, texts as bytes, truth values as 0 or 1.

    `store/large_records.py` reads the attributes of large records.
    """
    rows, ordered = _found_rows(tx, kind, account, question, columns)
    if not ordered:
        rows.sort(key=_number, reverse=not question.ascending)
    return rows


def _found_rows(
    tx: Transaction, kind: Kind, account: str, question: RecordQuestion, columns: Columns
) -> tuple[list[Row], bool]:
    """Give the rows of a page, and whether the database has put them in order."""
    values = _bound_values(tx.dialect, account, question)
    form = _form(tx, kind, question, values)
    statement = page_statements.page_statement(tx.dialect, form, columns)
    return tx.all(statement, **values), form.ordered


_number = itemgetter(0)


def included(
    tx: Transaction,
    kind: Kind,
    account: str,
    numbers: Sequence[int],
    columns: Columns,
    most: int | None = None,
) -> list[Row]:
    """Give the records that those with `numbers` hold in their shown relationship, in that order.

    The rows are like those of `records_page`, at most `most`, each with one more column: the place
    of its owner among `numbers`.
    """
    rows = tx.all(
        page_statements.included_statement(tx.dialect, kind, columns),
        account=account,
        numbers=tx.dialect.array(numbers),
        most=len(numbers) * LINKED_AT_MOST if most is None else most,
    )
    rows.sort(key=itemgetter(-1, 0))
    return rows


def in_order(
    tx: Transaction, kind: Kind, account: str, external_ids: Sequence[str], columns: Columns
) -> list[Row]:
    """Give the records of `external_ids` that exist, in that order, as rows of `records_page`."""
    unique = list(dict.fromkeys(external_ids))
    question = RecordQuestion(size=len(unique), external_ids=unique)
    rows, _ = _found_rows(tx, kind, account, question, columns)
    # No stored id has a zero, so all are encoded at once.
    named = "\0".join(external_ids).encode().split(b"\0")
    if [row[1] for row in rows] == named:
        # All of them exist, and SQLite has found one after the other.
        return rows
    found = {row[1]: row for row in rows}
    return [row for row in map(found.get, named) if row is not None]


def _bound_values(dialect: Dialect, account: str, question: RecordQuestion) -> dict[str, Any]:
    """Give the values that are bound to a statement, by name."""
    values: dict[str, Any] = {"account": account, "size": question.size} | question.equal
    if question.border is not None:
        values["border"] = question.border
    if question.external_ids is not None:
        values["external_ids"] = dialect.array(question.external_ids)
    for place, (_, number) in enumerate(question.related):
        values[f"related_{place}"] = number
    for place, part in enumerate(question.parts):
        values[f"part_{place}"] = part
    if question.parts:
        values["grams"] = search.words_query(dialect, account, question.parts)
    return values


def _form(
    tx: Transaction, kind: Kind, question: RecordQuestion, values: dict[str, Any]
) -> PageForm:
    return PageForm(
        kind,
        question.ascending,
        bordered=question.border is not None,
        by_external_ids=question.external_ids is not None,
        related=tuple(name for name, _ in question.related),
        equal=tuple(question.equal),
        parts=len(question.parts),
        ordered=question.external_ids is None or len(question.external_ids) > question.size,
        words_first=bool(question.parts and question.related)
        and _words_are_rare(tx, kind, question, values),
    )


def _words_are_rare(
    tx: Transaction, kind: Kind, question: RecordQuestion, values: dict[str, Any]
) -> bool:
    """Whether fewer rows have the words than are linked to the first related resource.

    The links are counted up to a limit, and the rows with the words up to the number of links. So
    this takes no longer in a large catalog than in a small one. All pages of a list ask it, so an
    answer is kept for some seconds: where it is no longer true, the page is the same, only slower.
    """
    related, number = question.related[0]
    asked = (tx.dialect, kind, values["account"], related, number, *question.parts)
    now = time.monotonic()
    rare, until = _rarities.get(asked, (False, 0.0))
    if now >= until:
        rare = _words_are_rare_now(tx, kind, question, values)
        if len(_rarities) >= _MOST_RARITIES:
            _rarities.clear()
        _rarities[asked] = (rare, now + RARITY_SECONDS)
    return rare


def _words_are_rare_now(
    tx: Transaction, kind: Kind, question: RecordQuestion, values: dict[str, Any]
) -> bool:
    related, number = question.related[0]
    row = tx.one(
        page_statements.rarer_statement(tx.dialect, kind, related),
        account=values["account"],
        grams=values["grams"],
        related_0=number,
    )
    return row is not None and row[0] < row[1]
