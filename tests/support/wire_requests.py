"""Request bodies in the shape of any revision, made from the contract's own schemas."""

from __future__ import annotations

from copy import deepcopy
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from support.wire_contract import KINDS, NULLS, REVISIONS, posting, request_schema, wraps_operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support.wire_contract import Kind

PREFIX = "$custom:::$default:::"
PLAIN = {"boolean": False, "number": 12.5, "integer": 3}
Path = tuple[str | int, ...]


class Style(Enum):
    """Which members an example has."""

    ALL = "all"
    REQUIRED = "required"
    NULL = "null"


def catalog_id(name: str) -> str:
    return PREFIX + name


def styles(revision: str) -> list[Style]:
    """The styles that make a difference at this revision."""
    return [style for style in Style if style is not Style.NULL or revision >= NULLS]


def operation_schema(revision: str, kind: Kind) -> Any:
    """What one operation of a bulk body looks like."""
    body = body_schema(revision, kind)
    held = body["properties"]["data"]["properties"]["attributes"]["properties"][kind.plural]
    return (held["properties"]["data"] if wraps_operations(revision) else held)["items"]


def body_schema(revision: str, kind: Kind) -> Any:
    name = posting(revision, kind).request_schema
    assert name
    return request_schema(name)


def an_operation(
    revision: str,
    kind: Kind,
    name: str,
    style: Style = Style.REQUIRED,
    **known: str,
) -> Any:
    """One operation on the resource called `name`; `known` names the ones it is related to."""
    ids = {f"catalog-{resource}": catalog_id(related) for resource, related in known.items()}
    ids.setdefault("catalog-item", catalog_id("parent"))
    ids.setdefault("catalog-category", catalog_id("shared"))
    if kind.verb != "create":
        ids[kind.resource_type] = catalog_id(name)
    return example(operation_schema(revision, kind), style, ids | {"external_id": name})


def job_body(revision: str, kind: Kind, operations: list[Any]) -> Any:
    """A bulk body as this revision has it."""
    return shaped_body(kind, operations, wrapped=wraps_operations(revision))


def shaped_body(kind: Kind, operations: list[Any], *, wrapped: bool) -> Any:
    held = {"data": operations} if wrapped else operations
    return {"data": {"type": kind.type, "attributes": {kind.plural: held}}}


def a_body(revision: str, kind: Kind, name: str = "any", style: Style = Style.REQUIRED) -> Any:
    """A bulk body with one operation."""
    return job_body(revision, kind, [an_operation(revision, kind, name, style)])


def parented(revision: str, name: str, parent: str) -> Any:
    """The creation of a variant that names its item."""
    kind = next(kind for kind in KINDS if str(kind) == "variant-create")
    made = an_operation(revision, kind, name)
    identifier = {"type": "catalog-item", "id": catalog_id(parent)}
    linkage = {"item": {"data": identifier}}
    old_linkage = {"items": {"data": [identifier]}}
    return made | {"relationships": linkage if wraps_operations(revision) else old_linkage}


def operations_pointer(revision: str, kind: Kind) -> str:
    """Where the operations are in a body of this revision."""
    return f"/data/attributes/{kind.plural}" + ("/data" if wraps_operations(revision) else "")


@cache
def shapes(kind: Kind) -> list[Any]:
    """Every distinct body that any revision's examples have."""
    bodies = {
        msgspec.json.encode(a_body(revision, kind, style=style), order="sorted")
        for revision in REVISIONS
        for style in styles(revision)
    }
    return [msgspec.json.decode(body) for body in sorted(bodies)]


def example(schema: Any, style: Style, known: Mapping[str, str], name: str = "") -> Any:
    """A value that the schema accepts."""
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if style is Style.NULL and "null" in types:
        return None
    if "object" in types:
        return _object(schema, style, known)
    if "array" in types:
        return [example(schema["items"], style, known, name)]
    if "enum" in schema:
        return schema["enum"][0]
    if types[0] in PLAIN:
        return PLAIN[types[0]]
    return schema.get("default") or _text(name)


def _object(schema: Any, style: Style, known: Mapping[str, str]) -> Any:
    members = schema.get("properties")
    if members is None:
        return {"colour": "red", "season": 4}
    required = schema.get("required", [])
    made = {
        name: example(part, style, known, name)
        for name, part in members.items()
        if style is not Style.REQUIRED or name in required
    }
    if "id" in made:
        made["id"] = known[made["type"]]
    if "external_id" in made:
        made["external_id"] = known["external_id"]
    return made


def _text(name: str) -> str:
    if "url" in name or name == "images":
        return f"https://shop.example/{name}"
    return f"Some {name}"


def places(schema: Any, value: Any, path: Path = ()) -> Iterator[tuple[Path, Any, bool]]:
    """Each member of a value: its path, its schema, whether it is required."""
    if isinstance(value, list):
        for index, part in enumerate(value):
            yield from places(schema["items"], part, (*path, index))
    elif isinstance(value, dict) and "properties" in schema:
        for name, part in value.items():
            member = schema["properties"][name]
            yield (*path, name), member, name in schema.get("required", [])
            yield from places(member, part, (*path, name))


def replaced(body: Any, path: Path, value: Any) -> Any:
    """The body with another value at one place."""
    changed = deepcopy(body)
    _holder(changed, path)[path[-1]] = value
    return changed


def removed(body: Any, path: Path) -> Any:
    """The body without the member at one place."""
    changed = deepcopy(body)
    del _holder(changed, path)[path[-1]]
    return changed


def _holder(body: Any, path: Path) -> Any:
    for step in path[:-1]:
        body = body[step]
    return body


def wrong_value(schema: Any) -> Any:
    """A value of another type than the schema names."""
    types = schema["type"]
    if "string" in types:
        return 7
    if "array" in types:
        return {}
    if "object" in types:
        return []
    return "seven"
