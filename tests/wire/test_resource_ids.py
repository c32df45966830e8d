"""Ids of any text, in bodies, paths, links and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import pytest

from support.wire_answers import error_place, hold_error
from support.wire_catalog import (
    Catalog,
    Listing,
    a_resource_body,
    collection,
    external_ids,
    identifier,
    operations,
    parent,
)
from support.wire_contract import KINDS, every_revision
from support.wire_requests import catalog_id

if TYPE_CHECKING:
    from support.client import Client
    from support.wire_jobs import MakeClient

NAMES = (
    "plain-1_2.3~",
    "a/b",
    "/",
    "a/",
    "two words",
    "100%",
    "%2F",
    "%",
    "it's",
    'say "so"',
    "back\\slash",
    "+&?#=;,",
    "[a]{b}|^`<>",
    "Zoë ☃ 🛒",
    ":::",
    "$custom:::$default:::x",
    " edge ",
    "..",
    "x" * 255,
)
SPELLINGS = {
    "raw": lambda text: quote(text, safe="$:!'()*,;=@&+"),
    "encoded": lambda text: quote(text, safe=""),
    "lower": lambda text: quote(text, safe="").replace("%3A", "%3a").replace("%2F", "%2f"),
}


@pytest.fixture(scope="session")
def libraries() -> dict[str, Catalog]:
    return {}


@pytest.fixture
def library(revision: str, libraries: dict[str, Catalog], make_client: MakeClient) -> Catalog:
    """An account with a category of every name."""
    if revision not in libraries:
        libraries[revision] = Catalog(make_client(), revision).made("category", *NAMES)
    return libraries[revision]


@every_revision
def test_ids_are_any_text(library: Catalog) -> None:
    page = library.page(Listing("category"))
    assert external_ids(page) == list(NAMES)
    for data, name in zip(page.json["data"], NAMES, strict=True):
        assert data["id"] == catalog_id(name)
        assert data["attributes"]["external_id"] == name
        assert library.call("GET", data["links"]["self"]).json["data"] == data


@every_revision
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_reads_take_every_spelling(library: Catalog, spelling: str) -> None:
    for name in NAMES:
        path = f"{collection('category')}/{SPELLINGS[spelling](catalog_id(name))}"
        assert library.call("GET", path).json["data"]["id"] == catalog_id(name)
        assert library.call("GET", f"{path}/").json["data"]["id"] == catalog_id(name)
        assert library.call("GET", f"{path}/relationships/items").json["data"] == []


@every_revision
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_writes_take_every_spelling(client: Client, revision: str, spelling: str) -> None:
    catalog = Catalog(client, revision)
    for name in ("a/b", "100%", 'say "so"', "Zoë ☃ 🛒", ":::"):
        path = f"{collection('category')}/{SPELLINGS[spelling](catalog_id(name))}"
        catalog.made("category", name)
        body = a_resource_body(revision, "update", "category", name)
        assert catalog.call("PATCH", path, body).status == 200
        assert catalog.call("PATCH", f"{path}/relationships/items", {"data": []}).status == 204
        assert catalog.call("DELETE", path).status == 204


@every_revision
def test_relationships_take_any_id(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", *NAMES)
    catalog.made("category", "c")
    assert catalog.link("POST", "category", "c", *NAMES).status == 204
    assert catalog.linked("category", "c") == list(NAMES)
    for name in NAMES[:6]:
        assert catalog.linked("item", name) == ["c"]
        catalog.made("variant", name, relationships=parent(revision, name))
        assert catalog.names(Listing("variant", "item"), name) == [name]


@every_revision
def test_links_escape_their_ids(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", *NAMES)
    for data in catalog.page(Listing("item")).json["data"]:
        link = data["links"]["self"]
        assert link.isascii()
        path = link.removeprefix(f"{client.url}{collection('item')}/").removesuffix("/")
        assert "/" not in path
        assert unquote(path) == data["id"]


@every_revision
def test_ids_of_updates_are_literal(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "a/b")
    body = a_resource_body(revision, "update", "item", "a%2Fb")
    path = f"{collection('item')}/{quote(catalog_id('a/b'), safe='')}"
    assert error_place(catalog.call("PATCH", path, body)) == "/data/id"


@every_revision
@pytest.mark.parametrize("name", ["", "x" * 256, "nul\0"])
def test_other_ids_are_refused(bench: Catalog, name: str) -> None:
    for resource in ("item", "category"):
        answer = bench.create(resource, name)
        assert error_place(answer) == "/data/attributes/external_id"
    refused = identifier("category", "x") | {"id": ""}
    answer = bench.create("item", "new", relationships={"categories": {"data": [refused]}})
    assert error_place(answer) == "/data/relationships/categories/data/id"


NO_TEXT = ("%FF", "%C3", "%C0%AF", "%ED%A0%80", "%F5%80%80%80")
REPLACED = "\N{REPLACEMENT CHARACTER}"


@every_revision
def test_bytes_that_are_no_text_name_nothing(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    for resource in ("item", "category"):
        catalog.made(resource, *[f"{REPLACED * n}x" for n in range(1, 5)])
    before = [catalog.page(Listing(each)).json["data"] for each in ("item", "category")]
    for operation in operations(revision):
        if "{id}" in operation.path:
            for bytes_ in NO_TEXT:
                path = operation.path.replace("{id}", f"{catalog_id('')}{bytes_}x")
                answer = catalog.call(operation.method, path, {"data": []})
                hold_error(answer, 404, "not_found", "Not found.", source={"pointer": "/data/"})
    for kind in KINDS:
        assert client.get(f"{kind.path}/%FF", revision=revision).status == 404
    assert [catalog.page(Listing(each)).json["data"] for each in ("item", "category")] == before


@every_revision
def test_bytes_that_are_no_text_find_nothing(client: Client, revision: str) -> None:
    Catalog(client, revision).made("item", REPLACED)
    path = collection("item")
    named = quote(catalog_id(REPLACED))
    found = client.get(f'{path}?filter=any(ids,["{named}"])', revision=revision)
    assert external_ids(found) == [REPLACED]
    for filter_ in ('any(ids,["{}"])', 'equals(title,"{}")', 'contains(title,"{}")'):
        for bytes_ in (*NO_TEXT, "\\ud800", "\\udc00x"):
            text = filter_.format(bytes_)
            answer = client.get(f"{path}?filter={text}", revision=revision)
            hold_error(answer, 400, source={"parameter": "filter"})
    cursor = client.get(f"{path}?page[cursor]=%FF", revision=revision)
    hold_error(cursor, 400, detail="Invalid cursor provided.", extra={})
    for name in ("page[size]=%FF", "sort=%FF", "include=%FF", "%FF=1", "fields[catalog-item]=%FF"):
        assert client.get(f"{path}?{name}", revision=revision).status == 400
