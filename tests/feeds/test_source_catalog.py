from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds.paced_client import PacedClient
from backroom.feeds.rows import Row
from backroom.feeds.source_catalog import SourceCatalog
from backroom.revisions import NEWEST
from feeds.catalogs import load, load_rows, paced, rows
from feeds.scripted_server import Answer, scripted
from support.process import until

if TYPE_CHECKING:
    from support.client import Client

ID = "$custom:::$default:::"
MANY = 120
"""Items on more than a page."""


def test_rows_are_those_that_were_loaded(client: Client) -> None:
    load(client, MANY, random.Random(0))
    found = {each.external_id: each for each in SourceCatalog(paced(client)).rows()}
    assert len(found) == 2 * MANY + 4
    for row in rows(MANY, random.Random(0)):
        read = found[row["external_id"]]
        assert isinstance(read, Row)
        assert read.kind.name == row["type"]
        related = row.get("categories", [row["item"]] if "item" in row else None)
        assert list(read.related or ()) == (related or [])
        assert read.attributes.get("price") == row.get("price")


def test_rows_are_numbered(client: Client) -> None:
    load(client, 3, random.Random(0))
    lines = [each.line for each in SourceCatalog(paced(client)).rows()]
    assert lines == list(range(1, 11))


def test_present_are_those_that_exist(client: Client) -> None:
    load(client, 2, random.Random(0))
    catalog = SourceCatalog(paced(client))
    assert catalog.present(ITEM, ["C1", "gone"]) == {"C1"}
    assert catalog.present(VARIANT, ["V0", "V1", "C1"]) == {"V0", "V1"}


def test_category_may_go_while_it_is_read() -> None:
    category = {"type": "catalog-category", "id": f"{ID}hats", "attributes": {"name": "Hats"}}
    gone = Answer(404, {"errors": [{"detail": "No."}]})
    none = Answer(200, {"data": []})
    with scripted(none, Answer(200, {"data": [category]}), gone, none) as script:
        catalog = SourceCatalog(PacedClient(script.url, "pk", NEWEST, 10))
        assert [each.external_id for each in catalog.rows()] == ["hats"]


@pytest.mark.parametrize("name", ["Hats/Wool", "A > B", "50 % #1?", "mütze"])
def test_categories_have_any_id(client: Client, name: str) -> None:
    cap = {"title": "Cap", "description": "", "url": "https://shop.example"}
    load_rows(
        client,
        {"type": "category", "external_id": name, "name": "Hats"},
        {"type": "item", "external_id": "cap", "categories": [name], **cap},
    )
    *_, item = SourceCatalog(paced(client)).rows()
    assert isinstance(item, Row)
    assert item.related == (name,)


def test_items_have_many_variants(client: Client) -> None:
    text = {"title": "Cap", "description": "", "url": "https://shop.example"}
    sold = {"sku": "", "price": 1, "inventory_quantity": 1, "item": "cap", **text}
    variants = [{"type": "variant", "external_id": f"V{each}", **sold} for each in range(MANY)]
    load_rows(client, {"type": "item", "external_id": "cap", **text}, *variants)
    rows = list(SourceCatalog(paced(client)).rows())
    assert len({each.external_id for each in rows}) == len(rows) == MANY + 1
    assert {each.related for each in rows[1:] if isinstance(each, Row)} == {("cap",)}


@pytest.mark.slow
def test_large_resources_are_all_read(client: Client) -> None:
    text = {"title": "Cap", "description": "d" * 90_000, "url": "https://shop.example"}
    sold = {"sku": "", "price": 1, "inventory_quantity": 1, "item": "C0", **text}
    items = [{"type": "item", "external_id": f"C{each}", **text} for each in range(60)]
    variants = [{"type": "variant", "external_id": f"V{each}", **sold} for each in range(60)]
    load_rows(client, *items, *variants)
    rows = list(SourceCatalog(paced(client)).rows())
    assert len({each.external_id for each in rows}) == len(rows) == MANY
    of_item = {each.related for each in rows if isinstance(each, Row) and each.kind is VARIANT}
    assert of_item == {("C0",)}


def test_variants_may_have_no_item(client: Client) -> None:
    load(client, 2, random.Random(0))
    attributes = {"external_id": "lone", "title": "", "description": "", "sku": "", "url": ""}
    numbers = {"price": 1, "inventory_quantity": 1}
    body = {"data": {"type": "catalog-variant", "attributes": attributes | numbers}}
    made = client.request("POST", "/api/catalog-variants", json=body, revision="2024-10-15")
    assert made.status == 201
    *_, last = SourceCatalog(paced(client)).rows()
    assert isinstance(last, Row)
    assert (last.external_id, last.related) == ("lone", None)


def test_mark_says_of_changes(client: Client) -> None:
    catalog = SourceCatalog(paced(client))
    before = catalog.mark()
    load(client, 2, random.Random(0))
    until(lambda: catalog.mark() != before, "another mark")


def test_others_have_no_mark() -> None:
    no_such_path = Answer(404, {"errors": [{"detail": "No."}]})
    with scripted(no_such_path, Answer(200, {"data": []})) as script:
        catalog = SourceCatalog(PacedClient(script.url, "pk", NEWEST, 10))
        assert [catalog.mark(), catalog.mark()] == ["", ""]
