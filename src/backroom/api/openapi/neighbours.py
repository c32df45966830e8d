"""The neighbours in the OpenAPI document: the published schemas, with objects closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.api.auth import COMPANY
from backroom.api.openapi.bodies import NO_NULL_CHARACTER
from backroom.api.openapi.parameters import parameter, revision_parameter
from backroom.api.openapi.parts import OperationParts
from backroom.api.openapi.samples import MOMENT, SAMPLE_BASE
from backroom.catalog import published
from backroom.catalog.operations import Shape
from backroom.catalog.published_shapes import types_of

if TYPE_CHECKING:
    from backroom.api.openapi.schemas import Schema
    from backroom.catalog.neighbours import Neighbour
    from backroom.revisions import Revision

TAGS = ("back in stock", "accounts", "accepted and kept")
_TAG_OF = {Shape.SUBSCRIBE: TAGS[0], Shape.ACCOUNTS: TAGS[1], Shape.ACCOUNT: TAGS[1]}
_NEIGHBOUR_SUMMARIES = {
    Shape.SUBSCRIBE: "Wait for a variant to be in stock",
    Shape.ACCOUNTS: "List the account of the key",
    Shape.ACCOUNT: "Show the account of the key",
    Shape.KEPT_LIST: "List every {type} that is kept",
    Shape.KEEP_PROFILE: "Keep a {type}",
    Shape.KEEP: "Keep a {type}",
}
_NEIGHBOUR_DESCRIPTIONS = {
    Shape.SUBSCRIBE: (
        "The subscription leads to one event, when the stock of the variant rises above 0. The"
        " answer is 404 `variant_not_found` if there is no such variant."
    ),
    Shape.ACCOUNTS: "There is one: a test account, with a shop that is invented or set.",
    Shape.ACCOUNT: "The answer is 404 for any other account.",
    Shape.KEPT_LIST: (
        "A page, in the order of creation. `filter` compares with `equals` and `any`. `sort` turns"
        " the order round where it begins with `-`."
    ),
    Shape.KEEP_PROFILE: "The server only accepts it: it keeps the profile, which can be listed.",
    Shape.KEEP: "The server only accepts it: it checks the body and keeps it.",
}
_PUBLIC = " Browsers may ask for it: `company_id`, the public id of the account, is all it needs."
_EXAMPLES_BY_FORMAT: dict[str, Any] = {
    "string": "text",
    "date-time": MOMENT,
    "date": MOMENT.partition("T")[0],
    "uri": f"{SAMPLE_BASE}/api/any/",
    "number": 1.5,
    "integer": 1,
    "boolean": True,
    "object": {},
    "null": None,
}
_ACCOUNT_EXAMPLE = {"examples": ["AbC123"]}
"""An account that nobody has. A request can be sent with it, and the answer says so."""
_ACCOUNT_WORDS = "The public id of the account: the `id` in the answer to `GET /api/accounts`."
_PARAMETER_WORDS = {
    COMPANY: _ACCOUNT_WORDS,
    "fields": "The attributes to show.",
    "additional-fields": "Taken, and brings nothing along.",
    "include": "Taken, and brings nothing along.",
    "filter": "Conditions with `equals` and `any`, on attributes or `id`, separated by commas.",
    "sort": "`-` puts the newest first. The order is that of creation in any case.",
    "page": "The number of entries on a page, or where it begins.",
}
_ID_PARAMETER = parameter(
    "id", {"type": "string", "minLength": 1, **_ACCOUNT_EXAMPLE}, _ACCOUNT_WORDS, "path"
)


def neighbour_parts(operation: Neighbour, revision: Revision) -> OperationParts:
    """Give what is said of a neighbour in a revision."""
    facts = published.published_facts(operation, revision.date)
    body = None if facts.body is None else _plain_texts(_closed(facts.body))
    answer = None if facts.answer is None else _answer_schema(facts.answer)
    if answer is not None and any(name.startswith("fields[") for name in facts.query):
        answer = _sparse(answer)
    return OperationParts(
        _NEIGHBOUR_SUMMARIES[operation.shape].format(type=operation.type)
        + (", from a browser" if operation.public else ""),
        _NEIGHBOUR_DESCRIPTIONS[operation.shape] + (_PUBLIC if operation.public else ""),
        _TAG_OF.get(operation.shape, TAGS[2]),
        None if operation.public else list(operation.scopes_at(revision.date)),
        [
            revision_parameter(revision),
            *([_ID_PARAMETER] if "{id}" in operation.path else []),
            *(_published_parameter(name, schema) for name, schema in facts.query.items()),
        ],
        body,
        None if body is None else _published_example(body),
        answer,
        None if answer is None else _published_example(answer),
    )


def _published_parameter(name: str, schema: Schema) -> dict[str, Any]:
    if name == COMPANY:
        words = _PARAMETER_WORDS[COMPANY]
        return parameter(name, schema | _ACCOUNT_EXAMPLE, words) | {"required": True}
    return parameter(
        name, schema, _PARAMETER_WORDS.get(name.partition("[")[0], _PARAMETER_WORDS.get(name, ""))
    )


def _plain_texts(schema: Any) -> Any:
    """Let no text hold a null character."""
    if isinstance(schema, list):
        return [_plain_texts(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: _plain_texts(each) for name, each in schema.items()}
    if "string" in types_of(schema) and not made.keys() & {"enum", "format", "properties"}:
        made["pattern"] = NO_NULL_CHARACTER
    return made


def _answer_schema(schema: Schema) -> Schema:
    """Close the schema of an answer. Links to pages that do not exist are null (observed)."""
    made = _closed(schema)
    links = made["properties"].get("links", {}).get("properties", {})
    for name in links.keys() - {"self"}:
        links[name] = {**links[name], "type": ["string", "null"]}
    return made


def _sparse(schema: Schema) -> Schema:
    """Require no attribute: `fields` may name any of them."""
    made = {**schema, "properties": dict(schema["properties"])}
    data = made["properties"]["data"]
    resource = data.get("items", data)
    properties = resource["properties"]
    attributes = _optional(properties["attributes"])
    sparse = {**resource, "properties": {**properties, "attributes": attributes}}
    made["properties"]["data"] = {**data, "items": sparse} if "items" in data else sparse
    return made


def _optional(schema: Schema) -> Schema:
    made = {name: each for name, each in schema.items() if name != "required"}
    if "properties" in made:
        members = made["properties"].items()
        made["properties"] = {name: _optional(each) for name, each in members}
    return made


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
        # "text" is no latitude, though the contract takes one as a text too.
        numbers = [each for each in schema["oneOf"] if "number" in types_of(each)]
        return _published_example((numbers or schema["oneOf"])[0])
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("properties"):
        return {name: _published_example(each) for name, each in schema["properties"].items()}
    if "items" in schema:
        return [_published_example(schema["items"])]
    named = schema.get("format", types_of(schema)[0])
    return _EXAMPLES_BY_FORMAT.get(named, _EXAMPLES_BY_FORMAT["string"])
