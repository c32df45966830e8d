"""Pages of items, variants and categories: filtered, in the order of creation, by keyset.

One condition drives: the one that leaves least to look at has its index walked, in the order of the
page. The others are tested on what it finds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.store import search
from backroom.store.forms import Form, Gathered, Rows, as_gathered, filled, gathering
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


_PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~-"
"""What neither JSON nor a URL writes in another way."""


def page(tx: Transaction, kind: Kind, account: str, asked: Asked) -> list[Record]:
    """Give the records next to the border, nearest first."""
    statement = _Statement(tx, kind, account, asked)
    attributes = "''" if asked.bare else "r.attributes"
    rows = tx.all(statement.sql(f"r.number, r.external_id, {attributes}"), **statement.values)
    return [Record(*row) for row in rows]


def written_page(
    tx: Transaction,
    kind: Kind,
    account: str,
    asked: Asked,
    form: RecordForm,
) -> Gathered | None:
    """Give the same written into a form; None where a record does not fit it."""
    statement = _Statement(tx, kind, account, asked)
    text, values = _written(tx.dialect, form)
    # All names are looked at together: looking at each takes as long as writing them.
    rows = Rows(statement.sql, "r.number", text, "r.external_id")
    sql = gathering(tx.dialect, rows, ascending=asked.ascending, onward=asked.onward)
    found = tx.all(sql, **values, **statement.values)
    gathered = as_gathered(tx.dialect, found, onward=asked.onward)
    is_plain = gathered is not None and not gathered.names.translate(None, _PLAIN)
    return gathered if is_plain else None


@lru_cache(maxsize=512)
def _written(dialect: Dialect, form: RecordForm) -> tuple[str, dict[str, str]]:
    """Give the expression of a record's text, and the values it is bound to."""
    (text,), values = filled(dialect, form.form)
    if not form.any_nulls:
        has_null = dialect.holds.format("r.attributes", "'null'")
        text = f"case when not {has_null} then {text} end"
    return text, values


class _Statement:
    """Composes one statement from what is asked. All values are bound."""

    def __init__(self, tx: Transaction, kind: Kind, account: str, asked: Asked) -> None:
        self._tx = tx
        self._dialect = tx.dialect
        self._kind = kind
        self._asked = asked
        self._from = f"{kind.table} r"
        self._order = "r.number"
        self._where = ["r.account = :account"]
        self.values: dict[str, Any] = {"account": account, "size": asked.size}
        self._driven = False

    def sql(self, columns: str) -> str:
        """Give the statement that asks for columns of `r`."""
        asked = self._asked
        self._by_external_ids()
        self._by_columns(name for name in asked.equal if name == _TELLING)
        words_first = bool(asked.parts and asked.related) and self._words_are_rare()
        for condition in (
            (self._by_parts, self._by_related)
            if words_first
            else (self._by_related, self._by_parts)
        ):
            condition()
        self._by_columns(name for name in asked.equal if name != _TELLING)
        if asked.border is not None:
            self.values["border"] = asked.border
            self._where.append(f"{self._order} {'>' if asked.ascending else '<'} :border")
        return (
            f"select {columns} from {self._from}"
            f" where {' and '.join(self._where)}"
            f" order by {self._order} {'asc' if asked.ascending else 'desc'} limit :size"
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
        if self._asked.external_ids is None:
            return
        self._drive()
        self._order = self._tested("r.number", apart=True)
        self._where.append(self._dialect.among("r.external_id", "external_ids"))
        self.values["external_ids"] = self._dialect.array(self._asked.external_ids)

    def _by_related(self) -> None:
        for place, (name, number) in enumerate(self._asked.related):
            bound = f"related_{place}"
            self.values[bound] = number
            link = _LINKS.get((self._kind.name, name))
            if link is None:
                column = self._tested(f"r.{name}_number", not self._drive())
                self._where.append(f"{column} = :{bound}")
            elif self._drive():
                self._driven_by_links(*link, bound)
            else:
                self._where.append(self._linked(*link, bound))

    def _driven_by_links(self, own: str, other: str, bound: str) -> None:
        self._from = f"item_categories l cross join {self._kind.table} r"
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
        for place, part in enumerate(self._asked.parts):
            self.values[f"part_{place}"] = part
            self._where.append(self._dialect.holds.format("r.search_text", f":part_{place}"))
        if self._asked.parts and self._drive():
            grams = search.table(self._kind)
            self._from = f"{grams} cross join {self._kind.table} r"
            self._order = f"{grams}.{self._dialect.gram_number}"
            self._where[:0] = [self._matched()]
            self._where.append(f"r.number = {self._order}")

    def _matched(self) -> str:
        """Give the condition that a record has all words of all parts."""
        account = self.values["account"]
        self.values["grams"] = search.match(self._dialect, account, self._asked.parts)
        return self._dialect.gram_match.format(table=search.table(self._kind))

    def _words_are_rare(self) -> bool:
        """Whether looking for the words leaves less to look at than following the links."""
        sql = (
            f"select count(*) from (select 1 from {search.table(self._kind)}"
            f" where {self._matched()} limit {_MANY}) matched"
        )
        row = self._tx.one(sql, account=self.values["account"], grams=self.values["grams"])
        return row is not None and row[0] < _MANY

    def _by_columns(self, names: Iterable[str]) -> None:
        for name in names:
            self._where.append(self._tested(f"r.{name}", not self._drive()) + f" = :{name}")
            self.values[name] = self._asked.equal[name]


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
