"""Pages of items, variants and categories: filtered, in the order of creation, by keyset.

One condition drives: the one that leaves least to look at has its index walked, in the order of the
page. The others are tested on what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.store import search
from backroom.store.forms import (
    MISFIT,
    Form,
    Gathered,
    Reading,
    Rows,
    as_gathered,
    filled,
    gathering,
)
from backroom.store.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect


@dataclass
class Asked:
    """What a page shall hold.

    `related` has kinds' names and numbers of resources that all on the page belong to, `equal`
    columns and their values, `parts` folded texts to be found; `border` is the number beyond which
    the page begins, `ascending` the direction in which it goes on from there. What is written comes
    in the opposite order where not `onward`.
    """

    size: int
    ascending: bool = True
    onward: bool = True
    border: int | None = None
    external_ids: list[str] | None = None
    related: list[tuple[str, int]] = field(default_factory=list)
    equal: dict[str, Any] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    bare: bool = False
    """Leave the attributes out: only ids are wanted."""


_LINKS = {
    ("item", "category"): ("item_number", "category_number"),
    ("category", "item"): ("category_number", "item_number"),
}
"""For a kind and one it is linked to, the columns of both in the table of links."""
_TELLING = "sku"
"""The column that tells most apart: hardly more than one resource has the same."""
_MANY = 1000
"""Resources with all the words of a search, from which on the words narrow down little."""


class RecordForm(NamedTuple):
    """How records are written. Where not `any_nulls`, only those without a null fit."""

    form: Form
    any_nulls: bool


class _Shape(NamedTuple):
    """What of a question is in the text of its statement; the values are bound."""

    kind: Kind
    ascending: bool
    onward: bool
    bordered: bool
    by_external_ids: bool
    related: tuple[str, ...]
    equal: tuple[str, ...]
    parts: int
    words_first: bool


def page(tx: Transaction, kind: Kind, account: str, asked: Asked) -> list[Record]:
    """Give the records next to the border, nearest first."""
    values = _values(tx.dialect, account, asked)
    attributes = "''" if asked.bare else "r.attributes"
    columns = f"r.number, r.external_id, {attributes}"
    rows = tx.all(_selected(tx.dialect, _shape(tx, kind, asked, values), columns), **values)
    return [Record(*row) for row in rows]


def written_page(
    tx: Transaction,
    kind: Kind,
    account: str,
    asked: Asked,
    form: RecordForm,
) -> Gathered | None:
    """Give the same written into a form; None where a record does not fit it."""
    values = _values(tx.dialect, account, asked)
    shape = _shape(tx, kind, asked, values)
    sql, parts, reading = _written(tx.dialect, shape, form)
    return as_gathered(tx.dialect, tx.all(sql, **values, **parts), reading)


def _values(dialect: Dialect, account: str, asked: Asked) -> dict[str, Any]:
    """Give what is bound to a statement."""
    values: dict[str, Any] = {"account": account, "size": asked.size} | asked.equal
    if asked.border is not None:
        values["border"] = asked.border
    if asked.external_ids is not None:
        values["external_ids"] = dialect.array(asked.external_ids)
    for place, (_, number) in enumerate(asked.related):
        values[f"related_{place}"] = number
    for place, part in enumerate(asked.parts):
        values[f"part_{place}"] = part
    if asked.parts:
        values["grams"] = search.match(dialect, account, asked.parts)
    return values


def _shape(tx: Transaction, kind: Kind, asked: Asked, values: dict[str, Any]) -> _Shape:
    return _Shape(
        kind,
        asked.ascending,
        asked.onward,
        bordered=asked.border is not None,
        by_external_ids=asked.external_ids is not None,
        related=tuple(name for name, _ in asked.related),
        equal=tuple(asked.equal),
        parts=len(asked.parts),
        words_first=bool(asked.parts and asked.related) and _words_are_rare(tx, kind, values),
    )


def _words_are_rare(tx: Transaction, kind: Kind, values: dict[str, Any]) -> bool:
    """Whether looking for the words leaves less to look at than following the links."""
    grams = search.table(kind)
    matched = tx.dialect.search.match.format(table=grams)
    row = tx.one(
        f"select count(*) from (select 1 from {grams} where {matched} limit {_MANY}) matched",
        account=values["account"],
        grams=values["grams"],
    )
    return row is not None and row[0] < _MANY


@lru_cache(maxsize=1024)
def _selected(dialect: Dialect, shape: _Shape, columns: str) -> str:
    return _Statement(dialect, shape).sql(columns)


@lru_cache(maxsize=1024)
def _written(
    dialect: Dialect, shape: _Shape, form: RecordForm
) -> tuple[str, dict[str, str], Reading]:
    """Give the statement for a page in a form, the values bound to the form, and how it reads."""
    (text,), parts = filled(dialect, form.form)
    if not form.any_nulls:
        has_null = dialect.holds.format("r.attributes", "'null'")
        text = f"case when {has_null} then '{MISFIT}' else {text} end"
    statement = _Statement(dialect, shape)
    rows = Rows("r.number", text, statement.sql, f"({statement.nearest_awkward})")
    start = form.form.parts[0]
    reading = Reading(shape.ascending, shape.onward, start, any_misfits=not form.any_nulls)
    return gathering(dialect, rows, reading), parts, reading


class _Statement:
    """Composes a statement from the shape of a question."""

    def __init__(self, dialect: Dialect, shape: _Shape) -> None:
        self._dialect = dialect
        self._shape = shape
        self._from = f"{shape.kind.table} r"
        self._order = "r.number"
        self._where = ["r.account = :account"]
        self._driven = False

    @property
    def _beyond(self) -> str:
        return f" {'>' if self._shape.ascending else '<'} :border"

    @property
    def nearest_awkward(self) -> str:
        """The statement for the number of the nearest record whose name fits no form."""
        shape = self._shape
        beyond = f" and number{self._beyond}" if shape.bordered else ""
        return (
            f"select {'min' if shape.ascending else 'max'}(number) from {shape.kind.table}"
            f" where account = :account{beyond} and {self._dialect.awkward.format('external_id')}"
        )

    def sql(self, columns: str) -> str:
        """Give the statement that asks for columns of `r`; it is composed once."""
        shape = self._shape
        self._by_external_ids()
        self._by_columns(name for name in shape.equal if name == _TELLING)
        for condition in (
            (self._by_parts, self._by_related)
            if shape.words_first
            else (self._by_related, self._by_parts)
        ):
            condition()
        self._by_columns(name for name in shape.equal if name != _TELLING)
        if shape.bordered:
            self._where.append(self._order + self._beyond)
        return (
            f"select {columns} from {self._from}"
            f" where {' and '.join(self._where)}"
            f" order by {self._order} {'asc' if shape.ascending else 'desc'} limit :size"
        )

    def _drive(self) -> bool:
        """Whether this condition is the first, and so the one that drives."""
        first = not self._driven
        self._driven = True
        return first

    def _tested(self, column: str, apart: bool) -> str:  # noqa: FBT001 - one of two forms
        """Give a column; `apart` from its index, which is not to be walked for this."""
        return self._dialect.unindexed.format(column) if apart else column

    def _by_external_ids(self) -> None:
        if self._shape.by_external_ids:
            self._drive()
            self._order = self._tested("r.number", apart=True)
            self._where.append(self._dialect.among("r.external_id", "external_ids"))

    def _by_related(self) -> None:
        for place, name in enumerate(self._shape.related):
            bound = f"related_{place}"
            link = _LINKS.get((self._shape.kind.name, name))
            if link is None:
                column = self._tested(f"r.{name}_number", not self._drive())
                self._where.append(f"{column} = :{bound}")
            elif self._drive():
                self._driven_by_links(*link, bound)
            else:
                self._where.append(self._linked(*link, bound))

    def _driven_by_links(self, own: str, other: str, bound: str) -> None:
        self._from = f"item_categories l cross join {self._shape.kind.table} r"
        self._order = f"l.{own}"
        self._where[:0] = ["l.account = :account", f"l.{other} = :{bound}"]
        self._where.append(f"r.number = l.{own}")

    @staticmethod
    def _linked(own: str, other: str, bound: str) -> str:
        return (
            "exists (select 1 from item_categories l where l.account = :account"
            f" and l.{other} = :{bound} and l.{own} = r.number)"
        )

    def _by_parts(self) -> None:
        """Find the words of all parts at once; then compare each part with the text itself."""
        for place in range(self._shape.parts):
            self._where.append(self._dialect.holds.format("r.search_text", f":part_{place}"))
        if self._shape.parts and self._drive():
            grams = search.table(self._shape.kind)
            self._from = f"{grams} cross join {self._shape.kind.table} r"
            self._order = f"{grams}.{self._dialect.search.number}"
            self._where[:0] = [self._dialect.search.match.format(table=grams)]
            self._where.append(f"r.number = {self._order}")

    def _by_columns(self, names: Iterable[str]) -> None:
        for name in names:
            self._where.append(self._tested(f"r.{name}", not self._drive()) + f" = :{name}")


def parents(tx: Transaction, account: str, variants: list[int]) -> dict[int, str]:
    """Give the external id of the item that each variant, by number, belongs to."""
    # The variant's own external id is not needed, but keeps SQLite from walking the index by item,
    # which would have all that is needed otherwise, through the whole account.
    rows = tx.all(
        "select v.number, i.external_id, v.external_id from variants v join items i"
        " on i.account = v.account and i.number = v.item_number"
        f" where v.account = :account and {tx.dialect.among('v.number', 'numbers')}",
        account=account,
        numbers=tx.dialect.array(variants),
    )
    return {row[0]: row[1] for row in rows}
