from __future__ import annotations

from copy import deepcopy
from typing import Any

from backroom.catalog.operations import OPERATIONS
from backroom.revisions.v2023_02_22 import LinkRelationships, RelateMoreResources
from support.factories import a_row

LINKED = {"variants": {"data": [], "links": {"self": "a"}}}


def test_items_lose_their_links() -> None:
    data = [{"relationships": deepcopy(LINKED)}, {}]
    document: dict[str, Any] = {"data": data}
    LinkRelationships().down(a_row("get_catalog_items"), document)
    assert document == {"data": [{"relationships": {"variants": {"data": []}}}, {}]}


def test_other_resources_lose_their_relationships() -> None:
    document: dict[str, Any] = {"data": {"id": "v", "relationships": deepcopy(LINKED)}}
    RelateMoreResources().down(a_row("get_catalog_variant"), document)
    assert document == {"data": {"id": "v"}}


def test_reads_of_items_alone_had_relationships() -> None:
    reads = [each.name for each in OPERATIONS if LinkRelationships().touches(each)]
    assert reads == ["get_catalog_items", "get_catalog_item", "get_items_for_catalog_category"]
    others = {each.name for each in OPERATIONS if RelateMoreResources().touches(each)}
    assert not others & set(reads)
    assert others >= {"create_catalog_item", "get_catalog_variants", "get_catalog_category"}
