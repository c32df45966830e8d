"""The statements of `store/pages.py`: composed once for each form of question, then kept.

A question may have several conditions, and each has an index. Only one index can be walked in the
order of the page, so one condition *drives*: the statement walks its index from the border on,
tests all other conditions on each row that it meets, and stops when the page is full. Any condition
could drive, and the page would be the same. The choices differ in how many rows they read
without need: driven by `published`, a search for a rare word would look at the whole catalog.

So the condition drives that leaves the fewest rows. `Statement.sql` asks in this order:

1. External ids: at most as many rows as there are ids.
2. The SKU: hardly two variants have the same.
3. A related resource, or the words of the parts. Which of them leaves fewer rows differs from
   catalog to catalog, so a short statement counts both before (`_words_are_rare`), each only up to
   a limit.
4. Any other column, such as `published`, which may leave half of the catalog.
5. Without any condition the primary key is walked.

PostgreSQL finds rows with some words in no order, so it would read and sort a whole catalog for a
part that most titles have. There the words only drive after the next `_WALKED` rows were tested one
by one and did not fill the page.

The text of a statement depends on which conditions there are, never on their values: so there are
few statements, and the databases keep them prepared.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog.kinds import KINDS
from backroom.store import search
from backroom.store.linkage import LINKED_AT_MOST

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.catalog.kinds import Kind
    from backroom.store.dialects import Dialect


class Columns(NamedTuple):
    """What a row has of a record, beside its number and its external id. The rest is null.

    `named` are attributes that have a column of their own, and follow in that order.
    """

    attributes: bool = True
    linkage: bool = False
    nulls: bool = False
    named: tuple[str, ...] = ()


LARGE_BYTES = 32_768
"""A record with more than so many bytes of attributes is large."""
LARGE_INCLUDED_BYTES = 8_192
"""The same for a record that is included: up to a hundred times as many are."""
_LINKS = {
    ("item", "category"): ("item_number", "category_number"),
    ("category", "item"): ("category_number", "item_number"),
}
"""For two kinds that are linked by a table, the columns of the first and the second in it."""
_MOST_SELECTIVE = "sku"
"""The column whose values are nearly unique."""
_FEW_LINKS = 200
"""Fewer links are followed in less time than it takes to look for any word."""
_WALKED = 500
"""Testing so many rows takes about as long as finding a rare word."""
_COUNTED_LINKS = 1000
"""At most so many links are counted, to compare their number with that of rows with the words."""


class PageForm(NamedTuple):
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


@cache
def rarer_statement(dialect: Dialect, kind: Kind, related: str) -> str:
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
def page_statement(dialect: Dialect, form: PageForm, columns: Columns) -> str:
    """Give the statement that reads a page, with the values of `pages.records_page`."""
    return Statement(dialect, form).sql(", ".join(_columns(dialect, form.kind, columns)))


def _columns(
    dialect: Dialect, kind: Kind, columns: Columns, large: int = LARGE_BYTES
) -> tuple[str, ...]:
    """Give the expressions that a statement selects, on the table `r`."""
    return (
        "r.number",
        dialect.octets("r.external_id"),
        _attributes(dialect, large) if columns.attributes else "null",
        "r.linkage" if columns.linkage else "null",
        "r.nulls" if columns.nulls else "0",
        *[
            f"r.{name}" if name in kind.truth_values else dialect.octets(f"r.{name}")
            for name in columns.named
        ],
    )


def _attributes(dialect: Dialect, large: int) -> str:
    """Give the expression for the attributes. Neither engine reads a text to know its length."""
    octets = dialect.octets("r.attributes")
    return f"case when octet_length(r.attributes) <= {large} then {octets} end"


@cache
def included_statement(dialect: Dialect, kind: Kind, columns: Columns) -> str:
    """Give the statement for included resources: those that name their owner in a column."""
    target = KINDS[kind.shown.target]
    shown = ", ".join(_columns(dialect, target, columns, LARGE_INCLUDED_BYTES))
    # The program sorts the rows, which come nearly sorted. A sorter would copy their long texts.
    return (
        f"select {shown}, owners.place from {dialect.numbered('numbers')} owners"
        f" cross join {target.table} r where {_owned(kind)} limit :most"
    )


@cache
def included_sizes_statement(dialect: Dialect, kind: Kind) -> str:
    """Give the statement for the bytes of attributes that each owner's included resources have."""
    target = KINDS[kind.shown.target].table
    # One sum for each owner: to group the rows of all owners, SQLite would copy their texts.
    size = f"select sum(octet_length(r.attributes)) from {target} r where {_owned(kind)}"
    return f"select owners.number, ({size}) from {dialect.numbered('numbers')} owners"


def _owned(kind: Kind) -> str:
    """Give the condition that a row `r` is one of those that are included for a row of `owners`."""
    target, owner = KINDS[kind.shown.target].table, f"{kind.name}_number"
    # A record may own any number of others, of which only the first LINKED_AT_MOST are read. `last`
    # is the number of the last of them. Walking the index by owner finds it without reading rows.
    last = (
        f"select number from {target} where account = :account and {owner} = owners.number"
        f" order by number limit 1 offset {LINKED_AT_MOST - 1}"
    )
    return (
        f"r.account = :account and r.{owner} = owners.number"
        f" and r.number <= coalesce(({last}), {2**63 - 1})"
    )


@cache
def sizes_statement(dialect: Dialect, kind: Kind) -> str:
    """Give the statement for the bytes of attributes that records have, by number."""
    return _by_number(dialect, kind, "octet_length(attributes)")


@cache
def attributes_statement(dialect: Dialect, kind: Kind) -> str:
    """Give the statement for the attributes of records, by number."""
    return _by_number(dialect, kind, dialect.octets("attributes"))


def _by_number(dialect: Dialect, kind: Kind, shown: str) -> str:
    among = dialect.among("number", "numbers")
    return f"select number, {shown} from {kind.table} where account = :account and {among}"


class Statement:
    """Composes the statement for a form of question.

    Each `_by_…` method adds one condition. The first that adds any drives: it sets the table that
    is walked and the column by which the rows are ordered. In joins the driving table stands first,
    before `cross join`, which SQLite takes as an order not to be changed. All later conditions are
    tests, and their columns are written so that SQLite does not walk their indexes instead.
    PostgreSQL chooses by its statistics and may drive by another condition.
    """

    def __init__(self, dialect: Dialect, form: PageForm) -> None:
        self._dialect = dialect
        self._form = form
        self._from = f"{form.kind.table} r"
        self._order = "r.number"
        self._where = ["r.account = :account"]
        self._driven = False
        self._words: list[str] = []
        """The conditions on the table of words, where it is the one that drives."""

    @property
    def _beyond(self) -> str:
        return f" {'>' if self._form.ascending else '<'} :border"

    def sql(self, columns: str) -> str:
        """Give the statement that selects `columns` of the table `r`. It can be called once."""
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
        walks = bool(self._words) and not self._dialect.search.in_order
        tests = " and ".join(self._where)
        if form.bordered:
            self._where.append(self._order + self._beyond)
        where = " and ".join([*self._words, *self._where])
        found = f"select {columns} from {self._from} where {where}"
        if walks:
            return self._walked(columns, tests, f"{found} and not (select so from enough)")
        return self._ordered(found, self._order) if form.ordered else found

    def _ordered(self, query: str, number: str) -> str:
        direction = "asc" if self._form.ascending else "desc"
        return f"{query} order by {number} {direction} limit :size"

    def _walked(self, columns: str, tests: str, by_words: str) -> str:
        """Test the next rows one by one, and go `by_words` only if these were not enough.

        They are `enough` if they fill the page, or if there are no more. PostgreSQL runs no part of
        a union whose condition is false from the beginning.
        """
        direction = "asc" if self._form.ascending else "desc"
        beyond = f" and r.number{self._beyond}" if self._form.bordered else ""
        walk = (
            f"from {self._form.kind.table} r where r.account = :account{beyond}"
            f" order by r.number {direction}"
        )
        return (
            f"with found as materialized (select * from (select * {walk} limit {_WALKED}) r"
            f" where {tests} limit :size), enough as materialized (select count(*) >= :size"
            f" or not exists (select 1 {walk} offset {_WALKED} limit 1) as so from found)"
            f" select {columns} from found r where (select so from enough)"
            f" union all ({self._ordered(by_words, self._order)}) order by number {direction}"
        )

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
            before, condition = self._dialect.driven_by("r.external_id", "external_ids")
            self._from = before + self._from
            self._where.append(condition)

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
                self._tested_by_link(*link, bound, f"l{place}")

    def _driven_by_links(self, own: str, other: str, bound: str) -> None:
        self._from = f"item_categories l cross join {self._form.kind.table} r"
        self._order = f"l.{own}"
        self._where[:0] = ["l.account = :account", f"l.{other} = :{bound}"]
        self._where.append(f"r.number = l.{own}")

    def _tested_by_link(self, own: str, other: str, bound: str, link: str) -> None:
        linked = (
            f"{link}.account = :account and {link}.{other} = :{bound} and {link}.{own} = r.number"
        )
        if self._form.by_external_ids:
            # Two resources have at most one link, so the join doubles no row. For `exists` SQLite
            # would begin a statement within the statement for each row.
            self._from += f" cross join item_categories {link}"
            self._where.append(linked)
        else:
            self._where.append(f"exists (select 1 from item_categories {link} where {linked})")

    def _by_parts(self) -> None:
        """Find rows with the words of all parts, and compare each part with the text itself."""
        for place in range(self._form.parts):
            self._where.append(self._dialect.holds.format("r.search_text", f":part_{place}"))
        if self._form.parts and self._drive():
            grams = search.table(self._form.kind)
            self._from = f"{grams} cross join {self._form.kind.table} r"
            self._order = f"{grams}.{self._dialect.search.number}"
            match = self._dialect.search.match.format(table=grams)
            self._words = [match, f"r.number = {self._order}"]

    def _by_columns(self, names: Iterable[str]) -> None:
        for name in names:
            drives = self._drive()
            self._where.append(f"{self._tested(f'r.{name}', not drives)} = :{name}")
            if drives and name == _MOST_SELECTIVE:
                # What PostgreSQL has in its index; the migration says why. SQLite has the whole.
                self._where.append(f"substr(r.{name}, 1, 255) = substr(:{name}, 1, 255)")
