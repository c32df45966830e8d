"""Schemas of request bodies.

A body is first described in the newest shape, by the rules of its revision (`catalog/rules.py`).
Then each of its places moves to where the ladder points in the revision's own shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backroom.api.openapi import words
from backroom.api.openapi.samples import example_id
from backroom.api.openapi.schemas import Schema, attribute_schema, closed, or_null
from backroom.catalog import ids
from backroom.catalog.kinds import Verb
from backroom.catalog.operations import LINK_SHAPES, MOST_OPERATIONS, Operation, Shape
from backroom.catalog.rules import rules_of
from backroom.catalog.values import GREATEST_INTEGER, GREATEST_NUMBER, LEAST_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.catalog.kinds import Attribute, Form, Kind
    from backroom.catalog.rules import AttributeRule, RelationshipRule, ResourceRules
    from backroom.revisions import Revision

NO_NULL_CHARACTER = "^[^\\u0000]*$"
"""The pattern of texts that requests may have."""
_ID_SCHEMA: Schema = {
    "type": "string",
    "minLength": 1,
    "maxLength": ids.LONGEST_ID,
    "pattern": NO_NULL_CHARACTER,
}
_BOUNDS: dict[Form, Schema] = {
    "number": {"minimum": -GREATEST_NUMBER, "maximum": GREATEST_NUMBER},
    "quantity": {"minimum": LEAST_INTEGER, "maximum": GREATEST_INTEGER},
}


def body_schema(operation: Operation, revision: Revision) -> Schema:
    """Make the schema of the body of an operation in a revision."""
    newest = closed({"data": _data_schema(operation, revision.date)}, ["data"])
    return _moved(newest, lambda pointer: revision.pointer(operation, pointer))


def _data_schema(operation: Operation, date: str) -> Schema:
    kind = operation.kind
    if operation.shape in LINK_SHAPES:
        return {"type": "array", "items": _identifier(kind)}
    if operation.bulk is None:
        return _resource_schema(_verb(operation), kind, date)
    operations = {
        "type": "array",
        "items": _resource_schema(operation.bulk.verb, kind, date),
        "minItems": 1,
        "maxItems": MOST_OPERATIONS,
    }
    member = operation.bulk.member
    attributes = closed({member: closed({"data": operations}, ["data"])}, [member])
    return closed(
        {"type": _constant_schema(operation.bulk.type), "attributes": attributes},
        ["type", "attributes"],
    )


def _verb(operation: Operation) -> Verb:
    return Verb.CREATE if operation.shape is Shape.CREATE else Verb.UPDATE


def _constant_schema(value: str) -> Schema:
    return {"type": "string", "enum": [value]}


def _identifier(kind: Kind) -> Schema:
    example = ids.resource_id(example_id(kind))
    return closed(
        {"type": _constant_schema(kind.type), "id": {**_ID_SCHEMA, "examples": [example]}},
        ["type", "id"],
    )


def _resource_schema(verb: Verb, kind: Kind, date: str) -> Schema:
    rules = rules_of(verb, kind, date)
    schemas: dict[str, Schema] = _identifier(kind)["properties"]
    if rules.attributes:
        schemas["attributes"] = _attributes_schema(rules, kind)
    if rules.relationships:
        schemas["relationships"] = closed(
            {name: _relationship_schema(rule) for name, rule in rules.relationships.items()},
            [name for name, rule in rules.relationships.items() if rule.needed],
        )
    named = [name for name in rules.members if name in schemas]
    return closed({name: schemas[name] for name in named}, [*filter(rules.needs, named)])


def _attributes_schema(rules: ResourceRules, kind: Kind) -> Schema:
    properties = {name: _attribute_schema(rule) for name, rule in rules.attributes.items()}
    if "external_id" in properties:
        properties["external_id"]["examples"] = [example_id(kind)]
    return closed(properties, [name for name, rule in rules.attributes.items() if rule.needed])


def _attribute_schema(rule: AttributeRule) -> Schema:
    row = rule.attribute
    schema = attribute_schema(row)
    if row.form == "text":
        schema["pattern"] = NO_NULL_CHARACTER
    elif row.form == "texts":
        schema["items"] = {"type": "string", "pattern": NO_NULL_CHARACTER}
    schema |= _BOUNDS.get(row.form, {})
    limits = _limits(row)
    if limits:
        schema["description"] = " ".join([*filter(None, [schema.get("description")]), *limits])
    if row.shortest:
        schema["minLength"] = row.shortest
    if row.longest is not None:
        schema["maxLength"] = row.longest
    if row.form != "constant":
        if row.default is not None and not rule.needed:
            schema["default"] = row.default
        schema["examples"] = [words.attribute_example(row)]
    return or_null(schema) if rule.nullable else schema


def _limits(row: Attribute) -> list[str]:
    """Say which limits an attribute has that a schema can't: it counts characters, not bytes."""
    each = "Each text has" if row.form == "texts" else "It has"
    limits = []
    if row.most_bytes is not None:
        limits.append(f"{each} at most {row.most_bytes:,} bytes in UTF-8.")
    if row.most_json is not None:
        limits.append(f"It has at most {row.most_json:,} bytes as JSON.")
    if row.form == "object":
        # To a schema 1e300 is an integer, too, and that is no fault.
        limits.append("Integers in it have at most 64 bits.")
    return limits


def _relationship_schema(rule: RelationshipRule) -> Schema:
    data = _identifier(rule.target)
    if rule.many:
        data = {"type": "array", "items": data}
    return closed({"data": data}, ["data"] if rule.data_needed else [])


@dataclass
class _Place:
    """A place in a body: its own schema, and the places in it, by name or, in a list, by `0`."""

    own: Schema = field(default_factory=dict)
    required: bool = False
    held: dict[str, _Place] = field(default_factory=dict)

    def at(self, pointer: str, *, required: bool) -> _Place:
        """Give the place that a pointer points to. Missing places on the way are made."""
        place = self
        for step in pointer.split("/")[1:]:
            place = place.held.setdefault(step, _Place(required=required))
        return place

    def schema(self) -> Schema:
        if "0" in self.held:
            # If the newest shape has no list here, it has one value. So the list has at most one.
            own = self.own or {"type": "array", "maxItems": 1}
            return {**own, "items": self.held["0"].schema()}
        if not self.held:
            return self.own
        required = [name for name, place in self.held.items() if place.required]
        return closed({name: place.schema() for name, place in self.held.items()}, required)


def _moved(newest: Schema, to: Callable[[str], str]) -> Schema:
    """Make a schema with each place of `newest` at the pointer that `to` gives for it."""
    root = _Place()
    for pointer, schema, required in _places(newest, "", required=True):
        own = {name: value for name, value in schema.items() if name not in _STRUCTURE}
        # Two places of the newest shape may have been one. It keeps the schema of the inner place.
        root.at(to(pointer), required=required).own = own if own != {"type": "object"} else {}
    return root.schema()


_STRUCTURE = {"properties", "required", "additionalProperties", "items"}


def _places(schema: Schema, pointer: str, *, required: bool) -> Iterator[tuple[str, Schema, bool]]:
    yield pointer, schema, required
    for name, held in schema.get("properties", {}).items():
        needed = name in schema.get("required", ())
        yield from _places(held, f"{pointer}/{name}", required=needed)
    if "items" in schema:
        yield from _places(schema["items"], f"{pointer}/0", required=True)


def body_example(schema: Schema) -> Any:
    """Make an example with all members that a schema of this module allows."""
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return {name: body_example(held) for name, held in schema["properties"].items()}
    return [body_example(schema["items"])]
