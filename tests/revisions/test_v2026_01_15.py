from __future__ import annotations

from typing import Any

from backroom.catalog.operations import Shape
from backroom.revisions.v2026_01_15 import LinkIdLists, LinkSingleDocuments
from support.factories import a_row, an_operation


def test_top_level_links_are_dropped() -> None:
    document: dict[str, Any] = {"data": {"links": {"self": "a"}}, "links": {"self": "b"}}
    LinkSingleDocuments().down(an_operation(), document)
    assert document == {"data": {"links": {"self": "a"}}}


def test_documents_without_links_pass() -> None:
    document: dict[str, Any] = {"data": {}}
    LinkSingleDocuments().down(an_operation(), document)
    assert document == {"data": {}}


def test_lists_keep_their_links() -> None:
    assert not LinkSingleDocuments().touches(an_operation(shape=Shape.JOB_LIST))
    assert not LinkSingleDocuments().touches(a_row("get_catalog_items"))


def test_id_lists_lose_their_links() -> None:
    document: dict[str, Any] = {"data": [], "links": {"self": "a", "next": None}}
    LinkIdLists().down(a_row("get_item_ids_for_catalog_category"), document)
    assert document == {"data": []}
    assert not LinkIdLists().touches(a_row("get_items_for_catalog_category"))
