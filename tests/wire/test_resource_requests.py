"""Single bodies: each revision's own shape is accepted, another's refused where it differs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from support.wire_answers import hold_error
from support.wire_catalog import (
    RESOURCES,
    Catalog,
    Listing,
    a_resource_body,
    address,
    body_schema,
    collection,
    operations,
    parent,
    type_of,
)
from support.wire_contract import (
    DATA_OPTIONAL,
    NULLS,
    OPERATIONS,
    PLURALS,
    REVISIONS,
    SKU_IN_UPDATES,
    before,
    every_revision,
    request_schema,
    request_validator,
    since,
)
from support.wire_requests import (
    Style,
    catalog_id,
    example,
    places,
    removed,
    replaced,
    styles,
    wrong_value,
)
from support.wire_shown import place_of

if TYPE_CHECKING:
    from support.client import Answer, Client
    from support.wire_contract import Operation
    from support.wire_requests import Path

every_resource = pytest.mark.parametrize("resource", RESOURCES)
every_verb = pytest.mark.parametrize("verb", ["create", "update"])
KNOWN = {each: catalog_id("mug") for each in ("catalog-item", "catalog-variant")}
ONE_OF = "One of `attributes`, `relationships` or `id` must be included in the request payload."


def sent(catalog: Catalog, verb: str, resource: str, body: Any, name: str = "old") -> Answer:
    if verb == "create":
        return catalog.call("POST", collection(resource), body)
    return catalog.call("PATCH", address(resource, name), body)


def taking_bodies(revision: str) -> list[Operation]:
    """The twelve operations that take a body about resources."""
    return [each for each in operations(revision) if each.request_schema]


def own_body(operation: Operation) -> tuple[Any, Any]:
    """The schema of a body, and a body with all of its members."""
    assert operation.request_schema
    schema = request_schema(operation.request_schema)
    known = KNOWN | {"catalog-category": catalog_id("mug"), "external_id": "mug"}
    return schema, example(schema, Style.ALL, known)


def pointing(path: Path) -> str:
    return "/" + "/".join(map(str, path))


def points_along(place: str, path: Path, *, inside: bool = False) -> bool:
    """Whether a pointer names what is at fault, or for structure what holds it."""
    at_fault = pointing(path)
    if len(path) == len(("data", "attributes", "title")) and path[1] == "attributes":
        return place == at_fault
    return f"{at_fault}/".startswith(f"{place}/") or (inside and place.startswith(f"{at_fault}/"))


@cache
def shapes(verb: str, resource: str) -> list[Any]:
    """Every distinct body that any revision's examples have."""
    bodies = {
        msgspec.json.encode(a_resource_body(revision, verb, resource, "old", style), order="sorted")
        for revision in REVISIONS
        for style in styles(revision)
    }
    return [msgspec.json.decode(body) for body in sorted(bodies)]


@every_revision
@every_resource
@every_verb
def test_only_own_shapes_are_taken(client: Client, revision: str, resource: str, verb: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made("category", "shared")
    catalog.made(resource, "old")
    path = collection(resource) + ("" if verb == "create" else "/{id}")
    method = "POST" if verb == "create" else "PATCH"
    schema = OPERATIONS[revision][method, path].request_schema
    assert schema
    own = {"create": 409, "update": 200}[verb]
    for body in shapes(verb, resource):
        answer = sent(catalog, verb, resource, body)
        taken = request_validator(schema).is_valid(body)
        assert answer.status == (own if taken else 400), (body, answer.body)
        if not taken:
            place_of(answer)


@every_revision
def test_missing_members_are_refused(bench: Catalog, revision: str) -> None:
    for operation in taking_bodies(revision):
        schema, body = own_body(operation)
        for path, _, required in places(schema, body):
            if required:
                answer = sent_to(bench, operation, removed(body, path))
                assert points_along(place_of(answer), path, inside=True), (path, answer.body)


@every_revision
def test_missing_attributes_are_named(bench: Catalog, revision: str) -> None:
    for resource in RESOURCES:
        schema = body_schema(revision, "create", resource)
        body = a_resource_body(revision, "create", resource, "new", Style.ALL)
        for name in schema["properties"]["data"]["properties"]["attributes"]["required"]:
            answer = sent(bench, "create", resource, removed(body, ("data", "attributes", name)))
            detail = f"'{name}' is a required field for the resource '{type_of(resource)}'."
            source = {"pointer": f"/data/attributes/{name}"}
            hold_error(answer, 400, detail=detail, source=source)


@every_revision
def test_forbidden_nulls_are_refused(bench: Catalog, revision: str) -> None:
    for operation in taking_bodies(revision):
        schema, body = own_body(operation)
        for path, part, _ in places(schema, body):
            if "null" not in part["type"]:
                answer = sent_to(bench, operation, replaced(body, path, None))
                assert points_along(place_of(answer), path), (path, answer.body)


@every_revision
def test_wrong_types_are_refused(bench: Catalog, revision: str) -> None:
    for operation in taking_bodies(revision):
        schema, body = own_body(operation)
        for path, part, _ in places(schema, body):
            answer = sent_to(bench, operation, replaced(body, path, wrong_value(part)))
            assert points_along(place_of(answer), path), (path, answer.body)


@every_revision
def test_values_outside_lists_are_refused(bench: Catalog, revision: str) -> None:
    for operation in taking_bodies(revision):
        schema, body = own_body(operation)
        for path, part, _ in places(schema, body):
            if "enum" in part:
                foreign = 3 if "integer" in part["type"] else "other"
                answer = sent_to(bench, operation, replaced(body, path, foreign))
                assert points_along(place_of(answer), path), (path, answer.body)


@every_revision
def test_unknown_members_are_refused(bench: Catalog, revision: str) -> None:
    for operation in taking_bodies(revision):
        schema, body = own_body(operation)
        for path, part, _ in [((), schema, True), *places(schema, body)]:
            if part.get("properties") and path[-1:] != ("custom_metadata",):
                more = (*path, "colour")
                answer = sent_to(bench, operation, replaced(body, more, "red"))
                assert points_along(place_of(answer), more), (more, answer.body)


@since(NULLS)
def test_nullable_members_take_null(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "mug").made("category", "mug")
    catalog.made("variant", "mug", relationships=parent(revision, "mug"))
    for operation in taking_bodies(revision):
        schema, body = own_body(operation)
        for path, part, _ in places(schema, body):
            if "null" in part["type"]:
                answer = sent_to(catalog, operation, replaced(body, path, None))
                assert answer.status == {"POST": 409, "PATCH": 200}[operation.method], answer.body


@every_revision
@every_resource
def test_unknown_attributes_are_refused(bench: Catalog, revision: str, resource: str) -> None:
    for verb in ("create", "update"):
        body = a_resource_body(revision, verb, resource, "mug")
        body["data"]["attributes"]["colour"] = "red"
        answer = sent(bench, verb, resource, body, "mug")
        detail = f"'colour' is not a valid field for the resource '{type_of(resource)}'."
        hold_error(answer, 400, detail=detail, source={"pointer": "/data/attributes/colour"})


@every_revision
@every_resource
def test_unknown_relationships_are_refused(bench: Catalog, revision: str, resource: str) -> None:
    for verb in ("create", "update"):
        body = a_resource_body(revision, verb, resource, "mug", Style.ALL)
        body["data"].setdefault("relationships", {})["colour"] = {"data": []}
        answer = sent(bench, verb, resource, body, "mug")
        detail = f"'colour' is not an allowed relation on the catalog-{PLURALS[resource]} resource"
        source = {"pointer": "/data/relationships/colour"}
        hold_error(answer, 400, detail=detail, source=source)


@before(DATA_OPTIONAL)
def test_relationships_need_their_data(bench: Catalog, revision: str) -> None:
    for verb, resource in (("create", "item"), ("create", "variant"), ("update", "category")):
        body = a_resource_body(revision, verb, resource, "all", Style.ALL)
        (name,) = body["data"]["relationships"]
        body["data"]["relationships"] = {name: {}}
        place = place_of(sent(bench, verb, resource, body, "all"))
        assert place == f"/data/relationships/{name}/data"


@since(DATA_OPTIONAL)
def test_relationships_may_lack_data(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("category", "shared")
    names = {"item": "categories", "variant": "item", "category": "items"}
    for resource, name in names.items():
        assert catalog.create(resource, "a", relationships={name: {}}).status == 201
        if resource != "variant":
            catalog.link("PATCH", "item", "a", "shared")
            assert catalog.update(resource, "a", relationships={name: {}}).status == 200
            assert catalog.linked("item", "a") == ["shared"]


@before(SKU_IN_UPDATES)
def test_sku_in_updates_is_refused(bench: Catalog) -> None:
    answer = bench.update("variant", "mug-s", sku="NEW")
    detail = "'sku' is not a valid field for the resource 'catalog-variant'."
    hold_error(answer, 400, detail=detail, source={"pointer": "/data/attributes/sku"})


@since(SKU_IN_UPDATES)
def test_variant_updates_take_sku(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made("variant", "a")
    updated = catalog.update("variant", "a", sku="NEW")
    assert updated.json["data"]["attributes"]["sku"] == "NEW"
    query = {"filter": 'equals(sku,"NEW")'}
    assert catalog.names(Listing("variant"), query=query) == ["a"]


@every_revision
@every_resource
def test_creations_take_no_id(bench: Catalog, revision: str, resource: str) -> None:
    body = a_resource_body(revision, "create", resource, "new", Style.ALL)
    body["data"]["id"] = catalog_id("new")
    detail = f"'id' is not a valid field for the resource '{type_of(resource)}'."
    answer = sent(bench, "create", resource, body)
    hold_error(answer, 400, detail=detail, source={"pointer": "/data/id"})


@every_revision
@every_resource
def test_updates_keep_their_id(bench: Catalog, resource: str) -> None:
    for name in ("external_id", "integration_type", "catalog_type", "created"):
        members: dict[str, Any] = {name: "$custom"}
        answer = bench.update(resource, "mug", **members)
        detail = f"'{name}' is not a valid field for the resource '{type_of(resource)}'."
        hold_error(answer, 400, detail=detail, source={"pointer": f"/data/attributes/{name}"})


@every_revision
@every_resource
def test_ids_of_body_and_path_agree(bench: Catalog, revision: str, resource: str) -> None:
    body = a_resource_body(revision, "update", resource, "plate")
    answer = sent(bench, "update", resource, body, "mug")
    hold_error(answer, 400, source={"pointer": "/data/id"})


@every_revision
@every_resource
@every_verb
def test_bodies_of_nothing_are_refused(bench: Catalog, resource: str, verb: str) -> None:
    answer = sent(bench, verb, resource, {"data": {"type": type_of(resource)}})
    hold_error(answer, 400, detail=ONE_OF, source={"pointer": "/data"})


@every_revision
def test_other_types_are_refused(bench: Catalog, revision: str) -> None:
    for resource in RESOURCES:
        body = a_resource_body(revision, "create", resource, "new")
        body["data"]["type"] = "catalog-item-bulk-create-job"
        hold_error(sent(bench, "create", resource, body), 400, source={"pointer": "/data/type"})


@every_revision
@every_resource
@pytest.mark.parametrize("name", ["integration_type", "catalog_type"])
def test_foreign_catalogs_are_refused(bench: Catalog, resource: str, name: str) -> None:
    for foreign in ("$shopify", "", "custom", 7):
        members: dict[str, Any] = {name: foreign}
        answer = bench.create(resource, "new", **members)
        hold_error(answer, 400, source={"pointer": f"/data/attributes/{name}"})


@every_revision
@pytest.mark.parametrize("body", [b"{", b""])
def test_broken_json_is_refused(bench: Catalog, revision: str, body: bytes) -> None:
    for operation in taking_bodies(revision):
        path = operation.path.replace("{id}", catalog_id("mug"))
        answer = bench.client.request(operation.method, path, body=body, revision=revision)
        source = {"pointer": "/data/"}
        hold_error(answer, 400, "parse_error", "Malformed request.", source=source)


@every_revision
@pytest.mark.parametrize("body", [[], 7, {}, {"data": 7}, {"data": "x"}, {"meta": {}}])
def test_shapeless_bodies_are_refused(bench: Catalog, revision: str, body: Any) -> None:
    for operation in taking_bodies(revision):
        answer = sent_to(bench, operation, body)
        hold_error(answer, 400)
        assert answer.error["source"]["pointer"].startswith(("/data", "/meta"))


@every_revision
def test_refused_bodies_store_nothing(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision)
    for resource in RESOURCES:
        assert catalog.create(resource, "a", colour="red").status == 400
        assert catalog.names(Listing(resource)) == []


def sent_to(catalog: Catalog, operation: Operation, body: Any) -> Answer:
    return catalog.call(operation.method, operation.path.replace("{id}", catalog_id("mug")), body)
