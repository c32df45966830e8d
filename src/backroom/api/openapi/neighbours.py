"""What the OpenAPI document says of the neighbours: the published schemas, with objects closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.api.auth import COMPANY
from backroom.api.openapi.parameters import parameter, revision_parameter
from backroom.api.openapi.parts import Parts
from backroom.api.openapi.samples import MOMENT
from backroom.catalog import published
from backroom.catalog.operations import Shape
from backroom.catalog.published_shapes import types_of

if TYPE_CHECKING:
    from backroom.api.openapi.schemas import Schema
    from backroom.catalog.neighbours import Neighbour
    from backroom.revisions import Revision

TAGS = ("back in stock",)
_SUMMARIES = {Shape.SUBSCRIBE: "Wait for a variant to be in stock"}
_DESCRIPTIONS = {
    Shape.SUBSCRIBE: (
        "The subscription leads to one event, when the stock of the variant rises above 0. The"
        " answer is 404 `variant_not_found` if there is no such variant."
    ),
}
_PUBLIC = " Browsers may ask for it: `company_id`, the public id of the account, is all it needs."
_EXAMPLES: dict[str, Any] = {
    "string": "text",
    "number": 1.5,
    "integer": 1,
    "boolean": True,
    "object": {},
    "null": None,
}
_WORDS = {
    COMPANY: "The public id of the account.",
}


def neighbour_parts(operation: Neighbour, revision: Revision) -> Parts:
    """Give what is said of a neighbour in a revision."""
    facts = published.published_facts(operation, revision.date)
    body = None if facts.body is None else _closed(facts.body)
    return Parts(
        _SUMMARIES[operation.shape] + (", from a browser" if operation.public else ""),
        _DESCRIPTIONS[operation.shape] + (_PUBLIC if operation.public else ""),
        TAGS[0],
        None if operation.public else list(operation.scopes_at(revision.date)),
        [
            revision_parameter(revision),
            *(_published_parameter(name, schema) for name, schema in facts.query.items()),
        ],
        body,
        None if body is None else _published_example(body),
        None,
        None,
    )


def _published_parameter(name: str, schema: Schema) -> dict[str, Any]:
    made = parameter(name, schema, _WORDS[name])
    return made | {"required": True} if name == COMPANY else made


def _closed(schema: Schema) -> Schema:
    """Close the objects whose members are listed: the server refuses others."""
    made = dict(schema)
    if "oneOf" in made:
        made["oneOf"] = [_closed(each) for each in made["oneOf"]]
    if "items" in made:
        made["items"] = _closed(made["items"])
    if made.get("properties"):
        made["type"] = schema.get("type", "object")
        made["properties"] = {name: _closed(each) for name, each in made["properties"].items()}
        made["additionalProperties"] = False
    return made


def _published_example(schema: Schema) -> Any:
    """Make an example with all members."""
    if "oneOf" in schema:
        return _published_example(schema["oneOf"][0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("properties"):
        return {name: _published_example(each) for name, each in schema["properties"].items()}
    if "items" in schema:
        return [_published_example(schema["items"])]
    if schema.get("format") == "date-time":
        return MOMENT
    return _EXAMPLES[types_of(schema)[0]]
