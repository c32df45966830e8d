"""The live server driven by its own documents: what they allow is taken, what not is refused."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backroom.revisions import NEWEST
from openapi import described
from support.wire_catalog import fill_shelf
from support.wire_requests import catalog_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from openapi.described import Place
    from support.client import Client

pytestmark = pytest.mark.slow

EXAMPLES = 5
CONFORMING = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXPECTED = {
    GenerationMode.POSITIVE: positive_data_acceptance,
    GenerationMode.NEGATIVE: negative_data_rejection,
}
OWNERS = {"items": "mug", "variants": "mug-s", "categories": "all"}
REVISIONS = ("2022-10-17", "2024-02-15", NEWEST)


def _cases() -> Iterator[Any]:
    for revision in REVISIONS:
        for place, operation in described.operations(revision).items():
            for mode in GenerationMode:
                if mode is GenerationMode.POSITIVE or _can_be_wrong(operation):
                    name = f"{revision} {' '.join(place)} {mode}"
                    yield pytest.param(revision, place, mode, id=name)


def _can_be_wrong(operation: Any) -> bool:
    """Whether a request has more than an id, which can be anything."""
    query = [each for each in operation["parameters"] if each["in"] == "query"]
    return bool(query) or "requestBody" in operation


@cache
def schema(revision: str) -> Any:
    # It writes into what it is given.
    return schemathesis.openapi.from_dict(deepcopy(described.document(revision)))


@pytest.mark.parametrize(("revision", "place", "mode"), list(_cases()))
def test_behaviour_is_as_described(
    client: Client, revision: str, place: Place, mode: GenerationMode
) -> None:
    fill_shelf(client, revision)
    method, path = place
    positive = mode is GenerationMode.POSITIVE
    known = {"id": _known_id(path)} if positive and "{id}" in path else None
    strategy = schema(revision)[path][method].as_strategy(
        mode, path_parameters=known, headers={"revision": revision}
    )

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        # Explaining a failure would trace each line of each further request, for many minutes.
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=strategy)
    def hold(case: schemathesis.Case[Any]) -> None:
        if positive:
            _mend(case, revision, place, client)
        else:
            hypothesis.assume(not _forgiven(case))
        case.call_and_validate(
            base_url=client.url,
            headers={"Authorization": f"Klaviyo-API-Key {client.key}"},
            checks=[*CONFORMING, EXPECTED[mode]],
        )

    hold()


def _known_id(path: str) -> str:
    """The id of something that is there."""
    collection = path.split("/")[2].removeprefix("catalog-")
    return catalog_id(OWNERS.get(collection, "mug"))


def _mend(case: schemathesis.Case[Any], revision: str, place: Place, client: Client) -> None:
    """Put right what a schema can't say: the grammar of filters, whose a cursor is, what exists."""
    query: dict[str, Any] = case.query or {}
    query.pop("page[cursor]", None)
    if "company_id" in query:
        query["company_id"] = client.account
    if "filter" in query:
        parameters = described.operations(revision)[place]["parameters"]
        (said,) = (each for each in parameters if each["name"] == "filter")
        (query["filter"],) = said["schema"].get("examples", ['equals(id,"01")'])
    if isinstance(case.body, dict):
        if place[1].endswith("/back-in-stock-subscriptions"):
            # Published as if a subscription could do without its variant.
            body: Any = case.body
            variant = body["data"]["relationships"]["variant"]
            variant.setdefault("data", {"type": "catalog-variant", "id": ""})
        for identifier in _identifiers(case.body):
            identifier["id"] = _known_id(f"/api/{identifier['type']}s".replace("ys", "ies"))
        case.body = _holdable(case.body)


def _holdable(value: Any) -> Any:
    """The same with 0 in place of each integer of more than 64 bits."""
    if isinstance(value, dict):
        return {name: _holdable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_holdable(each) for each in value]
    large = isinstance(value, int) and not -(2**63) <= value < 2**63
    return 0 if large else value


def _forgiven(case: schemathesis.Case[Any]) -> bool:
    """Whether `fields` has an empty name, which the server passes over as its document says."""
    for name, value in (case.query or {}).items():
        if name.startswith("fields["):
            names = value if isinstance(value, list) else str(value).split(",")
            if any(not str(each).strip() for each in names) or not names:
                return True
    return False


def _identifiers(value: Any) -> Iterator[dict[str, Any]]:
    """Every object with a type and an id, however deep."""
    if isinstance(value, list):
        for each in value:
            yield from _identifiers(each)
    elif isinstance(value, dict):
        if {"type", "id"} <= value.keys():
            yield value
        for name, each in value.items():
            if name != "custom_metadata":
                yield from _identifiers(each)
