"""What the state of a catalog forbids, in the words of the service, by kind and method."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.wire_answers import error_place, hold_error
from support.wire_catalog import (
    ID_LISTS,
    LISTS,
    RESOURCES,
    Catalog,
    a_resource_body,
    collection,
    identifier,
    parent,
    type_of,
)
from support.wire_contract import KIND, NULLS, WRAPPED_BODIES, every_revision, needs_parent
from support.wire_jobs import Jobs
from support.wire_requests import Style, catalog_id, operations_pointer

if TYPE_CHECKING:
    from support.client import Answer, Client

every_resource = pytest.mark.parametrize("resource", RESOURCES)
AT_DATA = {"pointer": "/data/"}
READ = {
    "item": "An item with id {} does not exist.",
    "variant": "A variant with id {} does not exist.",
    "category": "No category with the ID `{}` exists.",
}
WRITTEN = {
    "item": "An item with the id `{}` does not exist.",
    "variant": "A variant with id {} does not exist.",
    "category": "No category with ID `{}` exists.",
}
EXISTS = {
    "item": "An item with the external id `{}` already exists.",
    "variant": "A variant with the external id `{}` already exists.",
    "category": "A category with the external id `{}` already exists.",
}
UNKNOWN = catalog_id("missing")


def hold_missing(
    answer: Answer, texts: dict[str, str], resource: str, named: str = UNKNOWN
) -> None:
    detail = texts[resource].format(named)
    hold_error(answer, 404, "not_found", "Not found.", detail=detail, source=AT_DATA)


@every_revision
@every_resource
def test_missing_resources_are_not_found(bench: Catalog, resource: str) -> None:
    hold_missing(bench.get(resource, "missing"), READ, resource)
    hold_missing(bench.delete(resource, "missing"), WRITTEN, resource)
    hold_missing(bench.update(resource, "missing"), WRITTEN, resource)


@every_revision
@every_resource
@pytest.mark.parametrize("named", ["nothing", "$custom:::$default", "$shopify:::$default:::mug"])
def test_foreign_ids_are_not_found(
    bench: Catalog, revision: str, resource: str, named: str
) -> None:
    path = f"{collection(resource)}/{named}"
    hold_missing(bench.call("GET", path), READ, resource, named)
    hold_missing(bench.call("DELETE", path), WRITTEN, resource, named)
    body = a_resource_body(revision, "update", resource, "mug")
    body["data"]["id"] = named
    hold_missing(bench.call("PATCH", path, body), WRITTEN, resource, named)


@every_revision
@every_resource
def test_others_resources_are_not_found(bench: Catalog, client: Client, resource: str) -> None:
    own = Catalog(client, bench.revision).made("item", "parent").made(resource, "own")
    for call in (bench.get, bench.delete, bench.update):
        assert call(resource, "own").status == 404
    assert own.get(resource, "own").status == 200


@every_revision
def test_lists_of_missing_owners_fail(bench: Catalog, revision: str) -> None:
    for listing in (*LISTS[3:], *ID_LISTS):
        if listing.known(revision):
            hold_missing(bench.page(listing, "missing"), READ, listing.owner)


@every_revision
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_links_of_missing_owners_fail(bench: Catalog, method: str) -> None:
    hold_missing(bench.link(method, "item", "missing", "all"), WRITTEN, "item")
    hold_missing(bench.link(method, "category", "missing", "mug"), WRITTEN, "category")


@every_revision
@every_resource
def test_second_creation_conflicts(bench: Catalog, revision: str, resource: str) -> None:
    name = {"item": "mug", "variant": "mug-s", "category": "all"}[resource]
    members = {"relationships": parent(revision, "mug")} if resource == "variant" else {}
    answer = bench.create(resource, name, **members)
    detail = EXISTS[resource].format(name)
    hold_conflict(answer, detail=detail, source={"pointer": "/data/attributes/external_id"})


@every_revision
def test_kinds_may_share_an_id(client: Client, revision: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent")
    for resource in RESOURCES:
        catalog.made(resource, "same")


@every_revision
@every_resource
def test_deleted_ids_are_free_again(client: Client, revision: str, resource: str) -> None:
    catalog = Catalog(client, revision).made("item", "parent").made(resource, "a")
    catalog.delete(resource, "a")
    hold_missing(catalog.get(resource, "a"), READ, resource, catalog_id("a"))
    catalog.made(resource, "a")


@every_revision
def test_missing_parent_is_not_found(bench: Catalog, revision: str) -> None:
    answer = bench.create("variant", "new", relationships=parent(revision, "missing"))
    held = "item/data" if revision >= WRAPPED_BODIES else "items/data/0"
    source = {"pointer": f"/data/relationships/{held}/id"}
    detail = WRITTEN["item"].format(UNKNOWN)
    hold_error(answer, 404, "not_found", "Not found.", detail=detail, source=source, extra=None)


@every_revision
def test_missing_category_is_invalid(bench: Catalog) -> None:
    given = {"categories": {"data": [identifier("category", name) for name in ("all", "missing")]}}
    for answer in (
        bench.create("item", "new", relationships=given),
        bench.update("item", "mug", relationships=given),
    ):
        hold_error(answer, 400, detail="Invalid category information.")
        assert error_place(answer).startswith("/data/relationships/categories/data")
    assert bench.get("item", "new").status == 404


@every_revision
def test_missing_item_of_category_fails(bench: Catalog) -> None:
    given = {"items": {"data": [identifier("item", name) for name in ("mug", "missing")]}}
    detail = WRITTEN["item"].format(UNKNOWN)
    for answer in (
        bench.create("category", "new", relationships=given),
        bench.update("category", "all", relationships=given),
    ):
        hold_error(answer, 404, "not_found", "Not found.", detail=detail, extra=None)
        place = answer.error["source"]["pointer"]
        assert place.startswith("/data/relationships/items/data")
    assert bench.get("category", "new").status == 404


@every_revision
@every_resource
def test_single_faults_equal_a_jobs(bench: Catalog, revision: str, resource: str) -> None:
    jobs = Jobs(bench.client, revision, KIND[f"{resource}-create"])
    bodies = [_resource(bench, resource, **members) for members in _failing(bench, resource)]
    entries = jobs.applied(*bodies).json["data"]["attributes"]["errors"]
    assert len(entries) == len(bodies)
    for body, entry in zip(bodies, entries, strict=True):
        error = bench.call("POST", collection(resource), {"data": body}).error
        assert error["detail"] == entry["detail"]
        start = operations_pointer(revision, jobs.kind)
        assert _unnumbered(error["source"]["pointer"], "/data") == _unnumbered(
            entry["source"]["pointer"], start
        )


@every_revision
@every_resource
@pytest.mark.parametrize("verb", ["create", "update"])
def test_single_refusals_equal_a_jobs(
    bench: Catalog, revision: str, resource: str, verb: str
) -> None:
    jobs = Jobs(bench.client, revision, KIND[f"{resource}-{verb}"])
    method = {"create": "POST", "update": "PATCH"}[verb]
    path = collection(resource) + ("" if verb == "create" else f"/{catalog_id('mug')}")
    for data in _malformed(revision, verb, resource):
        single, many = bench.call(method, path, {"data": data}), jobs.post(data)
        assert (single.status, many.status) == (400, 400), (data, single.body, many.body)
        assert single.error["detail"] == many.error["detail"]
        start = operations_pointer(revision, jobs.kind)
        assert single.error["source"]["pointer"].removeprefix("/data") == many.error["source"][
            "pointer"
        ].removeprefix(f"{start}/0")


@every_revision
def test_missing_item_reads_as_in_jobs(bench: Catalog, revision: str) -> None:
    jobs = Jobs(bench.client, revision, KIND["item-update"])
    (entry,) = jobs.applied(jobs.named("missing")).json["data"]["attributes"]["errors"]
    assert bench.update("item", "missing").error["detail"] == entry["detail"]


def hold_conflict(answer: Answer, **expected: Any) -> None:
    hold_error(answer, 409, "conflict", "Conflict.", extra={"links": {}, "meta": {}}, **expected)


def _resource(catalog: Catalog, resource: str, **members: Any) -> Any:
    name = members.pop("external_id", "new")
    data = a_resource_body(catalog.revision, "create", resource, name)["data"]
    if resource == "variant" and needs_parent(catalog.revision):
        data["relationships"] = parent(catalog.revision, "mug")
    return data | members


def _failing(catalog: Catalog, resource: str) -> list[dict[str, Any]]:
    """What keeps a creation from being done, though it is well formed."""
    if resource == "variant":
        missing: Any = parent(catalog.revision, "missing")
    elif resource == "item":
        missing = {"categories": {"data": [identifier("category", "missing")]}}
    else:
        missing = {"items": {"data": [identifier("item", "missing")]}}
    taken = {"item": "mug", "variant": "mug-s", "category": "all"}[resource]
    return [{"external_id": taken}, {"relationships": missing}]


def _malformed(revision: str, verb: str, resource: str) -> list[Any]:
    """Resource objects with one fault each."""
    good = a_resource_body(revision, verb, resource, "mug", Style.ALL)["data"]
    title = "name" if resource == "category" else "title"
    made = [
        good | {"type": "catalog-thing"},
        good | {"attributes": []},
        good | {"attributes": good["attributes"] | {"colour": "red"}},
        good | {"attributes": good["attributes"] | {title: 7}},
        good | {"relationships": {"colour": {}}},
        good | {"relationships": []},
        good | {"colour": "red"},
        {name: value for name, value in good.items() if name != "type"},
        {name: value for name, value in good.items() if name != "attributes"} | {"id": "x"},
    ]
    if revision < NULLS:
        made.append(good | {"attributes": good["attributes"] | {title: None}})
    if resource != "category":
        made.append(good | {"attributes": good["attributes"] | {"price": "1"}})
    if verb == "create":
        made.append(good | {"attributes": good["attributes"] | {"external_id": ""}})
        made.append(good | {"attributes": {}})
        made.append(good | {"attributes": good["attributes"] | {"catalog_type": "x"}})
    return made


def _unnumbered(pointer: str, start: str) -> str:
    """The pointer within the resource; an entry of a job has no numbers in it."""
    assert pointer.startswith(start)
    within = pointer.removeprefix(start)
    return "/".join(step for step in within.split("/") if not step.isdigit())


def test_every_kind_has_its_words() -> None:
    assert {type_of(each) for each in READ} == {type_of(each) for each in WRITTEN}
