"""Bodies that a revision does not know: refused, with a pointer in the caller's own shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.wire_answers import error_place, hold_error
from support.wire_contract import (
    KIND,
    KINDS,
    NULLS,
    RELATIONSHIP_DATA_OPTIONAL,
    REVISIONS,
    SKU_IN_UPDATES,
    WRAPPED_BODIES,
    before,
    every_kind,
    every_revision,
    needs_parent,
    since,
)
from support.wire_jobs import Jobs
from support.wire_requests import (
    Style,
    a_body,
    body_schema,
    catalog_id,
    operations_pointer,
    places,
    removed,
    replaced,
    shaped_body,
    wrong_value,
)

if TYPE_CHECKING:
    from support.client import Client
    from support.wire_contract import Kind
    from support.wire_requests import Path

writing_kinds = pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind.verb != "delete"],
    ids=str,
)


@since(WRAPPED_BODIES)
@every_kind
def test_bare_arrays_are_refused(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    answer = jobs.send(shaped_body(kind, [jobs.named("a")], wrapped=False))
    assert error_place(answer) == f"/data/attributes/{kind.plural}"


@before(WRAPPED_BODIES)
@every_kind
def test_wrapped_arrays_are_refused(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    answer = jobs.send(shaped_body(kind, [jobs.named("a")], wrapped=True))
    assert error_place(answer) == f"/data/attributes/{kind.plural}"


@every_revision
@every_kind
def test_other_shapes_store_nothing(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    jobs.send(shaped_body(kind, [jobs.named("a")], wrapped=revision < WRAPPED_BODIES))
    assert jobs.list().json["data"] == []


@every_revision
def test_others_name_of_parent_is_refused(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["variant-create"])
    identifier = {"type": "catalog-item", "id": catalog_id("parent")}
    item, items = {"item": {"data": identifier}}, {"items": {"data": [identifier]}}
    foreign = items if revision >= WRAPPED_BODIES else item
    place = error_place(jobs.post(jobs.named("a") | {"relationships": foreign}))
    start = f"{operations_pointer(revision, jobs.kind)}/relationships"
    own = "item" if revision >= WRAPPED_BODIES else "items"
    assert place in {start, f"{start}/{own}", f"{start}/{next(iter(foreign))}"}


@before(WRAPPED_BODIES)
def test_several_parents_are_refused(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["variant-create"])
    parents = [{"type": "catalog-item", "id": catalog_id(name)} for name in ("a", "b")]
    answer = jobs.post(jobs.named("a") | {"relationships": {"items": {"data": parents}}})
    assert error_place(answer) == "/data/attributes/variants/relationships/items/data"


@pytest.mark.parametrize("revision", [each for each in REVISIONS if needs_parent(each)])
def test_variants_without_parents_are_refused(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["variant-create"])
    orphan = jobs.named("a")
    orphan.pop("relationships")
    start = f"{operations_pointer(revision, jobs.kind)}/relationships"
    assert error_place(jobs.post(orphan)) in {start, f"{start}/item"}


@before(NULLS)
@writing_kinds
def test_null_attributes_are_refused(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    for name in jobs.named("a", Style.ALL)["attributes"]:
        operation = jobs.named("a", Style.ALL)
        operation["attributes"][name] = None
        start = operations_pointer(revision, kind)
        assert error_place(jobs.post(operation)) == f"{start}/attributes/{name}"


@before(SKU_IN_UPDATES)
def test_sku_in_updates_is_refused(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["variant-update"])
    update = jobs.named("a")
    update["attributes"] = {"sku": "NEW"}
    answer = jobs.post(update)
    assert error_place(answer) == "/data/attributes/variants/attributes/sku"
    detail = "'sku' is not a valid field for the resource 'catalog-variant'."
    assert answer.error["detail"] == detail


@before(RELATIONSHIP_DATA_OPTIONAL)
@writing_kinds
def test_relationships_need_their_data(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    for name in jobs.named("a", Style.ALL).get("relationships", {}):
        operation = jobs.named("a", Style.ALL) | {"relationships": {name: {}}}
        start = f"{operations_pointer(revision, kind)}/relationships/{name}"
        assert error_place(jobs.post(operation)) in {start, f"{start}/data"}


@every_revision
@every_kind
def test_missing_members_are_refused(client: Client, revision: str, kind: Kind) -> None:
    body = a_body(revision, kind, style=Style.ALL)
    for path, _, required in places(body_schema(revision, kind), body):
        if required:
            answer = Jobs(client, revision, kind).send(removed(body, path))
            assert points_along(error_place(answer), path, inside=True), (path, answer.body)


@every_revision
@every_kind
def test_forbidden_nulls_are_refused(client: Client, revision: str, kind: Kind) -> None:
    body = a_body(revision, kind, style=Style.ALL)
    for path, schema, _ in places(body_schema(revision, kind), body):
        if "null" not in schema["type"]:
            answer = Jobs(client, revision, kind).send(replaced(body, path, None))
            assert points_along(error_place(answer), path), (path, answer.body)


@every_revision
@every_kind
def test_wrong_types_are_refused(client: Client, revision: str, kind: Kind) -> None:
    body = a_body(revision, kind, style=Style.ALL)
    for path, schema, _ in places(body_schema(revision, kind), body):
        answer = Jobs(client, revision, kind).send(replaced(body, path, wrong_value(schema)))
        assert points_along(error_place(answer), path), (path, answer.body)


@every_revision
@every_kind
def test_values_outside_lists_are_refused(client: Client, revision: str, kind: Kind) -> None:
    body = a_body(revision, kind, style=Style.ALL)
    for path, schema, _ in places(body_schema(revision, kind), body):
        if "enum" in schema:
            foreign = 3 if "integer" in schema["type"] else "other"
            answer = Jobs(client, revision, kind).send(replaced(body, path, foreign))
            assert points_along(error_place(answer), path), (path, answer.body)


@every_revision
@every_kind
def test_unknown_job_attributes_are_refused(client: Client, revision: str, kind: Kind) -> None:
    body = a_body(revision, kind)
    body["data"]["attributes"]["colour"] = "red"
    answer = Jobs(client, revision, kind).send(body)
    detail = f"'colour' is not a valid field for the resource '{kind.type}'."
    hold_error(answer, 400, detail=detail, source={"pointer": "/data/attributes/colour"})


@every_revision
@writing_kinds
def test_unknown_attributes_are_refused(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    operation = jobs.named("a")
    operation["attributes"]["colour"] = "red"
    answer = jobs.post(jobs.named("b"), operation)
    assert error_place(answer) == f"{operations_pointer(revision, kind)}/attributes/colour"
    detail = f"'colour' is not a valid field for the resource '{kind.resource_type}'."
    assert answer.error["detail"] == detail


@every_revision
@writing_kinds
def test_unknown_relationships_are_refused(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    operation = jobs.named("a", Style.ALL)
    operation["relationships"] = operation.get("relationships", {}) | {"colour": {"data": []}}
    answer = jobs.post(operation)
    assert error_place(answer).startswith(f"{operations_pointer(revision, kind)}/relationships")
    detail = f"'colour' is not an allowed relation on the catalog-{kind.plural} resource"
    assert answer.error["detail"] == detail


@every_revision
def test_variant_updates_keep_their_item(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["variant-update"])
    identifier = {"type": "catalog-item", "id": catalog_id("parent")}
    answer = jobs.post(jobs.named("a") | {"relationships": {"item": {"data": identifier}}})
    detail = "'item' is not an allowed relation on the catalog-variants resource"
    hold_error(answer, 400, detail=detail)


@every_revision
@pytest.mark.parametrize("resource", ["item", "variant", "category"])
def test_creations_take_no_id(client: Client, revision: str, resource: str) -> None:
    jobs = Jobs(client, revision, KIND[f"{resource}-create"])
    answer = jobs.post(jobs.named("a", Style.ALL) | {"id": catalog_id("a")})
    assert error_place(answer) == f"{operations_pointer(revision, jobs.kind)}/id"
    detail = f"'id' is not a valid field for the resource 'catalog-{resource}'."
    assert answer.error["detail"] == detail


@every_revision
@pytest.mark.parametrize("resource", ["item", "variant", "category"])
@pytest.mark.parametrize("name", ["external_id", "integration_type", "catalog_type"])
def test_updates_keep_their_id(client: Client, revision: str, resource: str, name: str) -> None:
    jobs = Jobs(client, revision, KIND[f"{resource}-update"])
    operation = jobs.named("a")
    operation["attributes"][name] = "$custom"
    answer = jobs.post(operation)
    assert error_place(answer) == f"{operations_pointer(revision, jobs.kind)}/attributes/{name}"
    detail = f"'{name}' is not a valid field for the resource 'catalog-{resource}'."
    assert answer.error["detail"] == detail


def points_along(place: str, path: Path, *, inside: bool = False) -> bool:
    """Whether a pointer names the attribute at fault, or for structure what holds it.

    `inside` says that what is in it may be named too, as if it were there.
    """
    at_fault = "/" + "/".join(step for step in path if isinstance(step, str))
    if path[-2:-1] == ("attributes",) and len(path) > len(("data", "attributes", "items")):
        return place == at_fault
    return f"{at_fault}/".startswith(f"{place}/") or (inside and place.startswith(f"{at_fault}/"))
