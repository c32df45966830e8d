"""The item that a variant belongs to: named in each revision's own way, and never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.wire_answers import hold_error
from support.wire_catalog import Catalog, a_resource_body, collection, identifier, parent
from support.wire_contract import REVISIONS, WRAPPED_BODIES, before, every_revision, needs_parent
from support.wire_shown import place_of

if TYPE_CHECKING:
    from support.client import Client


@every_revision
@pytest.mark.parametrize("name", ["item", "items"])
def test_variant_updates_keep_their_item(bench: Catalog, name: str) -> None:
    data = identifier("item", "mug")
    given = {name: {"data": [data] if name == "items" else data}}
    answer = bench.update("variant", "mug-s", relationships=given)
    detail = f"'{name}' is not an allowed relation on the catalog-variants resource"
    hold_error(answer, 400, detail=detail, source={"pointer": f"/data/relationships/{name}"})


@every_revision
def test_others_name_of_parent_is_refused(bench: Catalog, revision: str) -> None:
    data = identifier("item", "mug")
    foreign = "items" if revision >= WRAPPED_BODIES else "item"
    given = {foreign: {"data": data if foreign == "item" else [data]}}
    answer = bench.create("variant", "new", relationships=given)
    detail = f"'{foreign}' is not an allowed relation on the catalog-variants resource"
    source = {"pointer": f"/data/relationships/{foreign}"}
    hold_error(answer, 400, detail=detail, source=source)


@before(WRAPPED_BODIES)
def test_several_parents_are_refused(bench: Catalog) -> None:
    parents = [identifier("item", name) for name in ("mug", "plate")]
    answer = bench.create("variant", "new", relationships={"items": {"data": parents}})
    assert place_of(answer).startswith("/data/relationships/items/data")


@before(WRAPPED_BODIES)
def test_old_parents_have_no_links(bench: Catalog, revision: str) -> None:
    given = parent(revision, "mug")
    given["items"]["links"] = {}
    answer = bench.create("variant", "linked", relationships=given)
    assert place_of(answer).startswith("/data/relationships/items")


@every_revision
def test_parents_need_their_members(bench: Catalog, revision: str) -> None:
    start = "/data/relationships/" + ("item/data" if revision >= WRAPPED_BODIES else "items/data/0")
    for name in ("type", "id"):
        given = parent(revision, "mug")
        data = next(iter(given.values()))["data"]
        del (data[0] if isinstance(data, list) else data)[name]
        answer = bench.create("variant", "new", relationships=given)
        assert place_of(answer) == f"{start}/{name}"


@pytest.mark.parametrize("revision", [each for each in REVISIONS if needs_parent(each)])
def test_variants_without_parents_are_refused(bench: Catalog, revision: str) -> None:
    body = a_resource_body(revision, "create", "variant", "new")
    body["data"].pop("relationships")
    missing = place_of(bench.call("POST", collection("variant"), body))
    assert missing in {"/data/relationships", "/data/relationships/item"}
    body["data"]["relationships"] = {}
    assert place_of(bench.call("POST", collection("variant"), body)) == "/data/relationships/item"


@pytest.mark.parametrize("revision", [each for each in REVISIONS if not needs_parent(each)])
def test_variants_without_parents_are_taken(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    assert catalog.create("variant", "a").status == 201
    assert catalog.create("variant", "b", relationships={}).status == 201
    if revision < WRAPPED_BODIES:
        assert catalog.create("variant", "c", relationships={"items": {"data": []}}).status == 201
