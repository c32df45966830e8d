"""The whole catalog of an account, read page by page into a spool.

A list of items that includes variants names the variants of each item, up to a hundred. The bodies
of variants come from their own list, so no answer is large, and variants that no item has are found
too. No list shows the categories of an item, so the items of each category are asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Kind
from backroom.feeds.client_errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.feeds.api_client import ApiClient, Page
    from backroom.feeds.catalog_spool import Attributes, CatalogSpool

    Progress = Callable[[str, int], object]

_NOT_FOUND = 404
_MOST_LINKED = 100
"""An item with so many linked variants may have more."""
_OLDEST_FIRST = {"sort": "created"}
_SHOWN_ALONE = frozenset({"external_id", "created", "updated", "catalog_type", "integration_type"})


def read_catalog(client: ApiClient, spool: CatalogSpool, progress: Progress) -> None:
    """Read all categories, items and variants. Raises what `ApiClient` raises.

    `progress` is called with the name of a kind, and with how many of it were read.
    """
    _read_categories(client, spool, progress)
    _read_items(client, spool, progress)
    read = 0
    for page in _pages(client, VARIANT.collection, _OLDEST_FIRST):
        spool.add_variants(
            (each.external_id, _creatable(each.attributes)) for each in page.resources
        )
        read += len(page.resources)
        progress(VARIANT.type, read)
    spool.finish()


def _read_categories(client: ApiClient, spool: CatalogSpool, progress: Progress) -> None:
    for page in _pages(client, CATEGORY.collection, _OLDEST_FIRST):
        spool.add_categories(
            (each.external_id, str(each.attributes.get("name") or "")) for each in page.resources
        )
    for read, (number, external_id) in enumerate(spool.category_ids(), start=1):
        path = f"{_path_of(CATEGORY, external_id)}/relationships/{ITEM.plural}"
        for page in _pages(client, path, {}):
            spool.add_members(number, (each.external_id for each in page.resources))
        progress(CATEGORY.type, read)


def _read_items(client: ApiClient, spool: CatalogSpool, progress: Progress) -> None:
    relation = ITEM.shown.name
    names_alone = {f"fields[{VARIANT.type}]": "external_id"}
    read, cursor = 0, ""
    while True:
        page = client.linked_page(ITEM.collection, _OLDEST_FIRST | names_alone, relation, cursor)
        spool.add_items((each.external_id, _creatable(each.attributes)) for each in page.resources)
        for each in page.resources:
            spool.add_links(each.external_id, each.related)
            if len(each.related) >= _MOST_LINKED:
                path = f"{_path_of(ITEM, each.external_id)}/{relation}"
                for more in _pages(client, path, names_alone):
                    spool.add_links(
                        each.external_id, (found.external_id for found in more.resources)
                    )
        read += len(page.resources)
        progress(ITEM.type, read)
        if not (cursor := page.cursor):
            return


def _pages(client: ApiClient, path: str, query: dict[str, str]) -> Iterator[Page]:
    """Give all pages of a list. One whose resource was deleted meanwhile has none."""
    cursor = ""
    while True:
        try:
            page = client.page(path, query, cursor)
        except RefusedError as error:
            if error.status == _NOT_FOUND:
                return
            raise
        yield page
        if not (cursor := page.cursor):
            return


def _path_of(kind: Kind, external_id: str) -> str:
    return f"{kind.collection}/{quote(resource_id(external_id), safe='')}"


def _creatable(attributes: Attributes) -> Attributes:
    """Give what a create may give."""
    return {name: value for name, value in attributes.items() if name not in _SHOWN_ALONE}
