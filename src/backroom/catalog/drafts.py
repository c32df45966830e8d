"""A resource object in a request body, checked: a `Draft`, or a fault with its pointer.

Bodies come in the newest shape; what a revision allows within that shape (nulls, a required
parent, an attribute that came later) is looked up in the table of kinds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog import ids
from backroom.catalog.kinds import KINDS, NULLS_SINCE, Attribute, Kind, Relation, Verb
from backroom.catalog.values import checked, dictionary, listing, shown
from backroom.errors import Invalid, below

if TYPE_CHECKING:
    from collections.abc import Iterable

CONSTANTS = {"integration_type": ids.INTEGRATION_TYPE, "catalog_type": ids.CATALOG_TYPE}


class Draft(msgspec.Struct, omit_defaults=True):
    """What one create, update or delete asks for.

    `id` is the whole id as sent (for a create the one that it will have); `attributes` are those
    given, converted, in the order of the table; `relations` maps a relationship's name to the ids
    it shall hold.
    """

    id: str
    attributes: dict[str, Any] = {}
    relations: dict[str, list[str]] = {}

    @property
    def external_id(self) -> str | None:
        """The external id, or None where the id can name nothing."""
        return ids.external_id(self.id)


def draft(verb: Verb, kind: Kind, resource: Any, pointer: str, revision: str) -> Draft:
    """Check one resource object. Raises `Invalid` with a pointer that begins with `pointer`."""
    members = dictionary(resource, pointer)
    _check_members(verb, kind, members, pointer)
    if verb is Verb.DELETE:
        return Draft(members["id"])
    attributes = _attributes(verb, kind, members["attributes"], f"{pointer}/attributes", revision)
    relations = _relations(
        verb, kind, members.get("relationships", {}), f"{pointer}/relationships", revision
    )
    if verb is Verb.CREATE:
        return Draft(ids.resource_id(attributes["external_id"]), attributes, relations)
    return Draft(members["id"], attributes, relations)


def required(name: str, resource: str, pointer: str) -> Invalid:
    """Make the fault of a missing member (text observed)."""
    return Invalid(f"'{name}' is a required field for the resource '{resource}'.", pointer)


def unknown(name: str, resource: str, pointer: str) -> Invalid:
    """Make the fault of a member that isn't allowed (text observed)."""
    return Invalid(f"'{name}' is not a valid field for the resource '{resource}'.", pointer)


def only(members: dict[str, Any], allowed: Iterable[str], resource: str, pointer: str) -> None:
    """Refuse every member that isn't `allowed`."""
    for name in members:
        if name not in allowed:
            raise unknown(name, resource, below(pointer, name))


_MEMBERS = {
    Verb.CREATE: ("type", "attributes", "relationships"),
    Verb.UPDATE: ("type", "id", "attributes", "relationships"),
    Verb.DELETE: ("type", "id"),
}


def _check_members(verb: Verb, kind: Kind, members: dict[str, Any], pointer: str) -> None:
    check_type(members, kind.type, pointer)
    only(members, _MEMBERS[verb], kind.type, pointer)
    if verb is not Verb.CREATE:
        check_id(members, kind.type, pointer)
    if verb is not Verb.DELETE and "attributes" not in members:
        raise required("attributes", kind.type, f"{pointer}/attributes")


def check_type(members: dict[str, Any], expected: str, pointer: str) -> None:
    """Refuse a resource object whose `type` is missing or another's."""
    if "type" not in members:
        raise required("type", "request-data", f"{pointer}/type")
    given = members["type"]
    if given != expected:
        raise Invalid(
            f"'{shown(given)}' is not a valid type here. The type must be '{expected}'.",
            f"{pointer}/type",
        )


def check_id(members: dict[str, Any], resource: str, pointer: str) -> None:
    """Refuse a resource object whose `id` is missing or not a text."""
    if "id" not in members:
        raise required("id", resource, f"{pointer}/id")
    if not isinstance(members["id"], str) or not members["id"] or "\0" in members["id"]:
        raise Invalid("Not a valid string.", f"{pointer}/id")


def _attributes(verb: Verb, kind: Kind, given: Any, pointer: str, revision: str) -> dict[str, Any]:
    members = dictionary(given, pointer)
    table = allowed(verb, kind, revision)
    attributes: dict[str, Any] = {}
    for name, value in members.items():
        attribute = table.get(name)
        if attribute is not None:
            attributes[name] = _value(verb, attribute, value, f"{pointer}/{name}", revision)
        elif verb is Verb.CREATE and name in CONSTANTS:
            _check_constant(name, value, f"{pointer}/{name}", revision)
        else:
            raise unknown(name, kind.type, below(pointer, name))
    if verb is Verb.CREATE:
        for attribute in kind.attributes:
            if attribute.create == "required" and attribute.name not in attributes:
                raise required(attribute.name, kind.type, f"{pointer}/{attribute.name}")
    return {name: attributes[name] for name in table if name in attributes}


def allowed(verb: Verb, kind: Kind, revision: str) -> dict[str, Attribute]:
    """Give the attributes that a request may have, by name, in their order."""
    key = (verb, kind.name, revision)
    table = _tables.get(key)
    if table is None:
        table = _tables[key] = {
            attribute.name: attribute
            for attribute in kind.attributes
            if verb is Verb.CREATE
            or (attribute.update != "absent" and revision >= attribute.update_since)
        }
    return table


_tables: dict[tuple[Verb, str, str], dict[str, Attribute]] = {}


def _value(verb: Verb, attribute: Attribute, value: Any, pointer: str, revision: str) -> Any:
    if value is not None:
        return checked(attribute, value, pointer)
    rule = attribute.create if verb is Verb.CREATE else attribute.update
    if rule != "nullable" or revision < NULLS_SINCE:
        raise Invalid("This field may not be null.", pointer)
    return attribute.default


def _check_constant(name: str, value: Any, pointer: str, revision: str) -> None:
    if value is None and revision >= NULLS_SINCE:
        return
    if value != CONSTANTS[name]:
        raise Invalid(f'"{shown(value)}" is not a valid choice.', pointer)


def _relations(
    verb: Verb, kind: Kind, given: Any, pointer: str, revision: str
) -> dict[str, list[str]]:
    members = dictionary(given, pointer)
    table = {relation.name: relation for relation in kind.relations if verb in relation.verbs}
    for name in members:
        if name not in table:
            raise not_allowed(name, kind, below(pointer, name))
    relations: dict[str, list[str]] = {}
    for name, relation in table.items():
        if name in members:
            linked = _linked(relation, members[name], f"{pointer}/{name}", revision)
            if linked is not None:
                relations[name] = linked
        elif verb is Verb.CREATE and any(revision in each for each in relation.required):
            raise required(name, kind.type, f"{pointer}/{name}")
    return relations


def not_allowed(name: str, kind: Kind, pointer: str) -> Invalid:
    """Make the fault of a relationship that a request may not give (text observed)."""
    return Invalid(
        f"'{name}' is not an allowed relation on the {kind.collection} resource", pointer
    )


def _linked(relation: Relation, given: Any, pointer: str, revision: str) -> list[str] | None:
    """Give the ids in a relationship object, or None where it says nothing."""
    members = dictionary(given, pointer)
    only(members, ("data",), KINDS[relation.target].type, pointer)
    if "data" not in members:
        if any(revision in each for each in relation.data_required):
            raise required("data", KINDS[relation.target].type, f"{pointer}/data")
        return None
    pointer += "/data"
    target = KINDS[relation.target]
    if not relation.many:
        return [identifier(target, members["data"], pointer)]
    identifiers = [
        identifier(target, each, f"{pointer}/{index}")
        for index, each in enumerate(listing(members["data"], pointer))
    ]
    return list(dict.fromkeys(identifiers))


def identifier(target: Kind, given: Any, pointer: str) -> str:
    """Check an identifier object of a kind, `{"type", "id"}`, and give its id."""
    members = dictionary(given, pointer)
    expected = target.type
    check_type(members, expected, pointer)
    only(members, ("type", "id"), expected, pointer)
    check_id(members, expected, pointer)
    return str(members["id"])
