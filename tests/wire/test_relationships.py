"""Which items are in which categories: linked, replaced, unlinked from both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.wire_answers import hold_error
from support.wire_catalog import Catalog, Listing, address, identifier, parent
from support.wire_contract import every_revision
from support.wire_requests import catalog_id
from support.wire_shown import hold_nothing

if TYPE_CHECKING:
    from support.client import Answer, Client

both_sides = pytest.mark.parametrize("side", ["item", "category"])
OTHER = {"item": "category", "category": "item"}
REPLACED = {"item": 200, "category": 204}


@pytest.fixture
def catalog(client: Client, revision: str) -> Catalog:
    """Three items and three categories; the first ones are linked with each other."""
    catalog = Catalog(client, revision)
    catalog.made("item", "a", "b", "c").made("category", "a", "b", "c")
    hold_nothing(catalog.link("POST", "item", "a", "a"))
    return catalog


@every_revision
@both_sides
def test_links_can_be_added(catalog: Catalog, side: str) -> None:
    hold_nothing(catalog.link("POST", side, "a", "c", "b"))
    assert catalog.linked(side, "a") == ["a", "b", "c"]
    assert catalog.linked(OTHER[side], "b") == ["a"]
    assert catalog.names(Listing(OTHER[side], side), "a") == ["a", "b", "c"]


@every_revision
@both_sides
def test_existing_links_conflict(catalog: Catalog, side: str) -> None:
    answer = catalog.link("POST", side, "a", "b", "a")
    said = f"One or more of the relations specified for the {side} with id `{catalog_id('a')}`"
    detail = f"{said} already exists."
    hold_error(answer, 409, "conflict", "Conflict.", detail=detail, source={"pointer": "/data/id"},
               extra={"links": {}, "meta": {}})  # fmt: skip
    assert catalog.linked(side, "a") == ["a"]


@every_revision
@both_sides
def test_patches_replace_all_links(catalog: Catalog, side: str) -> None:
    for names in (["b", "c"], ["c"], [], ["a", "c"]):
        hold_nothing(catalog.link("PATCH", side, "a", *names), REPLACED[side])
        assert catalog.linked(side, "a") == names
    assert catalog.linked(side, "b") == []


@every_revision
@both_sides
def test_links_can_be_removed(catalog: Catalog, side: str) -> None:
    catalog.link("PATCH", side, "a", "a", "b", "c")
    hold_nothing(catalog.link("DELETE", side, "a", "a", "c"))
    assert catalog.linked(side, "a") == ["b"]
    assert catalog.linked(OTHER[side], "c") == []


@every_revision
@both_sides
@pytest.mark.parametrize("names", [["b"], ["a", "b"], ["a", "missing"]])
def test_absent_links_are_not_found(catalog: Catalog, side: str, names: list[str]) -> None:
    answer = catalog.link("DELETE", side, "a", *names)
    hold_error(answer, 404, "not_found", "Not found.", extra=None)
    assert catalog.linked(side, "a") == ["a"]


@every_revision
@both_sides
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_missing_targets_are_refused(catalog: Catalog, side: str, method: str) -> None:
    answer = catalog.link(method, side, "a", "b", "missing")
    if side == "item":
        hold_error(answer, 400, detail="Invalid category information.")
    else:
        detail = f"An item with the id `{catalog_id('missing')}` does not exist."
        hold_error(answer, 404, "not_found", "Not found.", detail=detail, extra=None)
    assert answer.error["source"]["pointer"].startswith("/data")
    assert catalog.linked(side, "a") == ["a"]


@every_revision
@both_sides
def test_empty_lists_change_nothing(catalog: Catalog, side: str) -> None:
    hold_nothing(catalog.link("POST", side, "a"))
    hold_nothing(catalog.link("DELETE", side, "a"))
    assert catalog.linked(side, "a") == ["a"]


@every_revision
@both_sides
def test_repeated_ids_count_once(catalog: Catalog, side: str) -> None:
    hold_nothing(catalog.link("POST", side, "b", "b", "b"))
    hold_nothing(catalog.link("PATCH", side, "b", "c", "c"), REPLACED[side])
    assert catalog.linked(side, "b") == ["c"]
    hold_nothing(catalog.link("DELETE", side, "b", "c", "c"))


@every_revision
@both_sides
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_malformed_identifiers_are_refused(catalog: Catalog, side: str, method: str) -> None:
    for place, faulty in (
        ("/data/1", 7),
        ("/data/1/type", {"id": catalog_id("b")}),
        ("/data/1/id", {"type": f"catalog-{OTHER[side]}"}),
        ("/data/1/type", identifier(side, "b")),
        ("/data/1/id", identifier(OTHER[side], "b") | {"id": 7}),
        ("/data/1/meta", identifier(OTHER[side], "b") | {"meta": {}}),
    ):
        answer = raw_link(catalog, method, side, [identifier(OTHER[side], "a"), faulty])
        hold_error(answer, 400, source={"pointer": place})
    assert catalog.linked(side, "a") == ["a"]


@every_revision
@both_sides
def test_creations_and_updates_replace(catalog: Catalog, side: str) -> None:
    given = relationship(side, "b", "c")
    assert catalog.create(side, "d", relationships=given).status == 201
    assert catalog.linked(side, "d") == ["b", "c"]
    assert catalog.update(side, "d", relationships=relationship(side, "a")).status == 200
    assert catalog.linked(side, "d") == ["a"]
    assert catalog.update(side, "d").status == 200
    assert catalog.linked(side, "d") == ["a"]
    assert catalog.update(side, "d", relationships=relationship(side)).status == 200
    assert catalog.linked(side, "d") == []


@every_revision
def test_deleted_items_take_their_variants(catalog: Catalog, revision: str) -> None:
    for name in ("a", "b"):
        catalog.made("variant", f"v-{name}", relationships=parent(revision, name))
    hold_nothing(catalog.delete("item", "a"))
    assert catalog.names(Listing("variant")) == ["v-b"]
    assert catalog.get("variant", "v-a").status == 404
    assert catalog.linked("category", "a") == []
    assert catalog.names(Listing("category")) == ["a", "b", "c"]


@every_revision
def test_deleted_categories_leave_their_items(catalog: Catalog) -> None:
    hold_nothing(catalog.delete("category", "a"))
    assert catalog.names(Listing("item")) == ["a", "b", "c"]
    assert catalog.linked("item", "a") == []
    catalog.made("category", "a")
    assert catalog.linked("category", "a") == catalog.linked("item", "a") == []


@every_revision
def test_recreated_items_come_back_alone(catalog: Catalog, revision: str) -> None:
    catalog.made("variant", "v", relationships=parent(revision, "a"))
    catalog.delete("item", "a")
    catalog.made("item", "a")
    assert catalog.linked("item", "a") == []
    assert catalog.names(Listing("variant", "item"), "a") == []


@every_revision
def test_deleted_variants_leave_their_item(catalog: Catalog, revision: str) -> None:
    catalog.made("variant", "v", "w", relationships=parent(revision, "a"))
    hold_nothing(catalog.delete("variant", "v"))
    assert catalog.names(Listing("variant", "item"), "a") == ["w"]
    assert catalog.get("item", "a").status == 200


def relationship(side: str, *names: str) -> Any:
    name = {"item": "categories", "category": "items"}[side]
    return {name: {"data": [identifier(OTHER[side], each) for each in names]}}


def raw_link(catalog: Catalog, method: str, side: str, data: Any) -> Answer:
    tail = {"item": "/relationships/categories", "category": "/relationships/items"}[side]
    return catalog.call(method, address(side, "a", tail), {"data": data})
