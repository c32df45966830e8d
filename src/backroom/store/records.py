"""Items, variants and categories as rows.

A row holds the attributes as one JSON text, in the newest shape and the order of the wire, beside
the few columns that filters need. Statements are made once for each kind, from the table of kinds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Kind
from backroom.store import links, search

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect


class Record(NamedTuple):
    """One resource. `number` is its place in the order of creation, `attributes` JSON text."""

    number: int
    external_id: str
    attributes: str


class Values(NamedTuple):
    """A record to be written.

    `columns` has the attributes with a column of their own, `search_text` what is searched, folded,
    `parent` a variant's item's number.
    """

    number: int
    external_id: str
    attributes: str
    columns: dict[str, Any]
    search_text: str
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
    parent = () if kind.shown.many else (f"{kind.shown.target}_number",)
    changed = (*kind.columns, "search_text", "attributes")
    columns = ("account", "number", "external_id", *parent, *changed)
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
    added = list(values)
    tx.many(_statements(kind, tx.dialect).insert, _bound(account, added))
    search.index(tx, kind, account, ((each.number, each.search_text) for each in added), fresh=True)


def update(
    tx: Transaction, kind: Kind, account: str, values: Iterable[Values], renamed: set[int]
) -> None:
    """Replace the attributes of records, found by number; those `renamed` have another text."""
    changed = list(values)
    tx.many(_statements(kind, tx.dialect).update, _bound(account, changed))
    texts = ((each.number, each.search_text) for each in changed if each.number in renamed)
    search.index(tx, kind, account, texts, fresh=False)


def _bound(account: str, values: Iterable[Values]) -> list[dict[str, Any]]:
    return [
        {
            "account": account,
            "number": each.number,
            "external_id": each.external_id,
            "attributes": each.attributes,
            "item_number": each.parent,
            "search_text": each.search_text,
            **each.columns,
        }
        for each in values
    ]


def delete(tx: Transaction, kind: Kind, account: str, gone: Sequence[int]) -> None:
    """Remove records by number, and what hangs on them."""
    rows = [{"account": account, "number": number} for number in gone]
    tx.many(_statements(kind, tx.dialect).delete, rows)
    search.forget(tx, kind, account, gone)
    for number in gone:
        _DEPENDENTS[kind.name](tx, account, number)


def _delete_with_item(tx: Transaction, account: str, number: int) -> None:
    """Remove an item's variants (observed) and take it out of its categories."""
    variants = tx.all(
        "delete from variants where account = :account and item_number = :number returning number",
        account=account,
        number=number,
    )
    search.forget(tx, VARIANT, account, [row[0] for row in variants])
    links.clear(tx, account, "categories", number)


def _delete_with_category(tx: Transaction, account: str, number: int) -> None:
    """Leave a category's items (observed). Its links lead nowhere now and go little by little."""
    tx.run(
        "insert into emptied_categories (account, category_number) values (:account, :number)",
        account=account,
        number=number,
    )


def _delete_alone(_: Transaction, __: str, ___: int) -> None:
    pass


_DEPENDENTS = {
    ITEM.name: _delete_with_item,
    VARIANT.name: _delete_alone,
    CATEGORY.name: _delete_with_category,
}
"""What hangs on a record of each kind."""
