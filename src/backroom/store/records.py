"""Items, variants and categories as rows.

A row holds the attributes as one JSON text, in the newest shape and the order of the wire, beside
the few columns that filters need. Statements are made once for each kind, from the table of kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.catalog.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect


class Record(NamedTuple):
    """One resource. `number` is its place in the order of creation, `attributes` JSON text."""

    number: int
    external_id: str
    attributes: str


class Values(NamedTuple):
    """A record to be written.

    `columns` has the attributes with a column of their own, `parent` a variant's item's number.
    """

    number: int
    external_id: str
    attributes: str
    columns: dict[str, Any]
    parent: int | None = None


@dataclass(frozen=True)
class _Statements:
    numbers: str
    find: str
    insert: str
    update: str
    delete: str


@cache
def _statements(kind: Kind, dialect: Dialect) -> _Statements:
    parent = ("item_number",) if kind.shown_relation == "item" else ()
    columns = ("account", "number", "external_id", *kind.columns, *parent, "attributes")
    changed = (*kind.columns, "attributes")
    among = dialect.among("external_id", "external_ids")
    return _Statements(
        numbers=(
            f"select external_id, number from {kind.table} where account = :account and {among}"
        ),
        find=(
            f"select number, external_id, attributes from {kind.table}"
            f" where account = :account and {among}"
        ),
        insert=(
            f"insert into {kind.table} ({', '.join(columns)})"
            f" values ({', '.join(':' + column for column in columns)})"
        ),
        update=(
            f"update {kind.table} set {', '.join(f'{column} = :{column}' for column in changed)}"
            " where account = :account and number = :number"
        ),
        delete=f"delete from {kind.table} where account = :account and number = :number",
    )


def numbers(
    tx: Transaction, kind: Kind, account: str, external_ids: Iterable[str]
) -> dict[str, int]:
    """Give the numbers of those of `external_ids` that exist."""
    sql = _statements(kind, tx.dialect).numbers
    return dict(tx.all(sql, account=account, external_ids=tx.dialect.array(external_ids)))


def find(
    tx: Transaction, kind: Kind, account: str, external_ids: Iterable[str]
) -> dict[str, Record]:
    """Give those of `external_ids` that exist."""
    sql = _statements(kind, tx.dialect).find
    rows = tx.all(sql, account=account, external_ids=tx.dialect.array(external_ids))
    return {row[1]: Record(*row) for row in rows}


def insert(tx: Transaction, kind: Kind, account: str, values: Iterable[Values]) -> None:
    """Add records that are known not to exist."""
    tx.many(_statements(kind, tx.dialect).insert, _bound(account, values))


def update(tx: Transaction, kind: Kind, account: str, values: Iterable[Values]) -> None:
    """Replace the attributes of records, found by their number."""
    tx.many(_statements(kind, tx.dialect).update, _bound(account, values))


def _bound(account: str, values: Iterable[Values]) -> list[dict[str, Any]]:
    return [
        {
            "account": account,
            "number": each.number,
            "external_id": each.external_id,
            "attributes": each.attributes,
            "item_number": each.parent,
            **each.columns,
        }
        for each in values
    ]


def delete(tx: Transaction, kind: Kind, account: str, gone: Iterable[int]) -> None:
    """Remove records by number, and what hangs on them (observed: an item takes its variants)."""
    rows = [{"account": account, "number": number} for number in gone]
    tx.many(_statements(kind, tx.dialect).delete, rows)
    for sql in _DEPENDENTS[kind.name]:
        tx.many(sql, rows)


_DEPENDENTS = {
    "item": (
        "delete from variants where account = :account and item_number = :number",
        "delete from item_categories where account = :account and item_number = :number",
    ),
    "variant": (),
    "category": (
        "delete from item_categories where account = :account and category_number = :number",
    ),
}
assert _DEPENDENTS.keys() == KINDS.keys()  # noqa: S101 - a fourth kind must say what hangs on it
