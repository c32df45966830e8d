"""Pages of items, variants and categories: filtered, in the order of creation, by keyset.

A question may have several conditions, and each has an index. Only one index can be walked in the
order of the page, so one condition *drives*: the statement walks its index from the border on,
tests all other conditions on each row that it meets, and stops when the page is full. Any condition
could drive, and the page would be the same. What differs is how many rows are met in vain: driven
by `published`, a search for a rare word would look at the whole catalog.

So the condition drives that leaves the fewest rows. `_Statement.sql` asks in this order:

1. External ids: at most as many rows as there are ids.
2. The SKU: hardly two variants have the same.
3. A related resource, or the words of the parts. Which of them leaves fewer rows differs from
   catalog to catalog, so a short statement counts both before (`_words_are_rare`), each only up to
   a limit.
4. Any other column, as `published`, which tells half of the catalog from the other half.
5. Without any condition the primary key is walked.

The text of a statement depends on which conditions there are, never on their values: so there are
few statements, and the databases keep them prepared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.catalog.kinds import KINDS
from backroom.store import search

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction
    from backroom.store.dialects import Dialect


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
    related: list[tuple[str, int]] = field(default_factory=list)
    equal: dict[str, Any] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)


class Columns(NamedTuple):
    """What a row has of a record, beside its number and its external id. The rest is null."""

    attributes: bool = True
    linkage: bool = False
    nulls: bool = False


LINKED_AT_MOST = 100
"""How many resources an answer names in the relationship of one resource, or includes for it.

The number of the real service is not known. There must be one, because a category may hold a whole
catalog. This one is the size of a page.
"""

_LINKS = {
    ("item", "category"): ("item_number", "category_number"),
    ("category", "item"): ("category_number", "item_number"),
}
"""For two kinds that are linked by a table, the columns of the first and the second in it."""
_MOST_SELECTIVE = "sku"
"""The column whose values are nearly unique."""
_FEW_LINKS = 200
"""Fewer links are followed in less time than it takes to look for any word."""
_COUNTED_LINKS = 1000
"""At most so many links are counted, to compare their number with that of rows with the words."""


class _Form(NamedTuple):
    """Everything of a question that decides the text of its statement. Values are bound instead."""

    kind: Kind
    ascending: bool
    bordered: bool
    by_external_ids: bool
    related: tuple[str, ...]
    equal: tuple[str, ...]
    parts: int
    words_first: bool
    ordered: bool
    """Whether the database orders and limits the rows. Where all rows fit on the page, because they
    are found by few external ids, `records_page` sorts them: the database's sorter would copy their
    long texts twice."""


def records_page(
    tx: Transaction, kind: Kind, account: str, question: RecordQuestion, columns: Columns
) -> list[Row]:
    """Give the records next to the border, nearest first.

    A row is: the record's number; its external id, as bytes; its attributes, as the bytes of the
    stored JSON; the external ids in its shown relationship, as bytes with a zero between them, or
    None if it holds nothing; and 1 if an attribute may be null, else 0.
    """
    values = _bound_values(tx.dialect, account, question)
    form = _form(tx, kind, question, values)
    rows = tx.all(_statement(tx.dialect, form, columns), **values)
    if not form.ordered:
        rows.sort(key=_number, reverse=not question.ascending)
    return rows


_number = itemgetter(0)


def included(
    tx: Transaction, kind: Kind, account: str, numbers: Iterable[int], columns: Columns
) -> list[Row]:
    """Give the records that those with `numbers` hold in their shown relationship, in that order.

    The rows are like those of `records_page`.
    """
    values = tx.dialect.array(numbers)
    return tx.all(_included_statement(tx.dialect, kind, columns), account=account, numbers=values)


def in_order(
    tx: Transaction, kind: Kind, account: str, external_ids: Sequence[str], columns: Columns
) -> list[Row]:
    """Give the records of `external_ids` that exist, in that order, as rows of `records_page`."""
    question = RecordQuestion(size=len(external_ids), external_ids=list(external_ids))
    found = {row[1]: row for row in records_page(tx, kind, account, question, columns)}
    named = [each.encode() for each in external_ids]
    return [found[name] for name in named if name in found]


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


def _form(tx: Transaction, kind: Kind, question: RecordQuestion, values: dict[str, Any]) -> _Form:
    return _Form(
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
    this takes no longer in a large catalog than in a small one.
    """
    related, number = question.related[0]
    row = tx.one(
        _rarer(tx.dialect, kind, related),
        account=values["account"],
        grams=values["grams"],
        related_0=number,
    )
    return row is not None and row[0] < row[1]


@cache
def _rarer(dialect: Dialect, kind: Kind, related: str) -> str:
    """Give the statement that counts the rows with the words, and the links."""
    grams = search.table(kind)
    match = dialect.search.match.format(table=grams)
    own, other = _LINKS.get((kind.name, related), ("number", f"{related}_number"))
    table = "item_categories" if (kind.name, related) in _LINKS else kind.table
    links = (
        f"select {own} from {table} where account = :account and {other} = :related_0 limit"
        f" {_COUNTED_LINKS}"
    )
    # Both numbers are the same where the links are few, and then the links drive.
    return (
        f"with linked as (select count(*) as links from ({links}) related)"
        f" select case when links < {_FEW_LINKS} then links"
        f" else (select count(*) from (select 1 from {grams} where {match}"
        " limit (select links from linked)) matched) end, links from linked"
    )


@lru_cache(maxsize=1024)
def _statement(dialect: Dialect, form: _Form, columns: Columns) -> str:
    return _Statement(dialect, form).sql(", ".join(_columns(dialect, form.kind, columns)))


def _columns(dialect: Dialect, kind: Kind, columns: Columns) -> tuple[str, ...]:
    """Give the expressions that a statement selects, on the table `r`."""
    return (
        "r.number",
        dialect.octets("r.external_id"),
        dialect.octets("r.attributes") if columns.attributes else "null",
        _LINKED[kind.name](dialect) if columns.linkage else "null",
        "r.nulls" if columns.nulls else "0",
    )


def _linked_variants(dialect: Dialect) -> str:
    return dialect.joined(
        "external_id",
        "select external_id from variants where account = :account and item_number = r.number"
        f" order by number limit {LINKED_AT_MOST}",
    )


def _linked_item(dialect: Dialect) -> str:
    return dialect.joined(
        "external_id",
        "select external_id from items where account = :account and number = r.item_number",
    )


def _linked_items(dialect: Dialect) -> str:
    return dialect.joined(
        "item_external_id",
        "select item_external_id from item_categories"
        " where account = :account and category_number = r.number"
        f" order by item_number limit {LINKED_AT_MOST}",
    )


_LINKED = {"item": _linked_variants, "variant": _linked_item, "category": _linked_items}
"""For each kind, the expression for what its shown relationship holds, on the table `r`."""


@cache
def _included_statement(dialect: Dialect, kind: Kind, columns: Columns) -> str:
    """Give the statement for included resources: those that name their owner in a column."""
    target = KINDS[kind.shown.target]
    owner = f"{kind.name}_number"
    shown = ", ".join(_columns(dialect, target, columns))
    # A record may own any number of others, of which only the first LINKED_AT_MOST are read. `last`
    # is the number of the last of them. Walking the index by owner finds it without reading rows.
    last = (
        f"select number from {target.table} where account = :account and {owner} = owners.number"
        f" order by number limit 1 offset {LINKED_AT_MOST - 1}"
    )
    return (
        f"select {shown} from {dialect.numbered('numbers')} owners cross join {target.table} r"
        f" where r.account = :account and r.{owner} = owners.number"
        f" and r.number <= coalesce(({last}), {2**63 - 1})"
        " order by owners.place, r.number"
    )


class _Statement:
    """Composes the statement for a form of question.

    Each `_by_…` method adds one condition. The first that adds any drives: it sets the table that
    is walked and the column by which the rows are ordered. In joins the driving table stands first,
    before `cross join`, which SQLite takes as an order not to be changed. All later conditions are
    tests, and their columns are written so that SQLite does not walk their indexes instead.
    PostgreSQL chooses by its statistics and may drive by another condition.
    """

    def __init__(self, dialect: Dialect, form: _Form) -> None:
        self._dialect = dialect
        self._form = form
        self._from = f"{form.kind.table} r"
        self._order = "r.number"
        self._where = ["r.account = :account"]
        self._driven = False

    @property
    def _beyond(self) -> str:
        return f" {'>' if self._form.ascending else '<'} :border"

    def sql(self, columns: str) -> str:
        """Give the statement that selects `columns` of the table `r`. To be called once."""
        form = self._form
        self._by_external_ids()
        self._by_columns(name for name in form.equal if name == _MOST_SELECTIVE)
        for condition in (
            (self._by_parts, self._by_related)
            if form.words_first
            else (self._by_related, self._by_parts)
        ):
            condition()
        self._by_columns(name for name in form.equal if name != _MOST_SELECTIVE)
        if form.bordered:
            self._where.append(self._order + self._beyond)
        found = f"select {columns} from {self._from} where {' and '.join(self._where)}"
        if not form.ordered:
            return found
        return f"{found} order by {self._order} {'asc' if form.ascending else 'desc'} limit :size"

    def _drive(self) -> bool:
        """Give whether no earlier condition drives, so that the calling one does."""
        first = not self._driven
        self._driven = True
        return first

    def _tested(self, column: str, apart: bool) -> str:  # noqa: FBT001 - one of two forms
        """Give a column to compare with; if `apart`, so that its index is not walked for this."""
        return self._dialect.unindexed.format(column) if apart else column

    def _by_external_ids(self) -> None:
        if self._form.by_external_ids:
            self._drive()
            self._order = self._tested("r.number", apart=True)
            self._where.append(self._dialect.among("r.external_id", "external_ids"))

    def _by_related(self) -> None:
        for place, name in enumerate(self._form.related):
            bound = f"related_{place}"
            link = _LINKS.get((self._form.kind.name, name))
            if link is None:
                column = self._tested(f"r.{name}_number", not self._drive())
                self._where.append(f"{column} = :{bound}")
            elif self._drive():
                self._driven_by_links(*link, bound)
            else:
                self._where.append(self._linked(*link, bound))

    def _driven_by_links(self, own: str, other: str, bound: str) -> None:
        self._from = f"item_categories l cross join {self._form.kind.table} r"
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
        """Find rows with the words of all parts, and compare each part with the text itself."""
        for place in range(self._form.parts):
            self._where.append(self._dialect.holds.format("r.search_text", f":part_{place}"))
        if self._form.parts and self._drive():
            grams = search.table(self._form.kind)
            self._from = f"{grams} cross join {self._form.kind.table} r"
            self._order = f"{grams}.{self._dialect.search.number}"
            self._where[:0] = [self._dialect.search.match.format(table=grams)]
            self._where.append(f"r.number = {self._order}")

    def _by_columns(self, names: Iterable[str]) -> None:
        for name in names:
            self._where.append(self._tested(f"r.{name}", not self._drive()) + f" = :{name}")
