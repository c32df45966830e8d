"""Check a value against a published schema, and fit a value into one.

The schemas know the types of JSON, `properties`, `required`, `items`, `enum`, `oneOf` and the
formats of days and moments: no more than that. An object whose members are listed takes no others,
as bodies of the catalog do. The texts of the faults are those of the catalog.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from backroom.catalog.jsonapi import missing_member, unknown_member
from backroom.catalog.values import json_array, json_object, quoted
from backroom.errors import Invalid, below

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.catalog.published import Schema

REQUEST = "request-data"
_MOMENT = (
    "Datetime has wrong format. Use one of these formats instead:"
    " YYYY-MM-DDThh:mm[:ss[.uuuuuu]][+HH:MM|-HH:MM|Z]."
)


_WRONG_DATE = "Date has wrong format. Use one of these formats instead: YYYY-MM-DD."
_FORMATS: dict[str, tuple[Callable[[str], object], str]] = {
    "date-time": (datetime.fromisoformat, _MOMENT),
    "date": (date.fromisoformat, _WRONG_DATE),
}


def types_of(schema: Schema) -> tuple[str, ...]:
    """Give the types that a value may have. A schema of an object need not name its type."""
    named = schema.get("type", "object" if "properties" in schema else ())
    return (named,) if isinstance(named, str) else tuple(named)


def check_published(schema: Schema | None, body: Any) -> None:
    """Check a body. Raises `Invalid` at the first member that is missing, unknown or wrong."""
    members = json_object(body, "/data")
    _check_member(schema or {}, members, "", REQUEST)


def fitted(schema: Schema, value: Any) -> Any:
    """Give the parts of a value that a schema knows.

    A member that is missing is null where it may be. One that is null where it may not is left out.
    """
    listed = schema.get("properties")
    if listed and isinstance(value, dict):
        return {
            name: fitted(each, value.get(name))
            for name, each in listed.items()
            if value.get(name) is not None or "null" in types_of(each)
        }
    if "items" in schema and isinstance(value, list):
        return [fitted(schema["items"], each) for each in value]
    return value


def _check_member(schema: Schema, value: Any, pointer: str, resource: str) -> None:
    if "oneOf" in schema:
        _check_one_of(schema["oneOf"], value, pointer, resource)
        return
    types = types_of(schema)
    if value is None and types:
        if "null" not in types:
            raise Invalid("This field may not be null.", pointer)
        return
    for each in types:
        if each != "null":
            _SHAPE_CHECKS[each](schema, value, pointer, resource)
    if "enum" in schema and value not in schema["enum"]:
        raise _not_among(schema["enum"], value, pointer)


def _check_one_of(schemas: list[Schema], value: Any, pointer: str, resource: str) -> None:
    faults = []
    for each in schemas:
        try:
            _check_member(each, value, pointer, resource)
        except Invalid as fault:
            faults.append(fault)
        else:
            return
    # The deepest fault belongs to the form that the client meant.
    raise max(faults, key=lambda fault: len(fault.pointer or ""))


def _not_among(choices: list[Any], value: Any, pointer: str) -> Invalid:
    if pointer.endswith("/type") and len(choices) == 1:
        return Invalid(
            f"'{quoted(value)}' is not a valid type here. The type must be '{choices[0]}'.", pointer
        )
    return Invalid(f'"{quoted(value)}" is not a valid choice.', pointer)


def _check_object(schema: Schema, value: Any, pointer: str, resource: str) -> None:
    members = json_object(value, pointer)
    listed = schema.get("properties")
    if not listed:
        return
    resource = _resource_named(listed, resource)
    for name, each in members.items():
        if name not in listed:
            raise unknown_member(name, resource, below(pointer, name))
        _check_member(listed[name], each, below(pointer, name), resource)
    for name in schema.get("required", ()):
        if name not in members:
            raise missing_member(name, resource, below(pointer, name))


def _resource_named(listed: dict[str, Schema], resource: str) -> str:
    """Give the type of the resource whose members are listed, or that of the one around it."""
    choices = listed.get("type", {}).get("enum", ())
    return str(choices[0]) if choices else resource


def _check_array(schema: Schema, value: Any, pointer: str, resource: str) -> None:
    for index, each in enumerate(json_array(value, pointer)):
        _check_member(schema.get("items", {}), each, f"{pointer}/{index}", resource)


def _check_string(schema: Schema, value: Any, pointer: str, _: str) -> None:
    if not isinstance(value, str):
        raise Invalid("Not a valid string.", pointer)
    if "\0" in value:
        raise Invalid("Null characters are not allowed.", pointer)
    read, words = _FORMATS.get(schema.get("format", ""), (str, ""))
    try:
        read(value)
    except ValueError:
        raise Invalid(words, pointer) from None


def _check_number(_: Schema, value: Any, pointer: str, __: str) -> None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise Invalid("A valid number is required.", pointer)


def _check_integer(_: Schema, value: Any, pointer: str, __: str) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Invalid("A valid integer is required.", pointer)


def _check_boolean(_: Schema, value: Any, pointer: str, __: str) -> None:
    if not isinstance(value, bool):
        raise Invalid("Must be a valid boolean.", pointer)


_SHAPE_CHECKS: dict[str, Callable[[Schema, Any, str, str], None]] = {
    "object": _check_object,
    "array": _check_array,
    "string": _check_string,
    "number": _check_number,
    "integer": _check_integer,
    "boolean": _check_boolean,
}
