"""The catalog of a server as rows: what `backroom push` reads instead of a file.

No list shows the categories of an item or the item of a variant. So the members of each category
are read first, and variants come with the pages of their items. A catalog that changes while it is
read may hide a resource from one reading. Whether it is truly gone is asked by its id (`present`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import apsw
import msgspec

from backroom.catalog.ids import external_id, resource_id
from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds.api_answers import resource_row
from backroom.feeds.api_client import RefusedError
from backroom.feeds.api_documents import CatalogPageDocument, PageDocument
from backroom.feeds.existing import in_requests
from backroom.feeds.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.feeds.paced_client import PacedClient
    from backroom.feeds.rows import RowFault

_NOT_FOUND = 404
_MEMBERS = (
    "create table members (item text, category text, primary key (item, category)) without rowid"
)


class SourceCatalog:
    """The catalog of one account, read through the API page by page."""

    def __init__(self, client: PacedClient) -> None:
        self.client = client

    def pages(self) -> Iterator[list[Row | RowFault]]:
        """Read everything: categories, then items, each page with the variants of its items.

        Raises what `ApiClient` raises.
        """
        number = 0
        # A file of its own that nobody else sees: members may be many.
        with apsw.Connection("") as members:
            members.execute(_MEMBERS)
            for page in self._listed(CATEGORY.collection, {}):
                rows = [resource_row(number + at, each) for at, each in enumerate(page.data, 1)]
                number += len(rows)
                for row in rows:
                    self._read_members(members, row.external_id)
                yield rows
            for page in self._listed(ITEM.collection, {"include": "variants"}):
                rows = list(_rows_of(page, number, members))
                number += len(rows)
                yield rows

    def rows(self) -> Iterator[Row | RowFault]:
        """Give the rows of all pages."""
        for page in self.pages():
            yield from page

    def present(self, kind: Kind, external_ids: Iterable[str]) -> set[str]:
        """Give those ids that exist now. Raises what `ApiClient` raises."""
        found: set[str] = set()
        for some in in_requests(list(external_ids)):
            query = {f"fields[{kind.type}]": "external_id", "filter": f"any(ids,[{some}])"}
            page = self.client.page(kind.collection, query)
            found |= {each.external_id for each in page.resources}
        return found

    def _read_members(self, members: apsw.Connection, category: str) -> None:
        path = f"{CATEGORY.collection}/{resource_id(category)}/relationships/{ITEM.plural}"
        cursor = ""
        while True:
            try:
                page = self.client.listed(path, {}, cursor, PageDocument)
            except RefusedError as error:
                if error.status == _NOT_FOUND:
                    # It was deleted meanwhile.
                    return
                raise
            members.executemany(
                "insert or ignore into members values (?, ?)",
                ((external_id(each.id) or each.id, category) for each in page.data),
            )
            if not (cursor := page.cursor):
                return

    def _listed(self, path: str, query: dict[str, str]) -> Iterator[CatalogPageDocument]:
        cursor = ""
        while True:
            page = self.client.listed(path, query, cursor, CatalogPageDocument)
            yield page
            if not (cursor := page.cursor):
                return


def _rows_of(
    page: CatalogPageDocument, number: int, members: apsw.Connection
) -> Iterator[Row | RowFault]:
    """Give the items of a page and their variants, numbered on from `number`."""
    items = _ids(page.data)
    categories: dict[str, list[str]] = {each: [] for each in items}
    for item, category in members.execute(
        "select item, category from members where item in (select value from json_each(?))"
        " order by category",
        (msgspec.json.encode(items).decode(),),
    ):
        categories[item].append(category)
    for resource in page.data:
        number += 1
        yield _leading_to(resource_row(number, resource), categories)
    owners = {
        each["id"]: [external_id(item["id"]) or item["id"]]
        for item in page.data
        for each in _shown_variants(item)
    }
    for resource in page.included:
        number += 1
        owner = owners.get(resource["id"])
        row = resource_row(number, resource)
        yield _leading_to(row, {row.external_id: owner} if owner else {})


def _ids(resources: list[dict[str, Any]]) -> list[str]:
    return [external_id(each["id"]) or each["id"] for each in resources]


def _shown_variants(item: dict[str, Any]) -> list[dict[str, Any]]:
    shown = item.get("relationships", {}).get(VARIANT.plural, {})
    return shown.get("data") or []


def _leading_to(row: Row | RowFault, related: dict[str, list[str]]) -> Row | RowFault:
    if not isinstance(row, Row) or row.external_id not in related:
        return row
    return Row(row.line, row.kind, row.external_id, row.attributes, tuple(related[row.external_id]))
