"""Items, variants and categories as rows.

A row has all attributes as one JSON text, in the newest shape and in the order of the wire. Beside
it stand copies of the few attributes that filters compare. Statements are composed from the table
of kinds, once for each kind and engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Kind
from backroom.store import linkage, links, search

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect


class Record(NamedTuple):
    """One resource. `number` is its place in the order of creation, `attributes` is JSON text."""

    number: int
    external_id: str
    attributes: str


class Values(NamedTuple):
    """A record that will be written.

    `columns` has at least the attributes with a column of their own and those that may be null.
    `search_text` is the folded text that searches look into. `parent` is the number of a variant's
    item.
    """

    number: int
    external_id: str
    attributes: str
    columns: Mapping[str, Any]
    search_text: str
    parent: int | None = None


@dataclass(frozen=True)
class _Statements:
    number: str
    numbers: str
    find: str
    added: tuple[str, ...]
    update: str
    delete: str


@cache
def _statements(kind: Kind, dialect: Dialect) -> _Statements:
    parent = () if kind.shown.many else (f"{kind.shown.target}_number", "linkage")
    changed = ("attributes", "search_text", "nulls", *kind.columns)
    among = dialect.among("external_id", "external_ids")
    return _Statements(
        number=(
            f"select number from {kind.table}"
            " where account = :account and external_id = :external_id"
        ),
        numbers=(
            f"select external_id, number from {kind.table} where account = :account and {among}"
        ),
        find=(
            f"select number, external_id, attributes from {kind.table}"
            f" where account = :account and {among}"
        ),
        added=("account", "number", "external_id", *changed, *parent),
        update=(
            f"update {kind.table} set {', '.join(f'{column} = :{column}' for column in changed)}"
            " where account = :account and number = :number"
        ),
        delete=(
            f"delete from {kind.table} where account = :account"
            f" and {dialect.among('number', 'numbers')}"
            f" returning {parent[0] if parent else 'null'}"
        ),
    )


def record_number(tx: Transaction, kind: Kind, account: str, external_id: str) -> int | None:
    """Give the number of the record with `external_id`, None where there is none."""
    sql = _statements(kind, tx.dialect).number
    row = tx.one(sql, account=account, external_id=external_id)
    return None if row is None else row[0]


def numbers(
    tx: Transaction, kind: Kind, account: str, external_ids: Iterable[str]
) -> dict[str, int]:
    """Give the numbers of the records with `external_ids`, by external id, where they exist."""
    sql = _statements(kind, tx.dialect).numbers
    return dict(tx.all(sql, account=account, external_ids=tx.dialect.array(external_ids)))


def find(
    tx: Transaction, kind: Kind, account: str, external_ids: Iterable[str]
) -> dict[str, Record]:
    """Give the records with `external_ids`, by external id, where they exist."""
    sql = _statements(kind, tx.dialect).find
    rows = tx.all(sql, account=account, external_ids=tx.dialect.array(external_ids))
    return {row[1]: Record(*row) for row in rows}


def insert(tx: Transaction, kind: Kind, account: str, values: Iterable[Values]) -> None:
    """Add records. None of them may exist."""
    added = list(values)
    columns = _statements(kind, tx.dialect).added
    parents = {each.parent for each in added if each.parent is not None}
    names = linkage.of_one(tx, ITEM, account, parents)
    rows = [
        # The columns about a parent are the last. Kinds without it leave the values out.
        (
            *(account, each.number, each.external_id, *_changed(kind, each)),
            *(each.parent, None if each.parent is None else names.get(each.parent)),
        )[: len(columns)]
        for each in added
    ]
    tx.insert(kind.table, columns, rows)
    linkage.renew(tx, ITEM, account, parents)
    search.index(tx, kind, account, [(each.number, each.search_text) for each in added], fresh=True)


def update(
    tx: Transaction, kind: Kind, account: str, values: Iterable[Values], renamed: set[int]
) -> None:
    """Replace the attributes of records by number. Those in `renamed` have a new searched text."""
    changed = list(values)
    rows = [(*_changed(kind, each), account, each.number) for each in changed]
    tx.many(_statements(kind, tx.dialect).update, rows)
    texts = [(each.number, each.search_text) for each in changed if each.number in renamed]
    search.index(tx, kind, account, texts, fresh=False)


def _changed(kind: Kind, values: Values) -> tuple[Any, ...]:
    held = map(values.columns.__getitem__, kind.columns)
    # Both engines store truth values as integers, so the same statements serve both.
    own = [int(value) if isinstance(value, bool) else value for value in held]
    nulls = any(values.columns[name] is None for name in kind.nullable)
    return (values.attributes, values.search_text, int(nulls), *own)


def delete(tx: Transaction, kind: Kind, account: str, gone: Sequence[int]) -> None:
    """Remove records by number, and the rows that depend on them."""
    if gone:
        sql = _statements(kind, tx.dialect).delete
        parents = tx.all(sql, account=account, numbers=tx.dialect.array(gone))
        search.forget(tx, kind, account, gone)
        _DEPENDENTS[kind.name](tx, account, gone)
        linkage.renew(tx, ITEM, account, [row[0] for row in parents if row[0] is not None])


def _delete_with_items(tx: Transaction, account: str, gone: Sequence[int]) -> None:
    """Remove the items' variants (observed) and take them out of their categories."""
    variants = tx.all(
        f"delete from variants where account = :account"
        f" and {tx.dialect.among('item_number', 'items')} returning number",
        account=account,
        items=tx.dialect.array(gone),
    )
    search.forget(tx, VARIANT, account, [row[0] for row in variants])
    links.clear(tx, account, "categories", gone)


def _delete_with_categories(tx: Transaction, account: str, gone: Sequence[int]) -> None:
    """Keep the categories' items (observed). Housekeeping removes the links little by little.

    A category may hold a whole catalog, and a commit of so many rows would keep others waiting.
    """
    rows = [(account, number) for number in gone]
    tx.insert("emptied_categories", ("account", "category_number"), rows)


def _delete_alone(_: Transaction, __: str, ___: Sequence[int]) -> None:
    pass


_DEPENDENTS = {
    ITEM.name: _delete_with_items,
    VARIANT.name: _delete_alone,
    CATEGORY.name: _delete_with_categories,
}
"""For each kind, the function that removes the rows that depend on its records."""
