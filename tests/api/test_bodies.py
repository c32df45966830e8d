"""Bodies: JSON, and the drafts within, judged by the contract."""

from __future__ import annotations

import json
import re
import sys
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given

from backroom.api import bodies, documents
from backroom.api.bodies import Submission, decode_json
from backroom.catalog.drafts import Draft
from backroom.catalog.operations import OPERATIONS
from backroom.errors import Fault, Invalid, ParseFailed
from backroom.revisions import REVISIONS
from support.factories import (
    NEWEST,
    OLDEST,
    a_body,
    a_kind_of_job,
    a_resource,
    a_row,
    an_operation,
)
from support.strategies import (
    Sent,
    altered_bodies,
    bodied,
    changed_at,
    fitting_bodies,
    json_values,
    schema_name,
    thorough,
)
from support.strategies import revisions as every_rung
from support.wire_contract import (
    error_validator,
    every_revision,
    request_schema,
    request_validator,
    wraps_operations,
)
from support.wire_requests import Style, example, places, removed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision

ITEMS = a_kind_of_job("item", "create")


# JSON


@pytest.mark.parametrize(
    ("raw", "start"),
    [
        (b"", "JSON parse error - "),
        (b"{", "JSON parse error - "),
        (b'{"data": NaN}', "JSON parse error - "),
        (b"[1e999]", "JSON parse error - "),
        (b'["\\ud800"]', "JSON parse error - "),
        (b"1" * 5000, "JSON parse error - "),
        (b'"\xff"', "JSON parse error - "),
        (b"\xff\xfe", "JSON parse error - "),
        (b"[" * 200_000, "JSON parse error - it is nested too deeply."),
        (b'{"a":' * 200_000, "JSON parse error - it is nested too deeply."),
    ],
)
def test_what_is_no_json_is_refused(raw: bytes, start: str) -> None:
    with pytest.raises(ParseFailed) as caught:
        decode_json(raw)
    assert caught.value.detail.startswith(start)


def test_deepest_values_are_refused() -> None:
    operation, revision = a_row("create_catalog_item"), REVISIONS[NEWEST]
    start = b'{"data":{"type":"catalog-item","attributes":{"catalog_type":'
    # Some of them can just be decoded, but no longer quoted. Which ones depends on who calls.
    for depth in range(sys.getrecursionlimit()):
        raw = start + b"[" * depth + b"]" * depth + b"}}}"
        with pytest.raises((Invalid, ParseFailed)):
            bodies.read_body(operation, revision, raw, "")


def test_json_is_read_as_utf8() -> None:
    assert decode_json('{"ä":"🐈"}'.encode()) == {"ä": "🐈"}


# Structure


def submission(operation: Operation, revision: Revision, raw: bytes) -> Submission:
    made = bodies.read_body(operation, revision, raw, "")
    assert isinstance(made, Submission)
    return made


def refused(body: Any, operation: Operation | None = None, revision: str = NEWEST) -> Fault:
    sent = Sent(REVISIONS[revision], operation or an_operation(), body)
    raw = json.dumps(body).encode()
    with pytest.raises(Fault) as caught:
        bodies.read_body(sent.operation, sent.revision, raw, sent.resource_id)
    return caught.value


@pytest.mark.parametrize(
    ("path", "value", "pointer", "start"),
    [
        ((), [], "/data", "Expected a dictionary"),
        ((), {}, "/data", "'data' is a required field for the resource 'request-data'."),
        (("data",), None, "/data", "Expected a dictionary"),
        (("data", "type"), "catalog-item", "/data/type", "'catalog-item' is not a valid type"),
        (("data", "id"), "x", "/data/id", "'id' is not a valid field for the resource"),
        (("data", "attributes"), 7, "/data/attributes", "Expected a dictionary"),
        (("data", "attributes"), {}, "/data/attributes/items", "'items' is a required field"),
        (("data", "attributes", "x"), 7, "/data/attributes/x", "'x' is not a valid field"),
        (("data", "attributes", "items"), [], "/data/attributes/items", "Expected a dictionary"),
        (
            ("data", "attributes", "items"),
            {},
            "/data/attributes/items/data",
            "'data' is a required",
        ),
        (
            ("data", "attributes", "items", "x"),
            7,
            "/data/attributes/items/x",
            "'x' is not a valid field",
        ),
        (
            ("data", "attributes", "items", "data"),
            {},
            "/data/attributes/items/data",
            "Expected a list of items",
        ),
        (
            ("data", "attributes", "items", "data"),
            [],
            "/data/attributes/items/data",
            "This list may not be empty.",
        ),
    ],
)
def test_structural_faults_are_placed(path: Any, value: Any, pointer: str, start: str) -> None:
    body = a_body(ITEMS, a_resource("item"))
    fault = refused(changed_at(body, path, value) if path else value)
    assert isinstance(fault, Invalid)
    assert fault.pointer == pointer
    assert fault.detail.startswith(start)


@pytest.mark.parametrize("missing", ["type", "attributes"])
def test_missing_members_of_jobs_are_named(missing: str) -> None:
    body = a_body(ITEMS, a_resource("item"))
    del body["data"][missing]
    assert refused(body).pointer in {f"/data/{missing}", "/data"}


@pytest.mark.parametrize(
    ("revision", "pointer"),
    [(NEWEST, "/data/attributes/items/data"), (OLDEST, "/data/attributes/items")],
)
def test_hundred_operations_at_most(revision: str, pointer: str) -> None:
    resources = [a_resource("item", str(n)) for n in range(101)]
    held: Any = {"data": resources} if revision == NEWEST else resources
    body = {"data": {"type": ITEMS.type, "attributes": {"items": held}}}
    fault = refused(body, revision=revision)
    assert fault.pointer == pointer
    assert "100" in fault.detail
    resources.pop()
    raw = json.dumps(body).encode()
    assert submission(an_operation(), REVISIONS[revision], raw).total == 100


def test_submission_holds_the_drafts() -> None:
    body = a_body(ITEMS, a_resource("item", "a"), a_resource("item", "b", price=1))
    made = submission(an_operation(), REVISIONS[NEWEST], json.dumps(body).encode())
    drafts = msgspec.json.decode(made.operations, type=list[Draft])
    assert made.total == 2
    assert [draft.external_id for draft in drafts] == ["a", "b"]


def a_single(name: str, body: Any, resource_id: str = "", revision: str = NEWEST) -> Any:
    return bodies.read_body(
        a_row(name), REVISIONS[revision], json.dumps(body).encode(), resource_id
    )


def test_deletes_bring_only_an_id() -> None:
    made = bodies.read_body(a_row("delete_catalog_item"), REVISIONS[NEWEST], b"", "x")
    assert made == Draft("x")


def test_single_create_is_a_draft() -> None:
    made = a_single("create_catalog_item", {"data": a_resource("item", "a")})
    assert isinstance(made, Draft)
    assert made.external_id == "a"


def test_updates_name_the_id_of_the_path() -> None:
    named = "$custom:::$default:::a"
    body = {"data": {"type": "catalog-item", "id": named, "attributes": {"title": "x"}}}
    assert a_single("update_catalog_item", body, named).attributes == {"title": "x"}
    with pytest.raises(Invalid) as caught:
        a_single("update_catalog_item", body, "$custom:::$default:::b")
    assert caught.value.pointer == "/data/id"


def test_links_are_ids_once() -> None:
    named = {"type": "catalog-category", "id": "$custom:::$default:::a"}
    made = a_single("add_categories_to_catalog_item", {"data": [named, named]})
    assert made == [named["id"]]


@pytest.mark.parametrize(
    ("data", "pointer"),
    [({}, "/data"), ([7], "/data/0"), ([{"type": "catalog-item", "id": "a"}], "/data/0/type")],
)
def test_faults_of_links_are_placed(data: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as caught:
        a_single("add_categories_to_catalog_item", {"data": data})
    assert caught.value.pointer == pointer


# The contract as the judge

BEYOND_THE_SCHEMA = re.compile(
    r"This list may not be empty\.|This field may not be blank\.|Null characters are not allowed\."
    r"|Ensure this (field has|integer has|value is) .*|This field may be nested 32 deep at most\."
    r"|A variant belongs to one item at most\."
)
"""What is refused though no schema says so."""


def is_beyond_the_schema(fault: Fault) -> bool:
    pointer = fault.pointer or ""
    if pointer.endswith("/catalog_type"):
        return fault.detail.endswith("is not a valid choice.")
    if pointer.endswith("/id"):
        return fault.detail.startswith(("Not a valid string.", "Ensure this field has"))
    return BEYOND_THE_SCHEMA.fullmatch(fault.detail) is not None


def outcome(sent: Sent) -> Any:
    """What was read, or the fault that refused it."""
    raw = json.dumps(sent.body).encode()
    try:
        return bodies.read_body(sent.operation, sent.revision, raw, sent.resource_id)
    except Fault as fault:
        return fault


def fits(sent: Sent) -> bool:
    name = schema_name(sent.revision.date, sent.operation)
    try:
        body = decode_json(json.dumps(sent.body).encode())
    except ParseFailed:
        return False
    return request_validator(name).is_valid(body)


@pytest.mark.parametrize("member", ["meta", "jsonapi", "included", "colour"])
def test_members_beside_data_are_refused(member: str) -> None:
    fault = refused(a_body(ITEMS, a_resource("item")) | {member: {}})
    assert fault.pointer == f"/{member}"


@given(fitting_bodies())
@thorough(150)
def test_fitting_bodies_are_accepted(sent: Sent) -> None:
    got = outcome(sent)
    assert not isinstance(got, Fault) or is_beyond_the_schema(got), vars(got)


@given(altered_bodies())
@thorough(300)
def test_contract_decides_on_bodies(sent: Sent) -> None:
    got = outcome(sent)
    if not isinstance(got, Fault):
        assert fits(sent)
        return
    assert not fits(sent) or is_beyond_the_schema(got), vars(got)
    assert got.status == 400
    document = decode_json(msgspec.json.encode(documents.error_document(got, "id")))
    assert not list(error_validator().iter_errors(document))


@given(every_rung, bodied, json_values)
@thorough(300)
def test_any_json_is_accepted_or_refused(
    revision: Revision, operation: Operation, body: Any
) -> None:
    got = outcome(Sent(revision, operation, body))
    assert isinstance(got, Fault)
    assert got.status == 400


# Pointers into the caller's own body


def resolved(body: Any, pointer: str) -> Any:
    """What a JSON pointer points to (RFC 6901)."""
    for step in pointer.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        body = body[int(name)] if isinstance(body, list) else body[name]
    return body


KNOWN = {
    "catalog-item": "$custom:::$default:::i",
    "catalog-variant": "$custom:::$default:::v",
    "catalog-category": "$custom:::$default:::c",
    "external_id": "a",
}


def examples(revision: str) -> Iterator[tuple[Operation, Any, Any]]:
    """For each operation a body with all members, a job's with two operations, and its schema."""
    for operation in OPERATIONS:
        if not operation.has_body:
            continue
        schema = request_schema(schema_name(revision, operation))
        body = example(schema, Style.ALL, KNOWN)
        if operation.bulk is not None:
            held = body["data"]["attributes"][operation.bulk.member]
            operations = held["data"] if wraps_operations(revision) else held
            operations.append(deepcopy(operations[0]))
        yield operation, body, schema


def pointer_of(revision: str, operation: Operation, body: Any) -> str:
    fault = refused(body, operation, revision)
    assert fault.pointer is not None
    return fault.pointer


def written_path(path: tuple[str | int, ...]) -> str:
    return "".join(f"/{step}" for step in path)


@every_revision
def test_pointers_lead_to_wrong_values(revision: str) -> None:
    for operation, body, schema in examples(revision):
        for path, part, _ in places(schema, body):
            wrong: Any = {"wrong": 1} if "string" in part["type"] else "wrong"
            sent = changed_at(body, path, wrong)
            pointer = pointer_of(revision, operation, sent)
            assert (pointer, resolved(sent, pointer)) == (written_path(path), wrong)


BEYOND_LIMITS: dict[str | int, tuple[Any, str]] = {
    "title": ("漢" * 1366, ""),
    "sku": ("a" * 1025, ""),
    "images": (["", "a" * 8193], "/1"),
    "price": (10**401, ""),
    "inventory_quantity": (2**63, ""),
    "custom_metadata": ({"size": -(2**63) - 1}, "/size"),
    "id": ("a" * 300, ""),
}


@every_revision
def test_pointers_lead_to_values_beyond_limits(revision: str) -> None:
    met = set()
    for operation, body, schema in examples(revision):
        for path, _, _ in places(schema, body):
            if path[-1] in BEYOND_LIMITS:
                met.add(path[-1])
                value, place = BEYOND_LIMITS[path[-1]]
                fault = refused(changed_at(body, path, value), operation, revision)
                assert fault.detail.startswith("Ensure this "), (operation.name, path)
                assert fault.pointer == written_path(path) + place
    assert met >= BEYOND_LIMITS.keys() - {"price"}


@every_revision
def test_pointers_lead_to_unknown_members(revision: str) -> None:
    for operation, body, schema in examples(revision):
        for path, part, _ in places(schema, body):
            if part.get("properties"):
                sent = changed_at(body, (*path, "colour"), "red")
                pointer = pointer_of(revision, operation, sent)
                assert pointer == f"{written_path(path)}/colour"


@every_revision
def test_pointers_lead_to_missing_members(revision: str) -> None:
    for operation, body, schema in examples(revision):
        for path, _, required in places(schema, body):
            if not required or isinstance(path[-1], int):
                continue
            sent = removed(deepcopy(body), path)
            pointer = pointer_of(revision, operation, sent)
            assert f"{pointer}/".startswith(f"{written_path(path)}/") or pointer == "/data"


def test_old_parents_are_pointed_to() -> None:
    parent = {"type": "catalog-item", "id": 7}
    variant = a_resource("variant") | {"relationships": {"items": {"data": [parent]}}}
    body = {
        "data": {
            "type": "catalog-variant-bulk-create-job",
            "attributes": {"variants": [variant]},
        }
    }
    fault = refused(body, an_operation("variant"), OLDEST)
    assert fault.pointer == "/data/attributes/variants/0/relationships/items/data/0/id"
    assert resolved(body, fault.pointer) == 7


@pytest.mark.parametrize("parent", [None, [], "a"])
def test_parents_in_lists_are_identifiers(parent: Any) -> None:
    body = {"data": a_resource("variant") | {"relationships": {"items": {"data": [parent]}}}}
    fault = refused(body, a_row("create_catalog_variant"), OLDEST)
    assert fault.pointer == "/data/relationships/items/data/0"
    assert fault.detail.startswith("Expected a dictionary of items")


@pytest.mark.parametrize("revision", [OLDEST, "2023-06-15", "2023-07-15", NEWEST])
@pytest.mark.parametrize("name", ["a/b", "item-2", "items", "~", "data", "item/data"])
def test_pointers_resolve_for_odd_names(revision: str, name: str) -> None:
    variant = a_resource("variant") | {"relationships": {name: "odd"}}
    if not wraps_operations(revision) and name == "items":
        return
    held: Any = {"data": [variant]} if wraps_operations(revision) else [variant]
    attributes = {"variants": held}
    body = {"data": {"type": "catalog-variant-bulk-create-job", "attributes": attributes}}
    fault = refused(body, an_operation("variant"), revision)
    assert fault.pointer is not None
    assert resolved(body, fault.pointer) == "odd"
