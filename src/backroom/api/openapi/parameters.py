"""The parameters of an operation in a revision: header, path and query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backroom.api import query
from backroom.api.openapi import samples
from backroom.catalog.ids import resource_id
from backroom.errors import InvalidParameter, UnknownParameter
from backroom.jobs.lifecycle import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.kinds import Filter
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision

Parameter = dict[str, Any]

_SORTS = ["created", "-created"]
_OPERATOR_WORDS = {"any": "is one of", "equals": "equals", "contains": "contains"}


def parameters(operation: Operation, revision: Revision) -> list[Parameter]:
    """Make the parameters that a request for an operation may or must have."""
    made = [revision_parameter(revision)]
    if "{id}" in operation.path:
        made.append(_id(operation))
    for resource_type, names in query.allowed_fields(operation, revision.date).items():
        made.append(_fields_parameter(resource_type, names))
    if operation.includes:
        made.append(_include(operation))
    made += [
        make(operation, revision)
        for name, make in _OF_LISTS.items()
        if _is_taken(operation, revision.date, name)
    ]
    return made


def _is_taken(operation: Operation, date: str, name: str) -> bool:
    """Whether an operation has a parameter, even if it refuses an empty value."""
    try:
        query.parse_query(operation, date, f"{quote(name)}=")
    except UnknownParameter:
        return False
    except InvalidParameter:
        return True
    return True


def parameter(name: str, schema: Parameter, description: str, place: str = "query") -> Parameter:
    """Make a parameter, which is required outside of the query."""
    made: Parameter = {"name": name, "in": place, "description": description, "schema": schema}
    if place != "query":
        made["required"] = True
    elif schema["type"] == "array":
        made |= {"style": "form", "explode": False}
    return made


def revision_parameter(revision: Revision) -> Parameter:
    """Make the parameter of the header with the revision."""
    schema = {"type": "string", "enum": [revision.date]}
    text = "The date of this revision, or a later date before the next revision."
    return parameter("revision", schema, text, "header")


def _id(operation: Operation) -> Parameter:
    if operation.bulk is not None:
        schema, text = {"type": "string", "examples": [samples.JOB_ID]}, "The id of a job."
    else:
        owner = operation.parent or operation.kind
        example = resource_id(samples.example_id(owner))
        schema, text = (
            {"type": "string", "examples": [example]},
            f"The id of {owner.with_article.lower()}.",
        )
    return parameter("id", {**schema, "minLength": 1}, text, "path")


def _fields_parameter(resource_type: str, names: tuple[str, ...]) -> Parameter:
    schema = {"type": "array", "items": {"type": "string", "enum": list(names)}}
    text = (
        f"The attributes to show of each `{resource_type}`, in this order."
        " The server ignores empty names."
    )
    return parameter(f"fields[{resource_type}]", schema, text)


def _include(operation: Operation) -> Parameter:
    names = {"type": "string", "enum": list(operation.includes)}
    text = "The related resources to show in `included`. Empty names are ignored."
    return parameter("include", {"type": "array", "items": names}, text)


def _filter(operation: Operation, revision: Revision) -> Parameter:
    table = query.allowed_filters(operation, revision.date)
    text = (
        "Conditions, separated by commas. A resource has to meet all of them: "
        + "; ".join(f"`{_condition(each)}`" for each in table)
        + "."
    )
    made = parameter("filter", {"type": "string", "examples": [_condition(table[0])]}, text)
    made["x-backroom-filters"] = [_described(each) for each in table]
    return made


def _described(row: Filter) -> Parameter:
    described: Parameter = {
        "field": row.name,
        "operator": row.operator,
        "meaning": _OPERATOR_WORDS[row.operator],
        "type": "boolean" if row.boolean else "string",
    }
    if row.name == "status":
        described["enum"] = list(Status)
    return described


def _condition(row: Filter) -> str:
    """Write an example of a condition."""
    if row.boolean:
        value = "true"
    elif row.name == "status":
        value = f'"{Status.COMPLETE}"'
    elif row.operator == "any":
        value = f'["{resource_id("1")}"]'
    elif row.means == "related":
        value = f'"{resource_id("1")}"'
    else:
        value = '"blue"'
    return f"{row.operator}({row.name},{value})"


def _sort(_: Operation, __: Revision) -> Parameter:
    text = "The order of the list, by time of creation. `-` puts the newest first."
    return parameter("sort", {"type": "string", "enum": _SORTS, "default": _SORTS[0]}, text)


def _size(_: Operation, __: Revision) -> Parameter:
    most = query.PAGE_SIZE
    schema = {"type": "integer", "minimum": 1, "maximum": most, "default": most}
    return parameter("page[size]", schema, "The number of entries on a page.")


def _cursor(_: Operation, __: Revision) -> Parameter:
    text = "Where the page begins: the cursor in a `links.next` or `links.prev` of this list."
    return parameter("page[cursor]", {"type": "string"}, text)


_OF_LISTS: dict[str, Callable[[Operation, Revision], Parameter]] = {
    "filter": _filter,
    "sort": _sort,
    "page[size]": _size,
    "page[cursor]": _cursor,
}
