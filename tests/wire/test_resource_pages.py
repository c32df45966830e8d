"""Lists longer than a page: walked both ways, while they change, and with cursors of others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from backroom.revisions import NEWEST
from support.wire_answers import hold_error
from support.wire_catalog import (
    ID_LISTS,
    LISTS,
    OWNERS,
    Catalog,
    Listing,
    external_ids,
    listings,
    on_shelf,
    type_of,
)
from support.wire_contract import (
    ID_LIST_LINKS,
    NO_FIRST_AND_LAST,
    PAGE_SIZE,
    before,
    every_revision,
    since,
)
from support.wire_shown import hold_page, hold_page_links

if TYPE_CHECKING:
    from support.client import Answer, Client
    from support.wire_catalog import Warehouse
    from support.wire_jobs import MakeClient

CURSOR = re.compile(r"(.*)[?&]page%5Bcursor%5D=([A-Za-z0-9_-]{1,44})")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def cursor_of(link: Any) -> str:
    match = CURSOR.fullmatch(str(link))
    assert match, link
    return match[2]


def light(listing: Listing, **more: str) -> dict[str, str]:
    """A query for as little of each resource as there is."""
    return more if listing.bare else {f"fields[{type_of(listing.resource)}]": "id"} | more


def followed(catalog: Catalog, link: Any) -> Answer:
    page = catalog.call("GET", str(link))
    assert page.status == 200, page.body
    hold_page_links(catalog.revision, page.json["links"])
    assert page.json["links"]["self"] == link
    return page


def walked(catalog: Catalog, start: Answer, way: str) -> list[list[str]]:
    """What the pages from the start to the end of the way hold."""
    pages = [start]
    while pages[-1].json["links"][way]:
        assert cursor_of(pages[-1].json["links"][way])
        pages.append(followed(catalog, pages[-1].json["links"][way]))
    return [external_ids(page) for page in pages]


def last_page(catalog: Catalog, start: Answer) -> Answer:
    page = start
    while page.json["links"]["next"]:
        page = followed(catalog, page.json["links"]["next"])
    return page


def hold_walk(catalog: Catalog, start: Answer, names: list[str], size: int) -> None:
    """Both ways meet everything once, in order and in the same pages."""
    pages = [names[at : at + size] for at in range(0, len(names), size)]
    assert walked(catalog, start, "next") == pages
    end = last_page(catalog, start)
    back = walked(catalog, end, "prev")[::-1]
    assert [name for page in back for name in page] == names[len(names) - sum(map(len, back)) :]
    assert sum(map(len, back)) == len(names)


@every_revision
@pytest.mark.parametrize("listing", LISTS, ids=str)
def test_hundreds_are_walked_both_ways(
    warehouse: Warehouse, revision: str, listing: Listing
) -> None:
    catalog = warehouse.catalog(revision)
    start = catalog.page(listing, warehouse.first, light(listing))
    hold_walk(catalog, start, list(warehouse.names), 100)


@since(ID_LIST_LINKS)
@pytest.mark.parametrize("listing", ID_LISTS, ids=str)
def test_hundreds_of_ids_are_walked(warehouse: Warehouse, revision: str, listing: Listing) -> None:
    catalog = warehouse.catalog(revision)
    for sort, names in (("created", warehouse.names), ("-created", warehouse.names[::-1])):
        start = catalog.page(listing, warehouse.first, {"sort": sort})
        hold_walk(catalog, start, list(names), 100)


@before(ID_LIST_LINKS)
def test_old_id_lists_had_no_links(warehouse: Warehouse, revision: str) -> None:
    catalog = warehouse.catalog(revision)
    for listing in ID_LISTS:
        if listing.known(revision):
            page = catalog.page(listing, warehouse.first)
            hold_page(catalog, listing, page, warehouse.first)
            assert external_ids(page) == list(warehouse.names[:100])


@before(ID_LIST_LINKS)
def test_old_id_lists_take_cursors(warehouse: Warehouse, revision: str) -> None:
    catalog = warehouse.catalog(revision)
    for listing in ID_LISTS:
        if listing.known(revision):
            links = catalog.at(NEWEST).page(listing, warehouse.first).json["links"]
            query = {"page[cursor]": cursor_of(links["next"])}
            page = catalog.page(listing, warehouse.first, query)
            assert external_ids(page) == list(warehouse.names[100:200])


@since(PAGE_SIZE)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_pages_are_as_long_as_asked(shelf: Catalog, revision: str, size: int) -> None:
    for listing in listings(revision):
        owner = OWNERS.get(listing.owner, "")
        for sort in ("created", "-created"):
            query = {"sort": sort, "page[size]": str(size)}
            start = shelf.page(listing, owner, query)
            hold_page(shelf, listing, start, owner, query)
            names = [thing.name for thing in on_shelf(listing, owner)]
            hold_walk(shelf, start, names if sort == "created" else names[::-1], size)


@every_revision
def test_sizes_are_taken_early(shelf: Catalog, revision: str) -> None:
    for listing in listings(revision):
        owner = OWNERS.get(listing.owner, "")
        page = shelf.page(listing, owner, {"page[size]": "2"})
        assert external_ids(page) == [thing.name for thing in on_shelf(listing, owner)][:2]


@every_revision
@pytest.mark.parametrize("size", ["0", "101", "-1", "1.0", "ten", "", "1e1", "٣"])
def test_other_sizes_are_refused(shelf: Catalog, revision: str, size: str) -> None:
    for listing in listings(revision):
        answer = shelf.page(listing, OWNERS.get(listing.owner, ""), {"page[size]": size})
        hold_error(answer, 400, source={"parameter": "page[size]"}, extra=None)


@before(NO_FIRST_AND_LAST)
def test_first_and_last_lead_there(warehouse: Warehouse, revision: str) -> None:
    catalog = warehouse.catalog(revision)
    for listing in LISTS:
        start = catalog.page(listing, warehouse.first, light(listing))
        links = followed(catalog, start.json["links"]["next"]).json["links"]
        assert links["first"] == start.json["links"]["self"]
        assert external_ids(followed(catalog, links["first"])) == list(warehouse.names[:100])
        last = followed(catalog, links["last"])
        assert last.json["links"]["next"] is None
        back = walked(catalog, last, "prev")[::-1]
        assert [name for page in back for name in page] == list(warehouse.names)


@before(NO_FIRST_AND_LAST)
def test_short_lists_have_both_ends(shelf: Catalog) -> None:
    for listing in LISTS:
        owner = OWNERS.get(listing.owner, "")
        start = shelf.page(listing, owner)
        for way in ("first", "last"):
            page = followed(shelf, start.json["links"][way])
            assert page.json["data"] == start.json["data"]


@every_revision
def test_cursor_forms_are_tolerated(warehouse: Warehouse, revision: str) -> None:
    catalog, listing = warehouse.catalog(revision), LISTS[2]
    query = light(listing)
    link = catalog.page(listing, query=query).json["links"]["next"]
    cursor = cursor_of(link)
    for form in (cursor, f"={cursor}", cursor[:44], link):
        page = catalog.page(listing, query=query | {"page[cursor]": form})
        assert external_ids(page) == list(warehouse.names[100:200])


@pytest.mark.slow
@every_revision
def test_altered_cursors_are_refused(warehouse: Warehouse, revision: str) -> None:
    catalog, listing = warehouse.catalog(revision), LISTS[2]
    cursor = cursor_of(catalog.page(listing, query=light(listing)).json["links"]["next"])
    for place, letter in enumerate(cursor):
        other = LETTERS[(LETTERS.index(letter) + 1) % len(LETTERS)]
        hold_cursor_refused(catalog, listing, cursor[:place] + other + cursor[place + 1 :])
    for altered in (
        "",
        "nonsense",
        cursor[:-1],
        cursor + "A",
        cursor[::-1],
        "%",
        "bmV4dDo6aWQ6OjAx",
    ):
        hold_cursor_refused(catalog, listing, altered)


@every_revision
def test_cursors_of_other_lists_fail(warehouse: Warehouse, revision: str) -> None:
    catalog, first = warehouse.catalog(revision), warehouse.first
    found = {
        listing: cursor_of(catalog.page(listing, first, light(listing)).json["links"]["next"])
        for listing in LISTS
    }
    for listing in listings(revision):
        for other, cursor in found.items():
            if other != listing:
                hold_cursor_refused(catalog, listing, cursor, first)


@every_revision
def test_cursors_of_other_queries_fail(warehouse: Warehouse, revision: str) -> None:
    catalog, listing = warehouse.catalog(revision), LISTS[0]
    cursor = cursor_of(catalog.page(listing, query=light(listing)).json["links"]["next"])
    for query in (
        {"sort": "-created"},
        {"filter": "equals(published,true)"},
        {"filter": 'contains(title,"S")', "sort": "-created"},
    ):
        hold_cursor_refused(catalog, listing, cursor, query=query)


@every_revision
def test_cursors_of_other_accounts_fail(
    warehouse: Warehouse, client: Client, revision: str
) -> None:
    catalog = warehouse.catalog(revision)
    cursor = cursor_of(catalog.page(LISTS[0], query=light(LISTS[0])).json["links"]["next"])
    hold_cursor_refused(Catalog(client, revision), LISTS[0], cursor)


@every_revision
def test_same_list_takes_its_cursor(warehouse: Warehouse, revision: str) -> None:
    catalog, listing = warehouse.catalog(revision), LISTS[4]
    query = light(listing)
    cursor = cursor_of(catalog.page(listing, warehouse.first, query).json["links"]["next"])
    path = listing.path(warehouse.first)
    for spelling in (f"{path}/", path.replace("$", "%24").replace(":", "%3A")):
        page = catalog.call("GET", spelling, query=query | {"page[cursor]": cursor})
        assert page.status == 200, (spelling, page.body)
        assert external_ids(page) == list(warehouse.names[100:200])


@since(PAGE_SIZE)
def test_pages_may_change_their_size(warehouse: Warehouse, revision: str) -> None:
    catalog, listing = warehouse.catalog(revision), LISTS[1]
    cursor = cursor_of(catalog.page(listing, query={"page[size]": "7"}).json["links"]["next"])
    query = {"page[size]": "3", "page[cursor]": cursor}
    assert catalog.names(listing, query=query) == list(warehouse.names[7:10])


@since(PAGE_SIZE)
@pytest.mark.parametrize("sort", ["created", "-created"])
@pytest.mark.parametrize("kind", ["item", "variant", "category"])
def test_cursors_survive_changes(
    make_client: MakeClient, revision: str, kind: str, sort: str
) -> None:
    catalog = Catalog(make_client(), revision).made("item", "parent")
    if kind == "item":
        catalog.delete("item", "parent")
    catalog.made(kind, "a", "b", "c", "d", "e")
    expected = list("abcde") if sort == "created" else list("edcba")
    query = {"sort": sort, "page[size]": "2"}
    page = catalog.page(Listing(kind), query=query)
    assert external_ids(page) == expected[:2]
    for gone in expected[1:3]:
        catalog.delete(kind, gone)
    catalog.made(kind, "f")
    following = followed(catalog, page.json["links"]["next"])
    assert external_ids(following) == expected[3:5]
    preceding = followed(catalog, following.json["links"]["prev"])
    assert external_ids(preceding) == (["a"] if sort == "created" else ["f", "e"])
    newer = following.json["links"]["next"]
    assert (external_ids(followed(catalog, newer)) if newer else []) == (
        ["f"] if sort == "created" else []
    )


@since(PAGE_SIZE)
def test_emptied_pages_lead_back(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("category", "a", "b", "c")
    page = catalog.page(Listing("category"), query={"page[size]": "2"})
    catalog.delete("category", "c")
    emptied = followed(catalog, page.json["links"]["next"])
    assert emptied.json["data"] == []
    assert external_ids(followed(catalog, emptied.json["links"]["prev"])) == ["a", "b"]


@every_revision
def test_doubled_parameters_are_tolerated(warehouse: Warehouse, revision: str) -> None:
    catalog, listing = warehouse.catalog(revision), LISTS[2]
    link = catalog.page(listing, query=light(listing)).json["links"]["next"]
    page = catalog.call("GET", f"{link}&{link.partition('?')[2]}")
    assert external_ids(page) == list(warehouse.names[100:200])


@every_revision
def test_last_of_a_parameter_counts(warehouse: Warehouse, revision: str) -> None:
    catalog, listing = warehouse.catalog(revision), LISTS[2]
    first = catalog.page(listing, query=light(listing)).json["links"]
    whole = f"{first['self']}&page[cursor]={first['next']}&page[size]=7&page[size]=100"
    page = catalog.call("GET", whole)
    assert external_ids(page) == list(warehouse.names[100:200])
    again = catalog.call("GET", f"{whole}&{page.json['links']['next'].partition('?')[2]}")
    assert external_ids(again) == list(warehouse.names[200:300])


@since(PAGE_SIZE)
def test_links_survive_changes(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "a", "b", "c", "d", "e").made("category", "x")
    catalog.link("PATCH", "category", "x", "a", "b", "c", "e")
    for listing in (Listing("item", "category"), Listing("item", "category", bare=True)):
        page = catalog.page(listing, "x", {"page[size]": "2"})
        assert external_ids(page) == ["a", "b"]
        catalog.link("DELETE", "category", "x", "b")
        catalog.link("POST", "category", "x", "d")
        following = followed(catalog, page.json["links"]["next"])
        assert external_ids(following) == ["c", "d"]
        assert external_ids(followed(catalog, following.json["links"]["next"])) == ["e"]
        catalog.link("PATCH", "category", "x", "a", "b", "c", "e")


def hold_cursor_refused(
    catalog: Catalog,
    listing: Listing,
    cursor: str,
    owner: str = "",
    query: dict[str, str] | None = None,
) -> None:
    answer = catalog.page(listing, owner, (query or {}) | {"page[cursor]": cursor})
    source = {"pointer": "/data/"}
    hold_error(answer, 400, detail="Invalid cursor provided.", source=source, extra={})
