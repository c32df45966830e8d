"""The schemas of bodies against the checks of bodies: both follow the same rules.

Some of the operations are on items with an attribute that came and one that went, so that this
holds for attributes of one part of the revisions too.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import assume, given
from hypothesis import strategies as st

from backroom.api import bodies
from backroom.api.openapi.bodies import body as body_schema
from backroom.catalog.kinds import ITEM, Attribute, JobKind
from backroom.catalog.operations import OPERATIONS
from backroom.errors import Fault, ParseFailed
from backroom.revisions import REVISIONS
from openapi import described
from strategies import Sent, altered, fitting, revisions, thorough

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

    from backroom.catalog.operations import Operation

MOVED = "2024-07-15"
CHANGED = replace(
    ITEM,
    attributes=(
        *ITEM.attributes,
        Attribute("brand", "text", "required", default="", since=MOVED),
        Attribute("colour", "text", update="optional", default="", until=MOVED),
    ),
)


def on_changed(operation: Operation) -> Operation:
    bulk = JobKind(CHANGED, operation.bulk.verb) if operation.bulk else None
    return replace(operation, kind=CHANGED, bulk=bulk)


WITH_BODY = [each for each in OPERATIONS if each.has_body]
WITH_CHANGED = WITH_BODY + [on_changed(each) for each in WITH_BODY if each.kind is ITEM]
BEYOND_ANY_SCHEMA = (
    "Ensure this field has no more than 100,000 bytes.",
    "This field may be nested 32 deep at most.",
    "The id in the body is not the id in the path.",
)
"""Details of refusals for which JSON Schema has no words."""


@cache
def validator(operation: Operation, revision: str) -> Draft202012Validator:
    return described.validator(body_schema(operation, REVISIONS[revision]))


@st.composite
def own_bodies(draw: st.DrawFn) -> Sent:
    """Bodies that their own schema describes but for lengths, with up to two places changed."""
    revision, operation = draw(revisions), draw(st.sampled_from(WITH_CHANGED))
    body = draw(fitting(validator(operation, revision.date).schema))
    for _ in range(draw(st.integers(0, 2))):
        body = draw(altered(body))
    return Sent(revision, operation, body)


def decoded(raw: bytes) -> Any:
    """What a body says; None where it is not JSON."""
    try:
        return bodies.decode(raw)
    except ParseFailed:
        return None


def refusal(sent: Sent, raw: bytes) -> str | None:
    try:
        bodies.examine(sent.operation, sent.revision, raw, sent.resource_id)
    except Fault as fault:
        return fault.detail
    return None


def leaves_out_an_empty_one(body: Any, operation: Operation) -> bool:
    """Whether `relationships` stand where a schema has none: empty ones do no harm."""
    return operation.kind.shown.many is False and '"relationships": {}' in json.dumps(body)


@given(own_bodies())
@thorough(600)
def test_schemas_allow_what_is_accepted(sent: Sent) -> None:
    raw = json.dumps(sent.body).encode()
    body = decoded(raw)
    assume(body is not None)
    detail = refusal(sent, raw)
    assume(detail not in BEYOND_ANY_SCHEMA)
    assume(not leaves_out_an_empty_one(body, sent.operation))
    allowed = validator(sent.operation, sent.revision.date).is_valid(body)
    assert allowed == (detail is None), (sent, detail)
