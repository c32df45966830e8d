"""JSON Schemas: those of attributes from the table of kinds, those of documents from samples.

A member that all samples have is required. A member that only some have is optional. Any other is
refused. An attribute in the table of kinds has the schema of its row, whatever its values in the
samples are. The schemas of all other members follow from their values.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from backroom.api.openapi import words
from backroom.api.openapi.samples import MOMENT, SAMPLE_BASE
from backroom.catalog.kinds import JOB_KINDS, KINDS
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backroom.catalog.kinds import Attribute, Form

Schema = dict[str, Any]

_SCHEMAS_BY_FORM: dict[Form, Schema] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "quantity": {"type": "number"},
    "boolean": {"type": "boolean"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "object": {"type": "object"},
    "choice": {"type": "integer"},
    "constant": {"type": "string"},
}
_SCALARS = {bool: "boolean", int: "integer", float: "number", str: "string"}
_TIME: Schema = {"type": "string", "format": "date-time"}


def attribute_schema(row: Attribute) -> Schema:
    """Make the schema of an attribute, without null."""
    schema = {**_SCHEMAS_BY_FORM[row.form]}
    if row.choices:
        schema["enum"] = list(row.choices)
    return with_description(row.name, schema)


def with_description(name: str, schema: Schema) -> Schema:
    """Add the description of an attribute to a schema, if there is one."""
    description = words.ATTRIBUTES.get(name)
    return {**schema, "description": description} if description else schema


def or_null(schema: Schema) -> Schema:
    """Make a schema that also allows null."""
    allowed = {**schema, "type": [schema["type"], "null"]}
    if "enum" in allowed:
        allowed["enum"] = [*allowed["enum"], None]
    return allowed


def closed(properties: Mapping[str, Schema], required: Sequence[str]) -> Schema:
    """Make the schema of an object with these members and no others."""
    schema: Schema = {"type": "object", "properties": dict(properties)}
    if required:
        schema["required"] = list(required)
    return schema | {"additionalProperties": False}


@cache
def _known() -> dict[str, dict[str, Schema]]:
    """Make the schemas of the attributes that answers show, by resource type."""
    known = {
        kind.type: {row.name: attribute_schema(row) for row in kind.attributes}
        | {name: with_description(name, _TIME) for name in kind.dated}
        for kind in KINDS.values()
    }
    status = with_description("status", {"type": "string", "enum": list(Status)})
    return known | {each: {"status": status} for each in JOB_KINDS}


def common_schema(values: Sequence[Any]) -> Schema:
    """Make a schema that allows each of `values`."""
    present = [each for each in values if each is not None]
    if not present:
        return {"type": "null"}
    schema = _of(present)
    return schema if len(present) == len(values) else or_null(schema)


def _of(values: Sequence[Any]) -> Schema:
    first = values[0]
    if isinstance(first, dict):
        return _object_read(values)
    if isinstance(first, list):
        return _list([each for many in values for each in many])
    if first == MOMENT:
        return _TIME
    schema = {"type": _SCALARS[type(first)]}
    if isinstance(first, str) and first.startswith(SAMPLE_BASE):
        schema["format"] = "uri"
    return schema


def _list(held: Sequence[Any]) -> Schema:
    return (
        {"type": "array", "items": common_schema(held)}
        if held
        else {"type": "array", "maxItems": 0}
    )


def _object_read(values: Sequence[dict[str, Any]]) -> Schema:
    names = list(dict.fromkeys(name for each in values for name in each))
    required = [name for name in names if all(name in each for each in values)]
    held = {name: [each[name] for each in values if name in each] for name in names}
    properties = {name: common_schema(held[name]) for name in names}
    if {"type", "id"} <= set(names):
        # A resource object, or the identifier of one.
        types = list(dict.fromkeys(held["type"]))
        properties["type"]["enum"] = types
        if "attributes" in names:
            properties["attributes"] = _attributes_read(types[0], held["attributes"])
    return closed(properties, required)


def _attributes_read(resource_type: str, values: Sequence[dict[str, Any]]) -> Schema:
    schema = _object_read(values)
    known = _known()[resource_type]
    for name, read in schema["properties"].items():
        row = known.get(name)
        if row is None:
            schema["properties"][name] = with_description(name, read)
        elif "null" in read["type"]:
            schema["properties"][name] = or_null(row)
        else:
            schema["properties"][name] = row
    return schema
