"""Check a body member by member: its resource objects become drafts, or a fault is raised.

The fault says what is wrong and points to where. Bodies are of the newest shape here; what their
revision allows within that shape stands in `catalog/rules.py`. `catalog/jsonapi.py` checks single
members, and `catalog/values.py` single values.
"""

from __future__ import annotations

from typing import Any

import msgspec

from backroom.catalog import ids
from backroom.catalog.jsonapi import (
    check_id,
    check_members,
    check_type,
    identifier,
    missing_member,
    required_member,
    unknown_member,
    unknown_relationship,
)
from backroom.catalog.kinds import Kind, Verb
from backroom.catalog.operations import LINK_SHAPES, MOST_OPERATIONS, Operation, Shape
from backroom.catalog.rules import AttributeRule, RelationshipRule, ResourceRules, rules_of
from backroom.catalog.values import checked, json_array, json_object
from backroom.errors import Invalid, below


class Draft(msgspec.Struct, omit_defaults=True):
    """What one create, update or delete asks for.

    `id` is the whole id of the resource. A create sends none: it is the id that the resource will
    have. `attributes` are those of the body as they are stored, in the order of the table of kinds.
    `relations` maps the name of a relationship to the ids that it will hold.
    """

    id: str
    attributes: dict[str, Any] = {}
    relations: dict[str, list[str]] = {}

    @property
    def external_id(self) -> str | None:
        """The external id, or None where no resource can have the id."""
        return ids.external_id(self.id)


def encode(drafts: list[Draft]) -> str:
    """Write drafts as they wait in the store."""
    return msgspec.json.encode(drafts).decode()


def read_newest(operation: Operation, revision: str, body: Any, resource_id: str) -> Any:
    """Check the body of an operation: give the drafts of a job, a draft, or the ids of a list.

    `resource_id` is the id in the path. Raises `Invalid`, pointing into the body.
    """
    if operation.shape is Shape.JOB_POST:
        return _job_drafts(operation, revision, body)
    if operation.shape in LINK_SHAPES:
        return _identifiers(operation, body)
    return _single(operation, revision, body, resource_id)


def _data_of(body: Any) -> Any:
    members = json_object(body, "/data")
    check_members(members, ("data",), "request-data", "")
    return required_member(members, "data", "request-data", "")


def _resource_of(body: Any) -> dict[str, Any]:
    """Give the members of the one resource object in a body. It needs more than a type."""
    members = json_object(_data_of(body), "/data")
    if not {"attributes", "relationships", "id"} & members.keys():
        raise Invalid(
            "One of `attributes`, `relationships` or `id` must be included in the request payload.",
            "/data",
        )
    return members


def _single(operation: Operation, revision: str, body: Any, resource_id: str) -> Draft:
    members = _resource_of(body)
    verb = Verb.CREATE if operation.shape is Shape.CREATE else Verb.UPDATE
    checked = draft(verb, operation.kind, members, "/data", revision)
    if verb is Verb.UPDATE and checked.id != resource_id:
        raise Invalid("The id in the body is not the id in the path.", "/data/id")
    return checked


def _identifiers(operation: Operation, body: Any) -> list[str]:
    """Give the ids in the body of an operation on a relationship, each once."""
    data = json_array(_data_of(body), "/data")
    kind = operation.kind
    return list(
        dict.fromkeys(identifier(kind, each, f"/data/{index}") for index, each in enumerate(data))
    )


def _job_drafts(operation: Operation, revision: str, body: Any) -> list[Draft]:
    job_kind = operation.job_kind
    members = _resource_of(body)
    check_type(members, job_kind.type, "/data")
    check_members(members, ("type", "attributes"), job_kind.type, "/data")
    pointer = "/data/attributes"
    attributes = json_object(
        required_member(members, "attributes", job_kind.type, "/data"), pointer
    )
    check_members(attributes, (job_kind.member,), job_kind.type, pointer)
    nested = json_object(
        required_member(attributes, job_kind.member, job_kind.type, pointer),
        f"{pointer}/{job_kind.member}",
    )
    pointer += f"/{job_kind.member}"
    check_members(nested, ("data",), job_kind.type, pointer)
    resources = json_array(
        required_member(nested, "data", job_kind.type, pointer), f"{pointer}/data"
    )
    pointer += "/data"
    if not resources:
        raise Invalid("This list may not be empty.", pointer)
    if len(resources) > MOST_OPERATIONS:
        raise Invalid(
            f"Ensure this field has no more than {MOST_OPERATIONS} elements;"
            f" it has {len(resources)}.",
            pointer,
        )
    return [
        draft(job_kind.verb, job_kind.kind, resource, f"{pointer}/{index}", revision)
        for index, resource in enumerate(resources)
    ]


def draft(verb: Verb, kind: Kind, resource: Any, pointer: str, revision: str) -> Draft:
    """Check one resource object. Raises `Invalid` with a pointer that begins with `pointer`."""
    rules = rules_of(verb, kind, revision)
    members = json_object(resource, pointer)
    check_type(members, rules.type, pointer)
    check_members(members, rules.members, rules.type, pointer)
    if rules.needs("id"):
        check_id(members, rules.type, pointer)
    if verb is Verb.DELETE:
        return Draft(members["id"])
    attributes = _checked_attributes(
        rules, required_member(members, "attributes", rules.type, pointer), f"{pointer}/attributes"
    )
    relations = _relations(
        rules, kind, members.get("relationships", {}), f"{pointer}/relationships"
    )
    if verb is Verb.CREATE:
        return Draft(ids.resource_id(attributes["external_id"]), attributes, relations)
    return Draft(members["id"], attributes, relations)


def _checked_attributes(rules: ResourceRules, value: Any, pointer: str) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for name, sent in json_object(value, pointer).items():
        rule = rules.attributes.get(name)
        if rule is None:
            raise unknown_member(name, rules.type, below(pointer, name))
        attributes[name] = _checked_value(rule, sent, f"{pointer}/{name}")
    for name, rule in rules.attributes.items():
        if rule.needed and name not in attributes:
            raise missing_member(name, rules.type, f"{pointer}/{name}")
    return {
        name: attributes[name]
        for name, rule in rules.attributes.items()
        if name in attributes and rule.attribute.form != "constant"
    }


def _checked_value(rule: AttributeRule, value: Any, pointer: str) -> Any:
    if value is None and rule.nullable:
        return rule.attribute.default
    # A constant is refused for a null as for any other value that it can't have.
    if value is None and rule.attribute.form != "constant":
        raise Invalid("This field may not be null.", pointer)
    return checked(rule.attribute, value, pointer)


def _relations(rules: ResourceRules, kind: Kind, value: Any, pointer: str) -> dict[str, list[str]]:
    members = json_object(value, pointer)
    for name in members:
        if name not in rules.relationships:
            raise unknown_relationship(name, kind, below(pointer, name))
    relations: dict[str, list[str]] = {}
    for name, rule in rules.relationships.items():
        if name in members:
            linked = _linked(rule, members[name], f"{pointer}/{name}")
            if linked is not None:
                relations[name] = linked
        elif rule.needed:
            raise missing_member(name, rules.type, f"{pointer}/{name}")
    return relations


def _linked(rule: RelationshipRule, value: Any, pointer: str) -> list[str] | None:
    """Give the ids in a relationship object, each once, or None where it has no `data`."""
    members = json_object(value, pointer)
    check_members(members, ("data",), rule.target.type, pointer)
    if "data" not in members and not rule.data_needed:
        return None
    data = required_member(members, "data", rule.target.type, pointer)
    pointer += "/data"
    if not rule.many:
        return [identifier(rule.target, data, pointer)]
    identifiers = [
        identifier(rule.target, each, f"{pointer}/{index}")
        for index, each in enumerate(json_array(data, pointer))
    ]
    return list(dict.fromkeys(identifiers))
