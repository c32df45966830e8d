"""Items, variants and categories, through the whole way without a socket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog import ids
from backroom.catalog.kinds import KINDS, Verb
from support.factories import Site, a_creation, a_resource, done

if TYPE_CHECKING:
    from backroom.store.database import Database
    from support.factories import Answered

ITEMS = "/api/catalog-items"


@pytest.fixture
def site(database: Database) -> Site:
    made = Site(database)
    done(database, Verb.CREATE, "item", a_creation("item", "parent"), account=made.account)
    return made


def send(site: Site, method: str, path: str, data: Any = None) -> Answered:
    headers = {"content_type": "application/json"}
    chunks = [msgspec.json.encode({"data": data})] if data else []
    return site.call(method, path, headers=headers, chunks=chunks)


def place(kind: str, external_id: str) -> str:
    return f"/api/{KINDS[kind].collection}/{ids.resource_id(external_id)}"


@pytest.mark.parametrize("kind", KINDS)
def test_resources_are_made_and_go(site: Site, kind: str) -> None:
    own = place(kind, "a")
    made = send(site, "POST", f"/api/{KINDS[kind].collection}", a_resource(kind))
    assert (made.status, made.json["data"]["id"]) == (201, ids.resource_id("a"))
    assert site.get(own).json["data"]["attributes"] == made.json["data"]["attributes"]
    assert site.call("DELETE", own).status == 204
    assert site.get(own).status == 404


def test_update_is_shown(site: Site) -> None:
    own, named = place("item", "parent"), ids.resource_id("parent")
    given = {"type": "catalog-item", "id": named, "attributes": {"title": "Coat"}}
    answered = send(site, "PATCH", own, given)
    assert (answered.status, answered.json["data"]["attributes"]["title"]) == (200, "Coat")


def test_updates_side_by_side_all_stay(site: Site) -> None:
    own, named = place("item", "parent"), ids.resource_id("parent")

    def change(member: str) -> None:
        for n in range(20):
            given = {"type": "catalog-item", "id": named, "attributes": {member: f"{n}"}}
            assert send(site, "PATCH", own, given).json["data"]["attributes"][member] == f"{n}"

    members = ("title", "description", "url")
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(change, members))
    shown = site.get(own).json["data"]["attributes"]
    assert {member: shown[member] for member in members} == dict.fromkeys(members, "19")


def test_taken_ids_conflict(site: Site) -> None:
    answered = send(site, "POST", ITEMS, a_resource("item", "parent"))
    assert (answered.status, answered.error["code"]) == (409, "conflict")
    assert answered.error["source"] == {"pointer": "/data/attributes/external_id"}


def test_missing_are_told_by_method(site: Site) -> None:
    own, named = place("item", "none"), ids.resource_id("none")
    assert site.get(own).error["detail"] == f"An item with id {named} does not exist."
    detail = f"An item with the id `{named}` does not exist."
    assert site.call("DELETE", own).error["detail"] == detail


def test_create_shows_metadata_as_sent(site: Site) -> None:
    given = a_resource("item", custom_metadata={"colour": 1, "a": 2})
    made = send(site, "POST", ITEMS, given).json["data"]["attributes"]
    read = site.get(place("item", "a")).json["data"]["attributes"]
    assert list(made["custom_metadata"]) == ["colour", "a"]
    assert list(read["custom_metadata"]) == ["a", "colour"]


def test_items_include_their_variants(site: Site) -> None:
    send(site, "POST", "/api/catalog-variants", a_resource("variant", "v"))
    for path in (ITEMS, place("item", "parent")):
        included = site.get(path, "include=variants").json["included"]
        assert [each["id"] for each in included] == [ids.resource_id("v")]


def test_related_list_needs_its_owner(site: Site) -> None:
    assert site.get(place("item", "parent") + "/variants").json["data"] == []
    assert site.get(place("item", "none") + "/variants").status == 404


def test_filters_pick_items(site: Site) -> None:
    send(site, "POST", ITEMS, a_resource("item", "a", title="Blue coat", published=False))
    for condition in (
        "contains(title,'COAT')",
        "equals(published,false)",
        f"any(ids,['{ids.resource_id('a')}'])",
    ):
        data = site.get(ITEMS, f"filter={condition}").json["data"]
        assert [each["id"] for each in data] == [ids.resource_id("a")]
    assert site.get(ITEMS, "filter=equals(category.id,'none')").json["data"] == []


@pytest.mark.slow
def test_pages_of_large_items_end_early(site: Site, database: Database) -> None:
    large = [a_creation("item", f"n{n}", description="x" * 500_000) for n in range(20)]
    done(database, Verb.CREATE, "item", *large, account=site.account)
    pages = walked(site, "next", ITEMS)
    assert all(len(page) < 10 for page in pages)
    assert [name for page in pages for name in page] == ["parent", *(f"n{n}" for n in range(20))]
    second = site.get(ITEMS).json["links"]["next"]
    assert walked(site, "prev", second) == [pages[1], pages[0]]


def walked(site: Site, link: str, url: str | None) -> list[list[str]]:
    """The external ids on each page, following a link of the pages."""
    pages = []
    while url is not None:
        path, _, query = url[url.index("/api") :].partition("?")
        page = site.get(path, query).json
        pages.append([each["attributes"]["external_id"] for each in page["data"]])
        url = page["links"][link]
    return pages
