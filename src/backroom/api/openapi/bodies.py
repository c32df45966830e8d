"""Schemas of request bodies.

A body is described in the newest shape with what the revision allows within it, as `drafts` checks
it, and then each of its places moves to where the ladder points in the revision's own shape.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backroom.api.openapi import words
from backroom.api.openapi.samples import external_id
from backroom.api.openapi.schemas import Schema, attribute, closed, described, nullable
from backroom.catalog import ids
from backroom.catalog.kinds import KINDS, NULLS_SINCE, Verb
from backroom.catalog.operations import LINK_SHAPES, Operation, Shape
from backroom.catalog.values import LONGEST_EXTERNAL_ID
from backroom.jobs.lifecycle import MOST_OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.catalog.kinds import Attribute, Kind, Relation
    from backroom.revisions import Revision

_NO_NULL_CHARACTER = "^[^\\u0000]*$"
_ID: Schema = {"type": "string", "minLength": 1, "pattern": _NO_NULL_CHARACTER}


def body(operation: Operation, revision: Revision) -> Schema:
    """Make the schema of an operation's body in a revision."""
    newest = closed({"data": _data(operation, revision.date)}, ["data"])
    return _moved(newest, lambda pointer: revision.pointer(operation, pointer))


def _data(operation: Operation, date: str) -> Schema:
    kind = operation.kind
    if operation.shape in LINK_SHAPES:
        return {"type": "array", "items": _identifier(kind)}
    if operation.bulk is None:
        return _resource(_verb(operation), kind, date)
    operations = {
        "type": "array",
        "items": _resource(operation.bulk.verb, kind, date),
        "minItems": 1,
        "maxItems": MOST_OPERATIONS,
    }
    member = operation.bulk.member
    attributes = closed({member: closed({"data": operations}, ["data"])}, [member])
    return closed(
        {"type": _constant(operation.bulk.type), "attributes": attributes}, ["type", "attributes"]
    )


def _verb(operation: Operation) -> Verb:
    return Verb.CREATE if operation.shape is Shape.CREATE else Verb.UPDATE


def _constant(value: str) -> Schema:
    return {"type": "string", "enum": [value]}


def _identifier(kind: Kind) -> Schema:
    example = ids.resource_id(external_id(kind))
    return closed(
        {"type": _constant(kind.type), "id": {**_ID, "examples": [example]}}, ["type", "id"]
    )


def _resource(verb: Verb, kind: Kind, date: str) -> Schema:
    schema = _identifier(kind)
    properties, required = schema["properties"], ["type", "id", "attributes"]
    if verb is Verb.DELETE:
        return schema
    if verb is Verb.CREATE:
        del properties["id"]
        required.remove("id")
    properties["attributes"] = _attributes(verb, kind, date)
    relations = [each for each in kind.relations if verb in each.verbs]
    if relations:
        needed = [
            each.name
            for each in relations
            if verb is Verb.CREATE and any(date in span for span in each.required)
        ]
        properties["relationships"] = closed(
            {each.name: _relationship(each, date) for each in relations}, needed
        )
        required += ["relationships"] if needed else []
    return closed(properties, required)


def _attributes(verb: Verb, kind: Kind, date: str) -> Schema:
    creating = verb is Verb.CREATE
    rows = {
        each.name: (each, each.create if creating else each.update)
        for each in kind.attributes
        if creating or (each.update != "absent" and date >= each.update_since)
    }
    properties = {name: _attribute(row, rule, date) for name, (row, rule) in rows.items()}
    if creating:
        properties["external_id"]["examples"] = [external_id(kind)]
        constants = {"integration_type": ids.INTEGRATION_TYPE, "catalog_type": ids.CATALOG_TYPE}
        for name, value in constants.items():
            properties[name] = _or_null(described(name, _constant(value)), "nullable", date)
    return closed(properties, [name for name, (_, rule) in rows.items() if rule == "required"])


def _attribute(row: Attribute, rule: str, date: str) -> Schema:
    schema = attribute(row)
    if row.form == "text":
        schema["pattern"] = _NO_NULL_CHARACTER
    elif row.form == "texts":
        schema["items"] = {"type": "string", "pattern": _NO_NULL_CHARACTER}
    if row.name == "external_id":
        schema |= {"minLength": 1, "maxLength": LONGEST_EXTERNAL_ID}
    if row.default is not None and rule != "required":
        schema["default"] = row.default
    schema["examples"] = [words.example(row)]
    return _or_null(schema, rule, date)


def _or_null(schema: Schema, rule: str, date: str) -> Schema:
    return nullable(schema) if rule == "nullable" and date >= NULLS_SINCE else schema


def _relationship(relation: Relation, date: str) -> Schema:
    data = _identifier(KINDS[relation.target])
    if relation.many:
        data = {"type": "array", "items": data}
    required = any(date in each for each in relation.data_required)
    return closed({"data": data}, ["data"] if required else [])


@dataclass
class _Place:
    """A place in a body: what is said of it, and what it holds by name or, in a list, by `0`."""

    own: Schema = field(default_factory=dict)
    required: bool = False
    held: dict[str, _Place] = field(default_factory=dict)

    def at(self, pointer: str, *, required: bool) -> _Place:
        """Find the place that a pointer points to, and make it and those on the way."""
        place = self
        for step in pointer.split("/")[1:]:
            place = place.held.setdefault(step, _Place(required=required))
        return place

    def schema(self) -> Schema:
        if "0" in self.held:
            # A list that is none in the newest shape stands for one thing, and holds no more.
            own = self.own or {"type": "array", "maxItems": 1}
            return {**own, "items": self.held["0"].schema()}
        if not self.held:
            return self.own
        required = [name for name, place in self.held.items() if place.required]
        return closed({name: place.schema() for name, place in self.held.items()}, required)


def _moved(newest: Schema, to: Callable[[str], str]) -> Schema:
    """Build a schema anew, with each of its places where `to` points."""
    root = _Place()
    for pointer, schema, required in _places(newest, "", required=True):
        own = {name: said for name, said in schema.items() if name not in _STRUCTURE}
        # Where two places of the newest shape were one, the inner one says what it was.
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


def example(schema: Schema) -> Any:
    """Make an example of what a schema of this module allows."""
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    if "properties" in schema:
        return {name: example(held) for name, held in schema["properties"].items()}
    return [example(schema["items"])]
