"""What a server has already: read as a feed needs it, a hundred resources at a time.

If all resources of a kind fit on one page, that page is all that is ever asked. Otherwise the
resources of each chunk of the feed are asked by their ids. No list shows the categories of an item.
If few items are left to compare, each is asked for its categories. Otherwise the members of all
categories are read when the first such item has to be compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import ITEM, KINDS, VARIANT, Kind
from backroom.feeds.client_errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.api_client import ApiClient, Page
    from backroom.feeds.catalog_spool import Attributes
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.rows import Row

_LONGEST_FILTER = 6_000
"""Characters of the ids in one request. Servers refuse longer lines."""
_MOST_IDS = 100
_MOST_INCLUDED = 100
"""Variants that a list shows of an item. One that shows so many may have more."""
_FEW_ROWS = 100
"""Up to so many items are asked for their categories. All members may be a thousand pages."""
_NOT_FOUND = 404
_MEMBERS_READ = "members read"
_EXISTING_READ = "existing read"


@dataclass
class ExistingCatalog:
    """The catalog of the account, as far as the server was asked."""

    client: ApiClient
    ledger: Ledger
    _whole: dict[str, dict[str, Attributes] | None] = field(default_factory=dict)
    """All resources of a kind, None where they are more than a page."""
    _few: bool = False
    """Whether few rows are left to compare. Their number never grows."""

    def resources(self, kind: Kind, external_ids: Iterable[str]) -> dict[str, Attributes]:
        """Give the attributes of those resources that exist. Raises what `ApiClient` raises."""
        if kind.name not in self._whole:
            page = self.client.page(kind.collection, {})
            self._whole[kind.name] = None if page.cursor else _by_id(page)
        whole = self._whole[kind.name]
        wanted = list(external_ids)
        if whole is not None:
            return {each: whole[each] for each in wanted if each in whole}
        found: dict[str, Attributes] = {}
        for some in in_requests(wanted):
            # A page ends before a hundred where resources are large.
            for page in self._pages(kind.collection, {"filter": f"any(ids,[{some}])"}):
                found |= _by_id(page)
        return found

    def elsewhere(self, rows: Iterable[Row]) -> set[str]:
        """Give the ids of variants that exist, and whose item on the server is another one.

        A server that does not show the variants of items leaves it open.
        """
        named = {row.external_id: row.related[0] for row in rows if row.related}
        there: dict[str, frozenset[str] | None] = {}
        fields = {
            "include": VARIANT.plural,
            f"fields[{ITEM.type}]": "external_id",
            f"fields[{VARIANT.type}]": "external_id",
        }
        for some in in_requests(list(dict.fromkeys(named.values()))):
            query = {"filter": f"any(ids,[{some}])", **fields}
            for page in self._pages(ITEM.collection, query):
                there |= {each.external_id: each.variants for each in page.resources}
        for item, variants in there.items():
            if variants and len(variants) >= _MOST_INCLUDED:
                asked = [variant for variant, of in named.items() if of == item]
                there[item] = variants | self._variants_among(item, asked)
        return {
            variant
            for variant, item in named.items()
            if (variants := there.get(item, frozenset())) is not None and variant not in variants
        }

    def _variants_among(self, item: str, variants: list[str]) -> set[str]:
        """Give those of some variants that an item has."""
        path = f"{ITEM.collection}/{quote(resource_id(item), safe='')}/{VARIANT.plural}"
        found: set[str] = set()
        for some in in_requests(variants):
            query = {"filter": f"any(ids,[{some}])", f"fields[{VARIANT.type}]": "external_id"}
            for page in self._pages(path, query):
                found |= {each.external_id for each in page.resources}
        return found

    def ids(self, kind: Kind) -> Iterator[str]:
        """Give the external ids of all resources of a kind."""
        query = {f"fields[{kind.type}]": "external_id"}
        for page in self._pages(kind.collection, query):
            yield from (each.external_id for each in page.resources)

    def related(self, kind: Kind, external_id: str) -> set[str]:
        """Give the ids to which a resource of a kind with a relation to many leads."""
        if not self.ledger.fact(_MEMBERS_READ):
            if self._few_left(kind):
                return self.related_now(kind, external_id)
            self._read_members(kind)
            self.ledger.note(_MEMBERS_READ, "yes")
        return self.ledger.categories_of(external_id)

    def related_now(self, kind: Kind, external_id: str) -> set[str]:
        """Ask to which ids a resource of a kind with a relation to many leads at this moment."""
        (target,) = (KINDS[each.target] for each in kind.relations if each.many)
        name = quote(resource_id(external_id), safe="")
        path = f"{kind.collection}/{name}/relationships/{target.plural}"
        return {each.external_id for page in self._pages(path, {}) for each in page.resources}

    def _few_left(self, kind: Kind) -> bool:
        self._few = self._few or not self.ledger.has_pending(kind.name, _FEW_ROWS)
        return self._few

    def read_all_ids(self) -> None:
        """Write the ids of all resources down in the ledger, once."""
        if self.ledger.fact(_EXISTING_READ):
            return
        for kind in KINDS.values():
            read = 0
            for page in self._pages(kind.collection, {f"fields[{kind.type}]": "external_id"}):
                self.ledger.add_existing(kind.name, (each.external_id for each in page.resources))
                read += len(page.resources)
                self.client.telling(f"reading what the server has: {read:,} {kind.plural}")
        self.ledger.note(_EXISTING_READ, "yes")

    def _read_members(self, kind: Kind) -> None:
        (target,) = (KINDS[each.target] for each in kind.relations if each.many)
        read = 0
        # Page by page: there may be as many categories as items.
        for number, category in enumerate(self.ids(target), 1):
            name = quote(resource_id(category), safe="")
            path = f"{target.collection}/{name}/relationships/{kind.plural}"
            for page in self._pages(path, {}):
                self.ledger.add_members(category, (each.external_id for each in page.resources))
                read += len(page.resources)
                self.client.telling(
                    f"reading which {kind.plural} are in which {target.plural} of the server:"
                    f" {target.name} {number:,}, {read:,} {kind.plural}"
                )

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[Page]:
        cursor = ""
        while True:
            try:
                page = self.client.page(path, query, cursor)
            except RefusedError as error:
                if error.status == _NOT_FOUND:
                    # It was deleted meanwhile.
                    return
                raise
            yield page
            if not (cursor := page.cursor):
                return


def _by_id(page: Page) -> dict[str, Attributes]:
    return {each.external_id: each.attributes for each in page.resources}


def in_requests(external_ids: list[str]) -> Iterator[str]:
    """Write ids as lists for a filter. No list has too many ids or too many characters."""
    some: list[str] = []
    length = 0
    for each in external_ids:
        text = msgspec.json.encode(resource_id(each)).decode()
        # A character outside of ASCII takes up to twelve in a URL; quotes and a comma take seven.
        needed = len(text) if text.isascii() else len(text.encode()) * 3
        needed += 2 * sum(map(text.count, '"% \\/&+#?=')) + 1
        if some and (len(some) == _MOST_IDS or length + needed > _LONGEST_FILTER):
            yield ",".join(some)
            some, length = [], 0
        some.append(text)
        length += needed
    if some:
        yield ",".join(some)
