"""`fields[...]` and `include`: each value alone, all of them, in the order asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.wire_answers import RESOURCE_ATTRIBUTES, hold_error
from support.wire_catalog import LISTS, OWNERS, RESOURCES, Catalog, type_of
from support.wire_contract import FIELDS_ON_POST, before, every_revision, since
from support.wire_shown import hold_created, hold_one, hold_page, hold_updated

if TYPE_CHECKING:
    from support.client import Client

every_resource = pytest.mark.parametrize("resource", RESOURCES)
ON_SHELF = {"item": "mug", "variant": "mug-s", "category": "all"}


def asked(resource: str, *names: str) -> dict[str, str]:
    return {f"fields[{type_of(resource)}]": ",".join(names)}


@every_revision
@every_resource
def test_each_field_stands_alone(shelf: Catalog, revision: str, resource: str) -> None:
    operation = LISTS[RESOURCES.index(resource)].at(revision)
    for field in operation.query[f"fields[{type_of(resource)}]"]["enum"]:
        query = asked(resource, field)
        answer = shelf.get(resource, ON_SHELF[resource], query)
        hold_one(shelf, resource, answer, query, {type_of(resource): [field]})


@every_revision
def test_fields_come_in_the_callers_order(shelf: Catalog) -> None:
    for listing in LISTS:
        fields = RESOURCE_ATTRIBUTES[listing.resource][::-1]
        query, owner = asked(listing.resource, *fields), OWNERS.get(listing.owner, "")
        page = shelf.page(listing, owner, query)
        hold_page(shelf, listing, page, owner, query, {type_of(listing.resource): fields})


@every_revision
def test_included_variants_are_sparse_too(shelf: Catalog) -> None:
    query = {"include": "variants"} | asked("item", "title") | asked("variant", "sku", "title")
    fields = {"catalog-item": ["title"], "catalog-variant": ["sku", "title"]}
    hold_one(shelf, "item", shelf.get("item", "mug", query), query, fields)
    page = shelf.page(LISTS[0], query=query)
    hold_page(shelf, LISTS[0], page, query=query, fields=fields)


@every_revision
@every_resource
def test_id_is_always_a_field(shelf: Catalog, resource: str) -> None:
    answer = shelf.get(resource, ON_SHELF[resource], asked(resource, "id"))
    hold_one(shelf, resource, answer, asked(resource, "id"), {type_of(resource): ["id"]})
    assert answer.json["data"]["attributes"] == {}


@every_revision
@every_resource
def test_unknown_fields_are_refused(shelf: Catalog, resource: str) -> None:
    for name in ("colour", "job_id", "title,colour", "catalog_type"):
        answer = shelf.get(resource, ON_SHELF[resource], asked(resource, name))
        source = {"parameter": f"fields[{type_of(resource)}]"}
        hold_error(answer, 400, source=source, extra=None)


@since(FIELDS_ON_POST)
@every_resource
def test_writes_take_fields(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent")
    for number, fields in enumerate((["id"], ["updated", "external_id"])):
        query, shown = asked(resource, *fields), {type_of(resource): fields}
        name = f"{number}"
        hold_created(catalog, resource, catalog.create(resource, name, query=query), query, shown)
        hold_updated(catalog, resource, catalog.update(resource, name, query=query), query, shown)


@before(FIELDS_ON_POST)
@every_resource
def test_writes_took_no_fields(bench: Catalog, resource: str) -> None:
    query = asked(resource, "external_id")
    for answer in (
        bench.create(resource, "unseen", query=query),
        bench.update(resource, ON_SHELF[resource], query=query),
    ):
        hold_error(answer, 400, extra={"meta": {}})
        detail = f"'fields_{type_of(resource)}' is not a valid field for the resource"
        assert answer.error["detail"].startswith(detail)
    assert bench.get(resource, "unseen").status == 404


@every_revision
@pytest.mark.parametrize("name", ["variants", "items", "item", "categories", "profiless"])
def test_include_is_only_for_items(shelf: Catalog, name: str) -> None:
    wording = "include is not currently supported for the requested operation on this resource."
    query = {"include": name}
    for listing in LISTS:
        if listing.resource != "item":
            answer = shelf.page(listing, OWNERS.get(listing.owner, ""), query)
            hold_error(answer, 400, detail=f"'{name}' {wording}", extra=None)
    for resource in ("variant", "category"):
        answer = shelf.get(resource, ON_SHELF[resource], query)
        hold_error(answer, 400, detail=f"'{name}' {wording}", extra=None)


@every_revision
def test_empty_include_brings_nothing(shelf: Catalog) -> None:
    for path in ("/api/catalog-items", "/api/catalog-items/$custom:::$default:::mug"):
        plain, empty = shelf.call("GET", path), shelf.call("GET", f"{path}?include=")
        assert empty.status == 200, empty.body
        assert empty.json["data"] == plain.json["data"]
        assert empty.json.keys() == plain.json.keys()


@every_revision
@pytest.mark.parametrize("name", ["profiless", "categories", "variants,items"])
def test_unknown_includes_are_refused(shelf: Catalog, name: str) -> None:
    unknown = name.rpartition(",")[2]
    detail = f"'{unknown}' is not an allowed include parameter for this resource."
    for path in ("/api/catalog-items", "/api/catalog-items/$custom:::$default:::mug"):
        answer = shelf.call("GET", path, query={"include": name})
        hold_error(answer, 400, detail=detail, source={"parameter": "include"}, extra=None)
