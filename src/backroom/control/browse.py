"""The catalog of an account as somebody looks through it: searched, narrowed, page by page.

Pages are those of the API: of the same statements, which walk an index from where a page begins.
Nothing is counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom.catalog.kinds import KINDS
from backroom.catalog.values import whole_number
from backroom.store import pages, records, search
from backroom.store.large_records import filled_rows
from backroom.store.linkage import LINKED_AT_MOST
from backroom.store.pages import Columns, RecordQuestion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction

_BROWSED_COLUMNS = Columns(attributes=True, linkage=True)


@dataclass(frozen=True)
class Listed:
    """A resource as it is stored. `linked` has the external ids in its shown relationship."""

    kind: Kind
    number: int
    external_id: str
    attributes: dict[str, Any]
    linked: tuple[str, ...] = ()

    @cached_property
    def title(self) -> str:
        """Its title, its name, or else its external id."""
        return str(self.attributes.get(self.kind.searched) or "").strip() or self.external_id

    @property
    def linked_more(self) -> bool:
        """Whether it may have more in its relationship than `linked`."""
        return len(self.linked) >= LINKED_AT_MOST


@dataclass(frozen=True)
class CatalogQuestion:
    """Which resources a page shows, newest first.

    `search` is a part of the title, or an external id. `related` names a resource of another kind,
    by kind, to which all belong. The page begins before or after a number.
    """

    kind: Kind
    size: int
    search: str = ""
    published: bool | None = None
    related: Mapping[str, str] = field(default_factory=dict)
    before: int | None = None
    after: int | None = None
    ascending: bool = False
    """Whether the oldest come first."""


class CatalogPage(NamedTuple):
    """Resources, and the numbers where the pages before and after them begin.

    `exact` has the resources that the text of the search names, by external id or SKU.
    """

    shown: list[Listed]
    exact: list[Listed]
    newer: int | None
    older: int | None


EMPTY = CatalogPage([], [], None, None)


def found_page(tx: Transaction, account: str, asked: CatalogQuestion) -> CatalogPage:
    """Give a page of resources."""
    asked = replace(asked, search=asked.search.replace("\0", ""))
    related = _owner_numbers(tx, account, asked)
    if related is None:
        return EMPTY
    base = RecordQuestion(
        size=asked.size + 1,
        related=related,
        equal={} if asked.published is None else {"published": int(asked.published)},
        parts=[search.folded(asked.search)] if asked.search else [],
    )
    onward = asked.after is None
    border = asked.before if onward else asked.after
    upward = asked.ascending if onward else not asked.ascending
    rows = pages.records_page(
        tx, asked.kind, account, replace(base, ascending=upward, border=border), _BROWSED_COLUMNS
    )
    found = filled_rows(tx, asked.kind, account, rows[: asked.size])
    more = len(rows) > len(found)
    shown = [as_shown(asked.kind, row) for row in (found if onward else found[::-1])]
    first, last = (shown[0].number, shown[-1].number) if shown else (None, None)
    exact = [] if border is not None else _exact(tx, account, asked, base)
    named = {each.number for each in exact}
    return CatalogPage(
        [each for each in shown if each.number not in named],
        exact,
        first if (border is not None if onward else more) else None,
        last if (more if onward else True) else None,
    )


def _owner_numbers(
    tx: Transaction, account: str, asked: CatalogQuestion
) -> list[tuple[str, int]] | None:
    """Give the numbers of the resources that restrict the page, None if one does not exist."""
    numbers = []
    for name, external_id in asked.related.items():
        number = number_of(tx, KINDS[name], account, external_id)
        if number is None:
            return None
        numbers.append((name, number))
    return numbers


def _exact(
    tx: Transaction, account: str, asked: CatalogQuestion, base: RecordQuestion
) -> list[Listed]:
    """Give the resources that the text of a search names: by external id, and by SKU."""
    if not asked.search:
        return []
    named = replace(base, parts=[], external_ids=[asked.search])
    rows = pages.records_page(tx, asked.kind, account, named, _BROWSED_COLUMNS)
    for name in _identifying(asked.kind):
        alike = replace(base, parts=[], equal=base.equal | {name: asked.search})
        rows += pages.records_page(tx, asked.kind, account, alike, _BROWSED_COLUMNS)
    by_number = {row[0]: row for row in filled_rows(tx, asked.kind, account, rows[: asked.size])}
    return [as_shown(asked.kind, row) for row in by_number.values()]


def _identifying(kind: Kind) -> list[str]:
    """Give the attributes, beside the external id, by whose whole value a list is filtered."""
    filters = kind.filters
    return [each.target for each in filters if each.means == "attribute" and not each.boolean]


def as_shown(kind: Kind, row: Row) -> Listed:
    """Make a resource of a row of `records_page`, whose attributes were read."""
    linked = row[3]
    return Listed(
        kind,
        row[0],
        bytes(row[1]).decode(),
        msgspec.json.decode(row[2]),
        tuple(bytes(linked).decode().split("\0")) if linked else (),
    )


def number_of(tx: Transaction, kind: Kind, account: str, external_id: str) -> int | None:
    """Give the number of a resource, None where there is none."""
    if "\0" in external_id:
        return None
    return records.record_number(tx, kind, account, external_id)


def named(
    tx: Transaction, kind: Kind, account: str, external_ids: Iterable[str]
) -> dict[str, Listed]:
    """Give resources by their external ids, those that exist."""
    wanted = list(dict.fromkeys(each for each in external_ids if "\0" not in each))
    if not wanted:
        return {}
    question = RecordQuestion(size=len(wanted), external_ids=wanted)
    rows = pages.records_page(tx, kind, account, question, _BROWSED_COLUMNS)
    found = (as_shown(kind, row) for row in filled_rows(tx, kind, account, rows))
    return {each.external_id: each for each in found}


def border(text: str | None) -> int | None:
    """Read the number where a page begins. None if the text is no number of a record."""
    return whole_number(text or "")


def narrowing(kind: Kind) -> list[Kind]:
    """Give the kinds to whose resources those of a kind may be narrowed."""
    names = dict.fromkeys(each.target for each in kind.filters if each.means == "related")
    return [KINDS[each] for each in names]


def narrowed_by(kind: Kind) -> list[Kind]:
    """Give the kinds whose resources may be narrowed to those of one resource of a kind."""
    return [each for each in KINDS.values() if kind in narrowing(each)]


def owned_by(kind: Kind) -> list[Kind]:
    """Give the kinds whose resources are deleted with the one that they belong to."""
    shown = ((each, each.shown) for each in KINDS.values())
    return [each for each, to in shown if not to.many and KINDS[to.target] is kind]
