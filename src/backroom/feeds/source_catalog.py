"""The catalog of a server as rows: what `backroom push` reads instead of a file.

No list shows the categories of an item or the item of a variant. So the members of each category
are read first, and variants come with the pages of their items. Such a page has at most a hundred
variants of an item, so those of an item with more are read apart. The ids of all variants are
listed before, because a variant may have no item. A catalog that changes while it is read may hide
a resource from one reading. Whether it is truly gone, `present` asks by its id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import apsw
import msgspec

from backroom.catalog.ids import external_id, resource_id
from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds.api_answers import resource_row
from backroom.feeds.api_documents import CatalogPageDocument, PageDocument
from backroom.feeds.client_errors import RefusedError
from backroom.feeds.existing import in_requests
from backroom.feeds.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backroom.catalog.kinds import Kind
    from backroom.feeds.paced_client import PacedClient
    from backroom.feeds.rows import RowFault

_NOT_FOUND = 404
_MOST_INCLUDED = 100
"""Variants of an item on a page of items. One that shows so many may have more."""
_MEMBERS_SCHEMA = """
create table members (item text, category text, primary key (item, category)) without rowid;
create table unseen (variant text primary key) without rowid;
"""


_Page = TypeVar("_Page", CatalogPageDocument, PageDocument)


class SourceCatalog:
    """The catalog of one account, read through the API page by page."""

    def __init__(self, client: PacedClient) -> None:
        self.client = client

    def mark(self) -> str:
        """Give a text that is another one whenever the catalog may have changed.

        It is empty where only a reading can show that. Raises `UnreachableError`.
        """
        return self.client.mark()

    def pages(self) -> Iterator[list[Row | RowFault]]:
        """Read everything: categories, then items, each page with the variants of its items.

        The last page has the variants that no item has. Raises what `ApiClient` raises.
        """
        number = 0
        # A file of its own that nobody else sees: members and variants may be many.
        with apsw.Connection("") as notes:
            notes.execute(_MEMBERS_SCHEMA)
            ids_alone = {f"fields[{VARIANT.type}]": "external_id"}
            for listed in self._listed(VARIANT.collection, ids_alone, CatalogPageDocument):
                notes.executemany(
                    "insert or ignore into unseen values (?)",
                    ((each,) for each in _ids(listed.data)),
                )
            for page in self._listed(CATEGORY.collection, {}, CatalogPageDocument):
                rows = [resource_row(number + at, each) for at, each in enumerate(page.data, 1)]
                number += len(rows)
                for row in rows:
                    self._read_members(notes, row.external_id)
                yield rows
            included = {"include": VARIANT.plural}
            for page in self._listed(ITEM.collection, included, CatalogPageDocument):
                rows = list(self._rows_of(page, number, notes))
                number += len(rows)
                variants = ((each.external_id,) for each in rows if each.kind is VARIANT)
                notes.executemany("delete from unseen where variant = ?", variants)
                yield rows
            yield from self._without_item(number, notes)

    def rows(self) -> Iterator[Row | RowFault]:
        """Give the rows of all pages."""
        for page in self.pages():
            yield from page

    def some(self, kind: Kind, owners: Mapping[str, str | None]) -> Iterator[list[Row | RowFault]]:
        """Read some resources of a kind, named with the item that a variant has.

        Raises what `ApiClient` raises.
        """
        number = 0
        for ids in in_requests(list(owners)):
            query = {"filter": f"any(ids,[{ids}])"}
            for page in self._listed(kind.collection, query, CatalogPageDocument):
                related: dict[str, list[str]] = {}
                for each in _ids(page.data):
                    if kind is ITEM:
                        related[each] = self._categories_of(each)
                    elif (owner := owners.get(each)) is not None:
                        related[each] = [owner]
                rows = [resource_row(number + at, each) for at, each in enumerate(page.data, 1)]
                number += len(rows)
                yield [_leading_to(row, related) for row in rows]

    def present(self, kind: Kind, external_ids: Iterable[str]) -> set[str]:
        """Give those ids that exist now. Raises what `ApiClient` raises."""
        found: set[str] = set()
        for some in in_requests(list(external_ids)):
            query = {f"fields[{kind.type}]": "external_id", "filter": f"any(ids,[{some}])"}
            for page in self._listed(kind.collection, query, CatalogPageDocument):
                found |= set(_ids(page.data))
        return found

    def _rows_of(
        self, page: CatalogPageDocument, number: int, notes: apsw.Connection
    ) -> Iterator[Row | RowFault]:
        """Give the items of a page and their variants, numbered on from `number`."""
        items = _ids(page.data)
        categories: dict[str, list[str]] = {each: [] for each in items}
        for item, category in notes.execute(
            "select item, category from members where item in (select value from json_each(?))"
            " order by category",
            (msgspec.json.encode(items).decode(),),
        ):
            categories[item].append(category)
        for resource in page.data:
            number += 1
            yield _leading_to(resource_row(number, resource), categories)
        for variant, item in self._variants_of(page):
            number += 1
            row = resource_row(number, variant)
            yield _leading_to(row, {row.external_id: [item]})

    def _variants_of(self, page: CatalogPageDocument) -> Iterator[tuple[dict[str, Any], str]]:
        """Give the variants of a page of items, each with the external id of its item."""
        included = {each["id"]: each for each in page.included}
        for item, external in zip(page.data, _ids(page.data), strict=True):
            shown = _shown_variants(item)
            found = [included[each["id"]] for each in shown if each["id"] in included]
            if len(found) == len(shown) < _MOST_INCLUDED:
                yield from ((each, external) for each in found)
                continue
            path = f"{_path_in_api(ITEM, external)}/{VARIANT.plural}"
            for more in self._listed(path, {}, CatalogPageDocument):
                yield from ((each, external) for each in more.data)

    def _without_item(self, number: int, notes: apsw.Connection) -> Iterator[list[Row | RowFault]]:
        """Give the variants that were listed, and that no item has shown."""
        unseen = [each for (each,) in notes.execute("select variant from unseen")]
        for some in in_requests(unseen):
            query = {"filter": f"any(ids,[{some}])"}
            for page in self._listed(VARIANT.collection, query, CatalogPageDocument):
                rows = [resource_row(number + at, each) for at, each in enumerate(page.data, 1)]
                number += len(rows)
                yield rows

    def _categories_of(self, item: str) -> list[str]:
        path = f"{_path_in_api(ITEM, item)}/relationships/{CATEGORY.plural}"
        pages = self._listed(path, {}, PageDocument)
        return [external_id(each.id) or each.id for page in pages for each in page.data]

    def _read_members(self, notes: apsw.Connection, category: str) -> None:
        path = f"{_path_in_api(CATEGORY, category)}/relationships/{ITEM.plural}"
        for page in self._listed(path, {}, PageDocument):
            notes.executemany(
                "insert or ignore into members values (?, ?)",
                ((external_id(each.id) or each.id, category) for each in page.data),
            )

    def _listed(self, path: str, query: dict[str, str], document: type[_Page]) -> Iterator[_Page]:
        """Give all pages of a list. One whose resource was deleted meanwhile has none."""
        cursor = ""
        while True:
            try:
                page = self.client.listed(path, query, cursor, document)
            except RefusedError as error:
                if error.status == _NOT_FOUND:
                    return
                raise
            yield page
            if not (cursor := page.cursor):
                return


def _path_in_api(kind: Kind, external_id: str) -> str:
    return f"{kind.collection}/{quote(resource_id(external_id), safe='')}"


def _ids(resources: list[dict[str, Any]]) -> list[str]:
    return [external_id(each["id"]) or each["id"] for each in resources]


def _shown_variants(item: dict[str, Any]) -> list[dict[str, Any]]:
    shown = item.get("relationships", {}).get(VARIANT.plural, {})
    return shown.get("data") or []


def _leading_to(row: Row | RowFault, related: dict[str, list[str]]) -> Row | RowFault:
    if not isinstance(row, Row) or row.external_id not in related:
        return row
    return Row(row.line, row.kind, row.external_id, row.attributes, tuple(related[row.external_id]))
