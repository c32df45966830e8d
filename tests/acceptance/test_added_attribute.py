"""An attribute is one row and its migration, as docs/how-to/add-an-attribute.md says.

A copy of the program gets both, and serves a database that the program as it is has filled. In the
copy items have a `brand` since the newest revision, and no `price` since then.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import backroom
from backroom.store.migrate import migrations
from openapi import described
from support.client import Client
from support.engines import ENGINES
from support.factories import a_body, a_kind_of_job
from support.factories import a_resource as a_creation
from support.process import Programs
from support.wire_contract import REVISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

ITEMS, JOBS = "/api/catalog-items", "/api/catalog-item-bulk-create-jobs"
NEWEST, BEFORE = REVISIONS[-1], REVISIONS[-2]
URL = "        _URL,\n"
BRAND = f'        Attribute("brand", "text", default="", since="{NEWEST}"),\n'
PRICE = '        Attribute("price", "number"),\n'
LAST_PRICE = f'        Attribute("price", "number", until="{NEWEST}"),\n'
BACKFILL = '{"table": "items", "attribute": "brand", "after": "url", "value": ""}\n'
OWN = "$custom:::$default:::"
older_revisions = pytest.mark.parametrize("revision", REVISIONS[:-1])


def added_to(package: Path) -> None:
    """Do to a copy of the program what the page says."""
    table = package / "catalog" / "kinds.py"
    source = table.read_text()
    assert (source.count(PRICE), source.index(PRICE) < source.index(URL)) == (1, True)
    table.write_text(source.replace(URL, URL + BRAND, 1).replace(PRICE, LAST_PRICE))
    number = max(migrations("sqlite")) + 1
    (package / "store" / "migrations" / f"{number:04}_item_brand.json").write_text(BACKFILL)


@dataclass
class Shop:
    """A shop that was filled before the attribute came: what it answered then, and answers now."""

    client: Client
    then: dict[str, list[bytes]]
    now: dict[str, list[bytes]]
    home: Path


def all_answers(client: Client) -> dict[str, list[bytes]]:
    return {revision: answers(client, revision) for revision in REVISIONS}


def answers(client: Client, revision: str) -> list[bytes]:
    """What is read of the shop in a revision, but for where it is."""
    paths = [ITEMS, f"{ITEMS}/{OWN}a", f"{ITEMS}?include=variants", "/api/catalog-variants"]
    found = [client.get(path, revision=revision) for path in paths]
    assert {each.status for each in found} == {200}
    return [each.body.replace(client.url.encode(), b"") for each in found]


def fill(client: Client) -> None:
    """Make two items, one with metadata that looks like attributes, and a variant."""
    odd = {"url": "u", "brand": 1, "price": 1e30}
    for resource in (
        a_creation("item", "a", price=1, custom_metadata=odd),
        a_creation("item", "b"),
    ):
        assert client.post(ITEMS, {"data": resource}).status == 201
    variant = a_creation("variant", "v")
    variant["relationships"]["item"]["data"]["id"] = f"{OWN}a"
    assert client.post("/api/catalog-variants", {"data": variant}).status == 201


@pytest.fixture(scope="module", params=ENGINES)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    home = tmp_path_factory.mktemp("shop")
    programs = Programs(home)
    if request.param == "sqlite":
        yield changed_shop(programs, home)
        programs.end()
        return
    with request.getfixturevalue("cluster").databases() as create:
        yield changed_shop(programs, home, "--database", create())
        programs.end()


def changed_shop(programs: Programs, home: Path, *flags: str) -> Shop:
    server = programs.serve(*flags)
    client = Client(server.url, server.key)
    fill(client)
    then = all_answers(client)
    server.stop()
    copy = home / "later"
    shutil.copytree(Path(backroom.__file__).parent, copy / "backroom")
    added_to(copy / "backroom")
    later = programs.serve(*flags, PYTHONPATH=str(copy))
    client = Client(later.url, client.key)
    return Shop(client, then, all_answers(client), copy)


def an_item(name: str, **attributes: Any) -> Any:
    return {"data": a_creation("item", name, **attributes)}


def an_update(name: str, **attributes: Any) -> Any:
    return {"data": {"type": "catalog-item", "id": OWN + name, "attributes": attributes}}


def shown(shop: Shop, name: str, revision: str, query: str = "") -> Any:
    answer = shop.client.get(f"{ITEMS}/{OWN}{name}{query}", revision=revision)
    return answer.json["data"]["attributes"]


def test_older_revisions_are_unchanged(shop: Shop) -> None:
    for revision in REVISIONS[:-1]:
        assert shop.now[revision] == shop.then[revision]


def test_older_rows_show_it_in_place(shop: Shop) -> None:
    brand, price = b'"brand":"",', (b'"price":1,', b'"price":null,')
    for now, then in zip(shop.now[NEWEST][:2], shop.then[NEWEST][:2], strict=True):
        without_price = then.replace(price[0], b"").replace(price[1], b"")
        assert now == without_price.replace(b'"image_full_url"', brand + b'"image_full_url"')


def test_other_kinds_are_unchanged(shop: Shop) -> None:
    assert shop.now[NEWEST][-1] == shop.then[NEWEST][-1]


def test_newest_revision_writes_it(shop: Shop) -> None:
    made = shop.client.post(ITEMS, an_item("new", brand="Ours"))
    assert made.json["data"]["attributes"]["brand"] == "Ours"
    update = an_update("new", brand=None)
    changed = shop.client.request("PATCH", f"{ITEMS}/{OWN}new", json=update)
    assert changed.json["data"]["attributes"]["brand"] == ""


def test_newest_revision_reads_fields(shop: Shop) -> None:
    assert shown(shop, "a", NEWEST, "?fields[catalog-item]=title,brand") == {
        "title": "Shirt",
        "brand": "",
    }
    assert shown(shop, "a", BEFORE, "?fields[catalog-item]=price") == {"price": 1}


def test_jobs_take_it_as_well(shop: Shop) -> None:
    body = a_body(a_kind_of_job("item", "create"), a_creation("item", "job", brand="Ours"))
    assert shop.client.post(JOBS, body).status == 202
    refused = shop.client.post(JOBS, body, revision=BEFORE).error
    assert refused["source"]["pointer"] == "/data/attributes/items/data/0/attributes/brand"


@older_revisions
def test_older_revisions_refuse_it(shop: Shop, revision: str) -> None:
    calls = [("POST", ITEMS, an_item("x", brand="Ours"))]
    calls.append(("PATCH", f"{ITEMS}/{OWN}a", an_update("a", brand="Ours")))
    for method, path, body in calls:
        body["data"].pop("relationships", None)
        refused = shop.client.request(method, path, json=body, revision=revision).error
        assert refused["detail"] == "'brand' is not a valid field for the resource 'catalog-item'."
        assert refused["source"]["pointer"] == "/data/attributes/brand"
    refused = shop.client.get(ITEMS, query={"fields[catalog-item]": "brand"}, revision=revision)
    assert refused.error["source"] == {"parameter": "fields[catalog-item]"}


def test_newest_revision_refuses_what_went(shop: Shop) -> None:
    refused = shop.client.post(ITEMS, an_item("x", price=1)).error
    assert refused["source"]["pointer"] == "/data/attributes/price"
    refused = shop.client.get(ITEMS, query={"fields[catalog-item]": "price"}).error
    assert refused["source"] == {"parameter": "fields[catalog-item]"}


def test_revisions_keep_each_others_values(shop: Shop) -> None:
    shop.client.post(ITEMS, an_item("both", brand="Ours"))
    for revision in (BEFORE, NEWEST):
        update = an_update("both", **({"price": 7} if revision == BEFORE else {"title": "New"}))
        path = f"{ITEMS}/{OWN}both"
        assert shop.client.request("PATCH", path, json=update, revision=revision).status == 200
    assert shown(shop, "both", NEWEST)["brand"] == "Ours"
    assert shown(shop, "both", BEFORE)["price"] == 7


def test_older_creates_store_the_default(shop: Shop) -> None:
    shop.client.post(ITEMS, an_item("old", price=3), revision=BEFORE)
    assert shown(shop, "old", NEWEST)["brand"] == ""


@older_revisions
def test_older_documents_are_unchanged(shop: Shop, revision: str) -> None:
    served = shop.client.get(f"/_backroom/openapi/{revision}.json").json
    assert served == described.document(revision)


def test_newest_document_has_the_change(shop: Shop) -> None:
    schemas = shop.client.get(f"/_backroom/openapi/{NEWEST}.json").json["components"]["schemas"]
    for name in ("create_catalog_item_body", "update_catalog_item_body", "get_catalog_item_answer"):
        attributes = schemas[name]["properties"]["data"]["properties"]["attributes"]["properties"]
        assert ("brand" in attributes, "price" in attributes) == (True, False), name


def test_revisions_are_described(shop: Shop) -> None:
    said = Programs(shop.home).run("revisions", PYTHONPATH=str(shop.home)).output
    first = said.partition("2026-07-15")[0]
    assert "  An item has `brand`.\n" in first
    assert "  An item no longer has `price`.\n" in first
