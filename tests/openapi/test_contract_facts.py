"""The server's own documents against the facts of the contract: every revision and operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.api.openapi import samples
from backroom.catalog.neighbours import NEIGHBOURS
from backroom.catalog.operations import OPERATIONS as TABLE
from backroom.revisions import REVISIONS as RUNGS
from openapi import described
from openapi.described import own
from support.wire_catalog import type_of
from support.wire_contract import KIND, KINDS, OPERATIONS, PLURALS, every_revision, job_validator
from support.wire_contract import request_schema as contract_request_schema
from support.wire_requests import Style, catalog_id, example, places, removed, replaced, styles
from support.wire_shown import answer_validator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema import Draft202012Validator

    from openapi.described import Place

# As docs/explanation/differences.md has it: seen to be so, against the documents.
STATUSES = {("PATCH", "/api/catalog-items/{id}/relationships/categories"): 200}
EARLY_FIELDS = {f"fields[{type_of(resource)}]" for resource in PLURALS}
KNOWN = {
    **{type_of(resource): catalog_id("known") for resource in PLURALS},
    "external_id": "known",
}
WRONG = [None, 7.5, "text", True, {}, [], [None], {"extra": 1}]


@every_revision
def test_operations_are_the_contracts(revision: str) -> None:
    beside = {(each.method, each.path) for each in NEIGHBOURS if revision >= each.since}
    assert set(described.operations(revision)) - beside == {
        own(place) for place in OPERATIONS[revision]
    }


@every_revision
def test_facts_are_the_contracts(revision: str) -> None:
    for place, contract in OPERATIONS[revision].items():
        operation = described.operations(revision)[own(place)]
        status, response = described.success(revision, own(place))
        assert status == STATUSES.get(place, contract.success_status)
        assert ("content" in response) == bool(contract.response_schema)
        assert [list(each.values()) for each in operation["security"]] == [[[contract.scope]]] * 2
        rate = operation["x-backroom-rate"]
        assert f"{rate['burst']}/s {rate['steady']}/m" == f"{contract.burst} {contract.steady}"


@every_revision
def test_names_are_the_newest(revision: str) -> None:
    newest = {(each.method, each.path): each.name for each in (*TABLE, *NEIGHBOURS)}
    for place, operation in described.operations(revision).items():
        assert operation["operationId"] == newest[place]


@every_revision
def test_parameters_are_the_contracts(revision: str) -> None:
    for place, contract in OPERATIONS[revision].items():
        parameters = _query(revision, own(place))
        early = (
            {"page[size]"} if "page[cursor]" in contract.query and "-job" not in place[1] else set()
        )
        assert set(parameters) == {*contract.query, *early}, place
        for name, facts in contract.query.items():
            assert _said(name, parameters[name]["schema"]) == _meant(name, facts), (place, name)


def _query(revision: str, place: Place) -> dict[str, Any]:
    parameters = described.operations(revision)[place]["parameters"]
    return {each["name"]: each for each in parameters if each["in"] == "query"}


def _said(name: str, schema: Any) -> Any:
    said = {key: schema[key] for key in ("type", "enum", "minimum", "maximum") if key in schema}
    if "items" in schema:
        said["enum"] = schema["items"]["enum"]
    if "enum" in said:
        said["enum"] = set(said["enum"])
    if name in EARLY_FIELDS:
        # Real clients ask for `id` before it is documented, and are answered.
        said["enum"] -= {"id"}
    return said


def _meant(name: str, facts: Any) -> Any:
    meant = {key: facts[key] for key in ("type", "enum", "minimum", "maximum") if key in facts}
    if "enum" in meant:
        meant["enum"] = set(meant["enum"])
    if name in EARLY_FIELDS:
        meant["enum"] -= {"id"}
    return meant


@every_revision
def test_filters_are_the_contracts(revision: str) -> None:
    for place, contract in OPERATIONS[revision].items():
        filters = _query(revision, own(place)).get("filter", {}).get("x-backroom-filters", [])
        said = {(each["field"], each["operator"], each["type"]) for each in filters}
        meant = {
            (name, operator, facts["type"])
            for name, facts in contract.filters.items()
            for operator in facts["operators"]
        }
        assert said == meant, place


def _bodies() -> Iterator[Any]:
    """Every pair of schemas of a body, ours and the contract's, once, with where it is first."""
    seen = set()
    for revision, rows in OPERATIONS.items():
        for place, contract in rows.items():
            if contract.request_schema:
                ours = described.request_schema(revision, own(place))
                key = (contract.request_schema, msgspec.json.encode(ours))
                if key not in seen:
                    seen.add(key)
                    name = f"{revision} {' '.join(place)}"
                    yield pytest.param(revision, contract.request_schema, ours, id=name)


@every_revision
def test_bodies_are_where_the_contracts_are(revision: str) -> None:
    for place, contract in OPERATIONS[revision].items():
        ours = described.request_schema(revision, own(place))
        assert (ours is not None) == (contract.request_schema is not None), place


@pytest.mark.parametrize(("revision", "name", "ours"), list(_bodies()))
def test_bodies_are_the_contracts(revision: str, name: str, ours: Any) -> None:
    theirs = contract_request_schema(name)
    taken, meant = described.validator(ours), described.validator(theirs)
    for schema in (theirs, ours):
        for style in styles(revision):
            body = example(schema, style, KNOWN)
            assert taken.is_valid(body)
            assert meant.is_valid(body)
            for changed in _changed(schema, body):
                assert taken.is_valid(changed) == meant.is_valid(changed), changed


def _changed(schema: Any, body: Any) -> Iterator[Any]:
    """The body with one thing wrong, at each of its places."""
    for path, _, _ in places(schema, body):
        if path[-1] == "custom_metadata":
            continue
        if isinstance(path[-1], str):
            yield removed(body, path)
            yield replaced(body, (*path[:-1], "extra"), 1)
        yield from (replaced(body, path, wrong) for wrong in WRONG if not _narrower(path, wrong))


def _narrower(path: Any, wrong: Any) -> bool:
    """Where we ask for more than the documents: texts that are a constant, lists of something."""
    constant = path[-1] == "catalog_type" and isinstance(wrong, str)
    return constant or (wrong == [] and path[-1] in {"data", *PLURALS.values()})


@every_revision
def test_answers_fit_the_contracts(revision: str) -> None:
    rung = RUNGS[revision]
    named = {(each.method, each.path): each for each in TABLE}
    for place, contract in OPERATIONS[revision].items():
        if contract.response_schema:
            validator = _validator(revision, place)
            for answer in samples.answers(named[own(place)], rung):
                faults = [each.message for each in validator.iter_errors(answer)]
                assert faults == [], (place, answer)


def _validator(revision: str, place: Place) -> Draft202012Validator:
    """The contract's schema, closed, of answers that may leave attributes out."""
    method, path = place
    for kind in KINDS:
        if path == kind.path:
            answers = "post" if method == "POST" else "list"
            return job_validator(revision, kind, answers, sparse=True)
        if path == kind.path + "/{job_id}":
            return job_validator(revision, KIND[str(kind)], "one", sparse=True)
    return answer_validator(revision, method, path)


@every_revision
def test_examples_fit_their_schemas(revision: str) -> None:
    for operation in described.operations(revision).values():
        responses = [described.resolved(revision, each) for each in operation["responses"].values()]
        for holder in (operation.get("requestBody", {}), *responses):
            for content in holder.get("content", {}).values():
                schema = described.resolved(revision, content["schema"])
                if "example" in content:
                    assert described.faults(schema, content["example"]) == []


def test_every_style_is_tried() -> None:
    assert {style for revision in OPERATIONS for style in styles(revision)} == set(Style)
