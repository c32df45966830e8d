from __future__ import annotations

from typing import Any

import pytest

from backroom.catalog.published_shapes import check_published
from backroom.errors import Invalid
from support.neighbours import FACTS, PUBLISHED, a_neighbour_body, example, schema_of, validator

SCHEMAS = sorted(
    {each.request_schema or "" for rows in PUBLISHED.values() for each in rows.values()} - {""}
)
WRONG: list[Any] = [None, 7.5, "text", True, {}, [], {"extra": 1}]
THING = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "type": {"type": "string", "enum": ["thing"]},
        "name": {"type": "string"},
        "when": {"type": ["string", "null"], "format": "date-time"},
        "size": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "count": {"type": "integer"},
        "open": {"type": "boolean"},
        "free": {"type": "object"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}


def fault_of(value: Any) -> Invalid:
    with pytest.raises(Invalid) as raised:
        check_published(THING, value)
    return raised.value


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("whole", [True, False])
def test_published_examples_are_taken(name: str, whole: bool) -> None:  # noqa: FBT001
    body = example(schema_of(name), {}, whole=whole)
    assert list(validator(name).iter_errors(body)) == []
    check_published(schema_of(name), body)


@pytest.mark.slow
@pytest.mark.parametrize("name", SCHEMAS)
def test_wrong_members_are_refused(name: str) -> None:
    """Each member in turn has another value: our answer is that of the published schema."""
    schema, closed = schema_of(name), validator(name)
    for wrong in WRONG:
        for body in _changed(example(schema, {}), wrong):
            fits = closed.is_valid(body)
            try:
                check_published(schema, body)
            except Invalid:
                # The validator knows no formats: the wrong text is no moment.
                assert not fits or wrong == "text", body
            else:
                assert fits, body


def _changed(value: Any, wrong: Any) -> list[Any]:
    if isinstance(value, dict):
        return [
            {**value, name: changed}
            for name, each in value.items()
            for changed in [wrong, *_changed(each, wrong)]
        ]
    if isinstance(value, list):
        return [[changed] for each in value for changed in [wrong, *_changed(each, wrong)]]
    return []


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        ([], "/data", "Expected a dictionary"),
        ({}, "/name", "'name' is a required field for the resource 'thing'."),
        ({"name": 1}, "/name", "Not a valid string."),
        ({"name": "a\0"}, "/name", "Null characters are not allowed."),
        ({"name": None}, "/name", "This field may not be null."),
        ({"name": "a", "x/y": 1}, "/x~1y", "'x/y' is not a valid field"),
        ({"name": "a", "type": "b"}, "/type", "The type must be 'thing'."),
        ({"name": "a", "when": "noon"}, "/when", "Datetime has wrong format."),
        ({"name": "a", "size": True}, "/size", "Not a valid string."),
        ({"name": "a", "count": 1.5}, "/count", "A valid integer is required."),
        ({"name": "a", "open": 1}, "/open", "Must be a valid boolean."),
        ({"name": "a", "tags": ["b", 2]}, "/tags/1", "Not a valid string."),
    ],
)
def test_faults_say_what_and_where(value: Any, pointer: str, words: str) -> None:
    fault = fault_of(value)
    assert fault.pointer == pointer
    assert words in fault.detail


def test_objects_without_a_list_take_all() -> None:
    value = {"name": "a", "free": {"any": [1]}, "size": 2, "when": None}
    check_published(THING, value)


def test_bodies_of_all_revisions_are_known() -> None:
    assert len(SCHEMAS) <= len(FACTS["schemas"])
    assert a_neighbour_body("2022-10-17", ("POST", "/api/events"))["data"]["type"] == "event"
