"""The quick path for bulk bodies: decode them straight into types that accept right bodies only.

The types are made from `catalog/rules.py`, one for each kind of job and revision. They accept less
than `catalog/drafts.py` does: they refuse whatever is wrong, rare or doubtful, and give no reason.
The caller then has the body examined there, where a fault gets its words and its place. A body that
both accept looks the same in the store, byte for byte. Nearly every body is accepted here, in a
fifth of the time: msgspec checks a body in C while it parses it, and makes no dictionary of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from backroom.catalog import ids
from backroom.catalog.kinds import Verb
from backroom.catalog.operations import MOST_OPERATIONS
from backroom.catalog.rules import rules_of
from backroom.catalog.values import (
    GREATEST_INTEGER,
    LEAST_INTEGER,
    MOST_BYTES_OF_A_CHARACTER,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.catalog.kinds import Attribute, Form, JobKind
    from backroom.catalog.rules import AttributeRule, RelationshipRule, ResourceRules

    Member = tuple[str, Any] | tuple[str, Any, Any]

# Typed as Any: the values of these literals are only known when the program runs.
_literal: Any = Literal


class StoredOperation(msgspec.Struct, omit_defaults=True):
    """A `Draft` on its way into the store, with attributes that are still a struct.

    It is encoded as the draft would be, without first making a dictionary of the struct. An
    operation without attributes has no member `attributes`, as a draft leaves out an empty
    dictionary.
    """

    id: str
    attributes: msgspec.Struct | UnsetType = UNSET
    relations: dict[str, list[str]] = {}


_encode_value = msgspec.json.Encoder().encode


def operations(job_kind: JobKind, revision: str, raw: bytes) -> tuple[str, int] | None:
    """Give the operations of a right body, encoded as they will be stored, and their number.

    None says that the body must be examined, not that it is wrong.
    """
    # Texts must not hold null characters, which no type can say. JSON has them in this form only.
    # Most bodies have no backslash, and looking for one byte takes a tenth of the time.
    if b"\\" in raw and b"\\u0000" in raw:
        return None
    for body_type in _body_types(job_kind, revision):
        try:
            attributes = body_type.decoder.decode(raw).data.attributes
        except (msgspec.MsgspecError, ValueError):
            # ValueError is raised for text that is not UTF-8, and for numbers of too many digits.
            # Deep nesting is no danger: the types end at a few levels, and decoding with them.
            continue
        resources = getattr(attributes, job_kind.member).data
        encoded = _encode_value(_stored_operations(job_kind.verb, body_type, resources))
        if not _has_small_attributes(encoded, resources, body_type.sized):
            return None
        return encoded.decode(), len(resources)
    return None


def _stored_operations(
    verb: Verb, body_type: _BodyType, resources: list[Any]
) -> list[StoredOperation]:
    if verb is Verb.DELETE:
        return [StoredOperation(each.id) for each in resources]
    if body_type.defaults:
        _replace_nulls(resources, body_type.defaults)
    names = body_type.relationships
    if verb is Verb.CREATE:
        return [
            StoredOperation(
                ids.resource_id(each.attributes.external_id),
                each.attributes,
                _ids_named(names, each.relationships),
            )
            for each in resources
        ]
    return [
        StoredOperation(
            each.id,
            UNSET if each.attributes == body_type.no_attributes else each.attributes,
            _ids_named(names, each.relationships),
        )
        for each in resources
    ]


def _replace_nulls(resources: list[Any], defaults: dict[str, Any]) -> None:
    for each in resources:
        for name, default in defaults.items():
            if getattr(each.attributes, name) is None:
                setattr(each.attributes, name, default)


def _ids_named(names: Iterable[tuple[str, bool]], relationships: Any) -> dict[str, list[str]]:
    """Give the ids that each relationship names, each once."""
    if relationships is UNSET:
        return {}
    linked: dict[str, list[str]] = {}
    for name, many in names:
        relationship = getattr(relationships, name)
        if relationship is not UNSET and relationship.data is not UNSET:
            data = relationship.data if many else [relationship.data]
            linked[name] = list(dict.fromkeys([each.id for each in data]))
    return linked


def _has_small_attributes(encoded: bytes, resources: list[Any], sized: dict[str, int]) -> bool:
    """Whether no list or object is too large. No value is looked at where `encoded` is small."""
    for name, most in sized.items():
        if len(encoded) > most:
            values = [getattr(each.attributes, name) for each in resources]
            if any(len(_encode_value(each)) > most for each in values if each):
                return False
    return True


# The types


@dataclass(frozen=True, slots=True)
class _BodyType:
    """The type of a body, ready to decode."""

    decoder: msgspec.json.Decoder[Any]
    defaults: dict[str, Any]
    """The value that a null stands for, by the attribute's name, where it is not stored as null."""
    relationships: tuple[tuple[str, bool], ...]
    """The name of each relationship, and whether it holds many."""
    sized: dict[str, int]
    """The name of each attribute whose JSON has a greatest number of bytes, and that number."""
    no_attributes: Any
    """The attributes of an update that gives none."""


@cache
def _body_types(job_kind: JobKind, revision: str) -> tuple[_BodyType, ...]:
    """Make the types that a body may have, the likelier one first.

    The first takes null only where it is stored as null, the second wherever it is allowed. Nulls
    that stand for a default cost a walk through all attributes, and hardly any body has one.
    """
    rules = rules_of(job_kind.verb, job_kind.kind, revision)
    nullable = {
        name: rule.attribute.default for name, rule in rules.attributes.items() if rule.nullable
    }
    kept = {name: default for name, default in nullable.items() if default is None}
    each_nullable = (kept, nullable) if kept != nullable else (kept,)
    return tuple(_body_type(job_kind, rules, each) for each in each_nullable)


def _body_type(job_kind: JobKind, rules: ResourceRules, nullable: dict[str, Any]) -> _BodyType:
    attributes = _struct([_attribute_member(rule, nullable) for rule in rules.attributes.values()])
    resource: Any = _struct(_resource_members(rules, attributes))
    resources = Annotated[list[resource], Meta(min_length=1, max_length=MOST_OPERATIONS)]
    nested = _struct([("data", resources)])
    job = [("type", _literal[job_kind.type]), ("attributes", _struct([(job_kind.member, nested)]))]
    return _BodyType(
        msgspec.json.Decoder(_struct([("data", _struct(job))])),
        {name: default for name, default in nullable.items() if default is not None},
        tuple((each.name, each.many) for each in rules.relationships.values()),
        {
            name: rule.attribute.most_json
            for name, rule in rules.attributes.items()
            if rule.attribute.most_json is not None
        },
        attributes() if job_kind.verb is Verb.UPDATE else None,
    )


def _struct(members: list[Any]) -> Any:
    """Make a type with these members and no others."""
    return msgspec.defstruct(
        "RightBody",
        members,
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
    )


def _needed_or_not(name: str, type_: Any, *, needed: bool) -> Member:
    return (name, type_) if needed else (name, type_ | UnsetType, UNSET)


def _resource_members(rules: ResourceRules, attributes: Any) -> list[Member]:
    relationships = _struct([_relationship_member(each) for each in rules.relationships.values()])
    types = {
        "type": _literal[rules.type],
        "id": _RESOURCE_ID,
        "attributes": attributes,
        "relationships": relationships,
    }
    return [_needed_or_not(name, types[name], needed=rules.needs(name)) for name in rules.members]


def _relationship_member(rule: RelationshipRule) -> Member:
    target: Any = _struct([("type", _literal[rule.target.type]), ("id", _RESOURCE_ID)])
    data = list[target] if rule.many else target
    linked = _struct([_needed_or_not("data", data, needed=rule.data_needed)])
    return _needed_or_not(rule.name, linked, needed=rule.needed)


def _attribute_member(rule: AttributeRule, nullable: dict[str, Any]) -> Member:
    name, type_ = rule.attribute.name, _value_type(rule.attribute)
    type_or_null = type_ | None if name in nullable else type_
    if rule.attribute.form == "constant":
        # A constant is never stored: it is the default of its member, and defaults are left out.
        # msgspec knows a text for the default by identity, so it must be the one in the type.
        return name, type_or_null, get_args(type_)[0]
    return _needed_or_not(name, type_or_null, needed=rule.needed)


def _value_type(attribute: Attribute) -> Any:
    if attribute.choices:
        return _literal[attribute.choices]
    if attribute.form in {"text", "texts"}:
        text = Annotated[str, Meta(min_length=attribute.shortest, max_length=_longest(attribute))]
        return text if attribute.form == "text" else list[text]
    return _TYPES_BY_FORM[attribute.form]


def _longest(attribute: Attribute) -> int | None:
    """Give so many characters as fit into the bytes of an attribute, whichever they are."""
    if attribute.most_bytes is None:
        return attribute.longest
    return attribute.most_bytes // MOST_BYTES_OF_A_CHARACTER


def _metadata(depth: int) -> Any:
    """Make the type of a value in `custom_metadata` with at most `depth` objects and lists."""
    plain: Any = str | _INTEGER | float | bool | None
    if not depth:
        return plain
    inner: Any = _metadata(depth - 1)
    return plain | list[inner] | dict[str, inner]


_METADATA_DEPTH = 3
"""Far less than is allowed, and more than nearly any metadata has: the type checks the depth."""
_RESOURCE_ID = Annotated[str, Meta(min_length=1, max_length=ids.LONGEST_ID)]
_INTEGER: Any = Annotated[int, Meta(ge=LEAST_INTEGER, le=GREATEST_INTEGER)]
_within_metadata: Any = _metadata(_METADATA_DEPTH)
_TYPES_BY_FORM: dict[Form, Any] = {
    "number": _INTEGER | float,
    # A quantity of 10.0 is stored as 10, which the other path does.
    "quantity": _INTEGER,
    "boolean": bool,
    "object": dict[str, _within_metadata],
}
