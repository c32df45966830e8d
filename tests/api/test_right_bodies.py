"""The three readers of the rules of bodies agree: the checks, the quick path and the schemas.

Some of the operations are on items with an attribute that came and one that went, so that this
holds for attributes of a part of the revisions too.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from backroom.api import bodies, bulk_types
from backroom.api.openapi.bodies import body_example, body_schema
from backroom.catalog.kinds import ITEM, Attribute, JobKind
from backroom.catalog.operations import OPERATIONS
from backroom.errors import Fault, ParseFailed
from backroom.revisions import REVISIONS
from openapi import described
from support.strategies import Sent, altered, fitting, paths, revisions, thorough
from support.wire_contract import every_revision

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    "Ensure this integer has no more than 64 bits.",
    "This field may be nested 32 deep at most.",
    "The id in the body is not the id in the path.",
)
"""Details of refusals for which JSON Schema has no words."""


@cache
def validator(operation: Operation, revision: str) -> Draft202012Validator:
    return described.validator(body_schema(operation, REVISIONS[revision]))


def decoded(raw: bytes) -> Any:
    """What a body says; None where it is not JSON."""
    try:
        return bodies.decode_json(raw)
    except ParseFailed:
        return None


def refusal(sent: Sent, raw: bytes) -> str | None:
    """The detail of the fault that the checks find."""
    try:
        bodies.examine(sent.operation, sent.revision, raw, sent.resource_id)
    except Fault as fault:
        return fault.detail
    return None


def harmless_shell(sent: Sent) -> bool:
    """Whether there are empty `relationships` where a schema has none."""
    return not sent.operation.kind.shown.many and '"relationships": {}' in json.dumps(sent.body)


def schema_and_checks_agree(sent: Sent) -> bool | None:
    """Whether a body is right; None where the schema has no words for what is wrong."""
    raw = json.dumps(sent.body).encode()
    body = decoded(raw)
    detail = refusal(sent, raw)
    if body is None or detail in BEYOND_ANY_SCHEMA or harmless_shell(sent):
        return None
    allowed = validator(sent.operation, sent.revision.date).is_valid(body)
    assert allowed == (detail is None), (sent, detail)
    return allowed


@st.composite
def own_bodies(draw: st.DrawFn) -> Sent:
    """Bodies that their own schema describes but for lengths, with up to two places changed."""
    revision, operation = draw(revisions), draw(st.sampled_from(WITH_CHANGED))
    body = draw(fitting(validator(operation, revision.date).schema))
    for _ in range(draw(st.integers(0, 2))):
        body = draw(altered(body))
    return Sent(revision, operation, body)


@given(own_bodies())
@thorough(600)
def test_any_body_is_judged_alike(sent: Sent) -> None:
    schema_and_checks_agree(sent)


def whole_body(operation: Operation, revision: str) -> Any:
    """A body with all that its schema has."""
    schema: Any = validator(operation, revision).schema
    return body_example(schema)


def spoilt(body: Any) -> Iterator[Any]:
    """The body, and it with each of its places once removed and once null."""
    yield body
    for index in range(len(paths(body))):
        for change in ("remove", "null"):
            changed = deepcopy(body)
            holder, step = paths(changed)[index]
            if change == "remove":
                del holder[step]
            else:
                holder[step] = None
            yield changed


@every_revision
def test_each_place_is_judged_alike(revision: str) -> None:
    rung = REVISIONS[revision]
    for operation in WITH_CHANGED:
        for body in spoilt(whole_body(operation, revision)):
            right = schema_and_checks_agree(Sent(rung, operation, body))
            if right is None or operation.bulk is None or operation not in rung.sends_newest:
                continue
            quick = bulk_types.operations(operation.bulk, revision, json.dumps(body).encode())
            assert (quick is not None) == right, body


@every_revision
def test_whole_bodies_are_right(revision: str) -> None:
    for operation in WITH_CHANGED:
        sent = Sent(REVISIONS[revision], operation, whole_body(operation, revision))
        assert schema_and_checks_agree(sent), sent
