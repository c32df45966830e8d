"""Checks of JSON:API objects in bodies: resource objects, relationships and identifiers.

The texts of the faults are observed. This module is in `catalog`, not in `api`, because changes in
`revisions` use it to refuse old bodies, and they may not import `api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.ids import LONGEST_ID
from backroom.catalog.values import json_object, quoted, too_long
from backroom.errors import Invalid, below

if TYPE_CHECKING:
    from collections.abc import Collection

    from backroom.catalog.kinds import Kind


def missing_member(name: str, resource: str, pointer: str) -> Invalid:
    """Make the fault of a required member that is missing."""
    return Invalid(f"'{name}' is a required field for the resource '{resource}'.", pointer)


def unknown_member(name: str, resource: str, pointer: str) -> Invalid:
    """Make the fault of a member that is not allowed."""
    return Invalid(f"'{name}' is not a valid field for the resource '{resource}'.", pointer)


def unknown_relationship(name: str, kind: Kind, pointer: str) -> Invalid:
    """Make the fault of a relationship that a body may not give."""
    return Invalid(
        f"'{name}' is not an allowed relation on the {kind.collection} resource", pointer
    )


def required_member(members: dict[str, Any], name: str, resource: str, pointer: str) -> Any:
    """Give the value of a member. Raises `Invalid` where it is missing."""
    if name not in members:
        raise missing_member(name, resource, f"{pointer}/{name}")
    return members[name]


def check_members(
    members: dict[str, Any], allowed: Collection[str], resource: str, pointer: str
) -> None:
    """Raise `Invalid` for the first member that is not in `allowed`."""
    for name in members:
        if name not in allowed:
            raise unknown_member(name, resource, below(pointer, name))


def check_type(members: dict[str, Any], expected: str, pointer: str) -> None:
    """Raise `Invalid` if the `type` of an object is missing or not the expected one."""
    sent = required_member(members, "type", "request-data", pointer)
    if sent != expected:
        raise Invalid(
            f"'{quoted(sent)}' is not a valid type here. The type must be '{expected}'.",
            f"{pointer}/type",
        )


def check_id(members: dict[str, Any], resource: str, pointer: str) -> None:
    """Raise `Invalid` if the `id` of an object is missing, empty, too long or not a text."""
    sent = required_member(members, "id", resource, pointer)
    if not isinstance(sent, str) or not sent or "\0" in sent:
        raise Invalid("Not a valid string.", f"{pointer}/id")
    if len(sent) > LONGEST_ID:
        raise too_long(LONGEST_ID, "characters", f"{pointer}/id")


def identifier(target: Kind, value: Any, pointer: str) -> str:
    """Check an identifier object of a kind, `{"type", "id"}`, and give its id.

    Raises `Invalid` if a member is missing, unknown or wrong.
    """
    members = json_object(value, pointer)
    check_type(members, target.type, pointer)
    check_members(members, ("type", "id"), target.type, pointer)
    check_id(members, target.type, pointer)
    return str(members["id"])
