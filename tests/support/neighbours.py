"""The published facts of the neighbours, and requests that they allow.

The facts are in tests/wire/neighbours.json, which scripts/make_neighbours.py keeps.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from backroom.revisions import REVISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

FACTS: Any = msgspec.json.decode(
    (Path(__file__).parents[1] / "wire" / "neighbours.json").read_bytes()
)
PLAIN = {"boolean": False, "number": 12.5, "integer": 3, "object": {"colour": "red"}}
MOMENT = "2026-10-15T09:00:00+00:00"
Place = tuple[str, str]


@dataclass(frozen=True)
class Published:
    """One operation as a revision publishes it."""

    operation_id: str
    status: int
    scopes: list[str]
    burst: str
    steady: str
    query: dict[str, Any]
    request_schema: str | None
    response_schema: str | None


def _row(row: Any) -> Published:
    query = {each["name"]: each for each in row["query"]}
    return msgspec.convert(row | {"query": query}, Published)


_PUBLISHED = {
    revision: {(row["method"], row["path"].replace("{}", "{id}")): _row(row) for row in rows}
    for revision, rows in FACTS["revisions"].items()
}
# No document is published for the last revision, which changes nothing.
PUBLISHED: Mapping[str, Mapping[Place, Published]] = {
    revision: _PUBLISHED[max(each for each in _PUBLISHED if each <= revision)]
    for revision in REVISIONS
}


def having(place: Place) -> pytest.MarkDecorator:
    """Go through the revisions that have an operation."""
    return pytest.mark.parametrize(
        "revision", [each for each in REVISIONS if place in PUBLISHED[each]]
    )


def schema_of(name: str) -> Any:
    return FACTS["schemas"][name]


@cache
def validator(name: str) -> Draft202012Validator:
    """Holds a document against a published schema that allows no other members."""
    return Draft202012Validator(_closed(deepcopy(schema_of(name))))


@cache
def answer_validator_of(revision: str, place: Place) -> Draft202012Validator:
    """Holds an answer against its schema; a list of profiles has what one profile has, too."""
    name = PUBLISHED[revision][place].response_schema
    assert name
    schema = deepcopy(schema_of(name))
    if place == ("GET", "/api/profiles"):
        one = schema_of(PUBLISHED[revision]["POST", "/api/profiles"].response_schema or "")
        alone = one["properties"]["data"]["properties"]["attributes"]["properties"]
        held = schema["properties"]["data"]["items"]["properties"]["attributes"]
        held["properties"] = deepcopy(alone) | held["properties"]
    return Draft202012Validator(_closed(schema))


def _closed(schema: Any) -> Any:
    """The same schema with no other members allowed; what lists members is an object."""
    for each in (*schema.get("oneOf", ()), *schema.get("properties", {}).values()):
        _closed(each)
    if "items" in schema:
        _closed(schema["items"])
    if schema.get("properties"):
        schema.setdefault("type", "object")
        schema["additionalProperties"] = False
    return schema


def example(schema: Any, known: Mapping[str, str], *, whole: bool = True) -> Any:
    """A value that a published schema accepts, with all members or those that must be."""
    if "oneOf" in schema:
        return example(schema["oneOf"][0], known, whole=whole)
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("properties"):
        return _object(schema, known, whole=whole)
    named = schema.get("type", "object")
    first = named if isinstance(named, str) else named[0]
    if first == "array":
        return [example(schema["items"], known, whole=whole)]
    if first == "string":
        return {"date-time": MOMENT, "date": MOMENT[:10]}.get(schema.get("format"), "Some text")
    return PLAIN[first]


def _object(schema: Any, known: Mapping[str, str], *, whole: bool) -> Any:
    members = schema["properties"]
    made = {
        name: example(each, known, whole=whole)
        for name, each in members.items()
        if whole or name in schema.get("required", [])
    }
    named = members.get("type", {}).get("enum", [""])[0]
    if "id" in made and named in known:
        made["id"] = known[named]
    return made


def a_neighbour_body(
    revision: str, place: Place, known: Mapping[str, str] | None = None, *, whole: bool = True
) -> Any:
    """A body that a revision's published schema of an operation accepts."""
    name = PUBLISHED[revision][place].request_schema
    assert name
    return example(schema_of(name), known or {}, whole=whole)
