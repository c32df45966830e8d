from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds import existing as module
from backroom.feeds.api_client import ApiClient
from backroom.feeds.existing import ExistingCatalog
from backroom.feeds.ledger import Ledger
from backroom.feeds.rows import Row
from backroom.revisions import NEWEST
from feeds.catalogs import load_rows, paced
from feeds.scripted_server import Answer, Script, scripted

if TYPE_CHECKING:
    from support.client import Client

ID = "$custom:::$default:::"
PAGE = Answer(200, {"data": [{"id": f"{ID}C1", "attributes": {"title": "Cap"}}]})
NEXT = {"links": {"next": "http://x/y?page%5Bcursor%5D=abc"}}
FULL = Answer(200, {"data": [], **NEXT})


def existing(script: Script) -> ExistingCatalog:
    return ExistingCatalog(ApiClient(script.url, "pk_test", NEWEST, 10), Ledger(None))


def test_single_page_is_asked_once() -> None:
    with scripted(PAGE) as script:
        catalog = existing(script)
        assert catalog.resources(ITEM, ["C1", "C2"]) == {"C1": {"title": "Cap"}}
        assert catalog.resources(ITEM, ["C3"]) == {}
    assert len(script.requests) == 1


def test_more_are_asked_by_id() -> None:
    with scripted(FULL, PAGE) as script:
        found = existing(script).resources(ITEM, ["C1", 'a"b', "é,%"])
    assert found == {"C1": {"title": "Cap"}}
    asked = parse_qs(urlsplit(script.requests[-1][1]).query)["filter"]
    assert asked == [f'any(ids,["{ID}C1","{ID}a\\"b","{ID}é,%"])']


@pytest.mark.slow
def test_large_resources_are_all_found(client: Client) -> None:
    """A page ends before a hundred where its resources are large."""
    text = {"title": "Cap", "description": "d" * 90_000, "url": "https://shop.example"}
    names = [f"C{each}" for each in range(101)]
    load_rows(client, *({"type": "item", "external_id": each, **text} for each in names))
    catalog = ExistingCatalog(paced(client), Ledger(None))
    assert sorted(catalog.resources(ITEM, names[:100])) == sorted(names[:100])


def test_long_ids_are_asked_in_parts() -> None:
    ids = [f"{number}" + "x" * 200 for number in range(100)]
    with scripted(FULL, PAGE) as script:
        existing(script).resources(ITEM, ids)
    assert max(len(path) for _, path, _ in script.requests) < 8_000
    assert len(script.requests) > 3


def test_ids_are_read_page_by_page() -> None:
    with scripted(FULL, PAGE) as script:
        assert list(existing(script).ids(ITEM)) == ["C1"]
    assert (
        "page%5Bcursor%5D=abc" in script.requests[-1][1]
        or "page[cursor]=abc" in (script.requests[-1][1])
    )


@pytest.fixture
def many_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have one row count as many."""
    monkeypatch.setattr(module, "_FEW_ROWS", 0)


def comparing(script: Script) -> ExistingCatalog:
    """A catalog with which a row is to be compared."""
    catalog = existing(script)
    catalog.ledger.stage([Row(1, ITEM, "C1", {})])
    return catalog


@pytest.mark.usefixtures("many_left")
def test_deleted_category_has_no_members() -> None:
    gone = Answer(404, {"errors": [{"detail": "No."}]})
    category = Answer(200, {"data": [{"id": f"{ID}hats"}]})
    with scripted(category, gone) as script:
        assert comparing(script).related(ITEM, "C1") == set()


def test_few_items_are_asked_for_their_categories() -> None:
    categories = Answer(200, {"data": [{"id": f"{ID}hats"}, {"id": f"{ID}caps"}]})
    with scripted(categories) as script:
        assert comparing(script).related(ITEM, "C1") == {"hats", "caps"}
    assert [path for _, path, _ in script.requests] == [
        "/api/catalog-items/%24custom%3A%3A%3A%24default%3A%3A%3AC1/relationships/categories"
    ]


@pytest.mark.usefixtures("many_left")
def test_categories_are_read_page_by_page() -> None:
    hats = Answer(200, {"data": [{"id": f"{ID}hats"}], **NEXT})
    with scripted(hats, PAGE) as script:
        comparing(script).related(ITEM, "C1")
    paths = [path for _, path, *_ in script.requests]
    assert ["relationships" in each for each in paths] == [False, True, False, True]


def test_all_variants_of_an_item_are_its_own(client: Client) -> None:
    text = {"title": "Cap", "description": "", "url": "https://shop.example"}
    sold = {"sku": "", "price": 1, "inventory_quantity": 1, "item": "cap", **text}
    variants = [{"type": "variant", "external_id": f"V{each}", **sold} for each in range(120)]
    items = [{"type": "item", "external_id": each, **text} for each in ("cap", "hat")]
    load_rows(client, *items, *variants)
    catalog = ExistingCatalog(paced(client), Ledger(None))
    asked = [Row(1, VARIANT, f"V{each}", {}, ("cap",)) for each in (0, 110, 119)]
    assert catalog.elsewhere(asked) == set()
    assert catalog.elsewhere([Row(1, VARIANT, "V119", {}, ("hat",))]) == {"V119"}


@pytest.mark.usefixtures("many_left")
def test_long_readings_say_what_is_read() -> None:
    reported: list[str] = []
    with scripted(PAGE) as script:
        catalog = comparing(script)
        catalog.client.telling = reported.append
        catalog.read_all_ids()
        catalog.related(ITEM, "C1")
    assert "reading what the server has: 1 items" in reported
    assert reported[-1].startswith("reading which items are in which categories of the server")
