"""Bulk bodies that are right, recognised by their type alone; all others are not judged here.

The types are made from the table of kinds and accept less than `catalog/drafts.py` does: whatever
is wrong, rare or doubtful is left to it, which alone knows what to say of a fault and where. What
both accept they write alike, and nearly every body is read here, in a fifth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, UnsetType

from backroom.catalog import ids
from backroom.catalog.drafts import CONSTANTS, Draft, allowed
from backroom.catalog.kinds import KINDS, NULLS_SINCE, Attribute, JobKind, Relation, Verb
from backroom.catalog.values import LARGEST_METADATA, LONGEST_EXTERNAL_ID
from backroom.jobs import submit
from backroom.jobs.lifecycle import MOST_OPERATIONS

if TYPE_CHECKING:
    from backroom.catalog.kinds import Form

    Member = tuple[str, Any] | tuple[str, Any, Any]

_literal: Any = Literal


def operations(job_kind: JobKind, revision: str, raw: bytes) -> tuple[str, int] | None:
    """Give the operations of a body as they will wait, and their number; None where in doubt."""
    # Looking for one byte first takes a tenth of the time, and most bodies have none.
    if b"\\" in raw and b"\\u0000" in raw:
        return None
    for type_ in _types(job_kind, revision):
        try:
            attributes = type_.decoder.decode(raw).data.attributes
        except (msgspec.MsgspecError, ValueError, RecursionError):
            continue
        resources = getattr(attributes, job_kind.member).data
        encoded = submit.encode(_drafts(job_kind, type_, resources))
        return (encoded, len(resources)) if _small(encoded, resources) else None
    return None


def _drafts(job_kind: JobKind, type_: _Type, resources: list[Any]) -> list[Draft]:
    """Make drafts whose attributes are structs: they are written as dicts would be."""
    if job_kind.verb is Verb.DELETE:
        return [Draft(each.id) for each in resources]
    if type_.defaults:
        _replace_nulls(resources, type_.defaults)
    relations = _relations(job_kind)
    if job_kind.verb is Verb.CREATE:
        return [
            Draft(
                ids.resource_id(each.attributes.external_id),
                each.attributes,
                _linked(relations, each.relationships),
            )
            for each in resources
        ]
    return [
        Draft(
            each.id,
            {} if each.attributes == type_.nothing else each.attributes,
            _linked(relations, each.relationships),
        )
        for each in resources
    ]


def _replace_nulls(resources: list[Any], defaults: dict[str, Any]) -> None:
    for each in resources:
        for name, default in defaults.items():
            if getattr(each.attributes, name) is None:
                setattr(each.attributes, name, default)


def _linked(relations: tuple[Relation, ...], relationships: Any) -> dict[str, list[str]]:
    if relationships is UNSET:
        return {}
    linked: dict[str, list[str]] = {}
    for relation in relations:
        given = getattr(relationships, relation.name)
        if given is not UNSET and given.data is not UNSET:
            data = given.data if relation.many else [given.data]
            linked[relation.name] = list(dict.fromkeys([each.id for each in data]))
    return linked


def _small(encoded: str, resources: list[Any]) -> bool:
    """Whether no metadata is too large, as none is where all operations together are not."""
    if len(encoded.encode()) <= LARGEST_METADATA:
        return True
    attributes = [getattr(each, "attributes", None) for each in resources]
    metadata = [getattr(each, "custom_metadata", UNSET) for each in attributes]
    return all(len(msgspec.json.encode(each)) <= LARGEST_METADATA for each in metadata if each)


# The types


@dataclass(frozen=True, slots=True)
class _Type:
    """The type of a body."""

    decoder: msgspec.json.Decoder[Any]
    defaults: dict[str, Any]
    """What nulls stand for, by the name of the attribute, where it is something else."""
    nothing: Any
    """Attributes of which none is given."""


@cache
def _types(job_kind: JobKind, revision: str) -> tuple[_Type, ...]:
    """Give what a body may be, the likelier first: without the nulls that stand for others."""
    nullable = _nullable(job_kind, revision)
    kept = {name: default for name, default in nullable.items() if default is None}
    given = (kept, nullable) if kept != nullable else (kept,)
    return tuple(_type(job_kind, revision, each) for each in given)


def _nullable(job_kind: JobKind, revision: str) -> dict[str, Any]:
    """Give what may be null, and what that stands for."""
    if revision < NULLS_SINCE or job_kind.verb is Verb.DELETE:
        return {}
    creates = job_kind.verb is Verb.CREATE
    attributes = {
        each.name: each.default
        for each in allowed(job_kind.verb, job_kind.kind, revision).values()
        if (each.create if creates else each.update) == "nullable"
    }
    return attributes | CONSTANTS if creates else attributes


def _type(job_kind: JobKind, revision: str, nullable: dict[str, Any]) -> _Type:
    attributes = _struct(_attributes(job_kind, revision, nullable))
    resource: Any = _struct(_resource(job_kind, revision, attributes))
    resources = Annotated[list[resource], Meta(min_length=1, max_length=MOST_OPERATIONS)]
    listed = _struct([("data", resources)])
    job = [("type", _literal[job_kind.type]), ("attributes", _struct([(job_kind.member, listed)]))]
    return _Type(
        msgspec.json.Decoder(_struct([("data", _struct(job))])),
        {name: default for name, default in nullable.items() if default is not None},
        attributes() if job_kind.verb is Verb.UPDATE else None,
    )


def _struct(members: list[Any]) -> Any:
    """Make a type with these members and no others."""
    return msgspec.defstruct(
        "Recognised",
        members,
        forbid_unknown_fields=True,
        omit_defaults=True,
        kw_only=True,
    )


def _given(name: str, type_: Any, *, needed: bool) -> Member:
    return (name, type_) if needed else (name, type_ | UnsetType, UNSET)


def _resource(job_kind: JobKind, revision: str, attributes: Any) -> list[Member]:
    kind, verb = job_kind.kind, job_kind.verb
    members: list[Member] = [("type", _literal[kind.type])]
    if verb is not Verb.CREATE:
        members.append(("id", _ID))
    if verb is Verb.DELETE:
        return members
    links = [_relation(verb, each, revision) for each in _relations(job_kind)]
    needed = any(_needs(verb, each, revision) for each in _relations(job_kind))
    return [
        *members,
        ("attributes", attributes),
        _given("relationships", _struct(links), needed=needed),
    ]


def _relations(job_kind: JobKind) -> tuple[Relation, ...]:
    return tuple(each for each in job_kind.kind.relations if job_kind.verb in each.verbs)


def _needs(verb: Verb, relation: Relation, revision: str) -> bool:
    return verb is Verb.CREATE and any(revision in each for each in relation.required)


def _relation(verb: Verb, relation: Relation, revision: str) -> Member:
    target: Any = _struct([("type", _literal[KINDS[relation.target].type]), ("id", _ID)])
    data = list[target] if relation.many else target
    needed = any(revision in each for each in relation.data_required)
    linked = _struct([_given("data", data, needed=needed)])
    return _given(relation.name, linked, needed=_needs(verb, relation, revision))


def _attributes(job_kind: JobKind, revision: str, nullable: dict[str, Any]) -> list[Member]:
    creates = job_kind.verb is Verb.CREATE
    members = [
        _given(
            name,
            _value(attribute) | None if name in nullable else _value(attribute),
            needed=creates and attribute.create == "required",
        )
        for name, attribute in allowed(job_kind.verb, job_kind.kind, revision).items()
    ]
    if creates:
        members += [_constant(*each, null=each[0] in nullable) for each in CONSTANTS.items()]
    return members


def _constant(name: str, value: str, *, null: bool) -> Member:
    """Make a member that is left out where it is written, being its default."""
    type_ = _literal[value]
    # Of two equal texts only the one in the type itself is known for the default.
    (default,) = get_args(type_)
    return name, type_ | None if null else type_, default


def _value(attribute: Attribute) -> Any:
    if attribute.name == "external_id":
        return Annotated[str, Meta(min_length=1, max_length=LONGEST_EXTERNAL_ID)]
    if attribute.form == "choice":
        return _literal[attribute.choices]
    return _FORMS[attribute.form]


def _metadata(depth: int) -> Any:
    """Make what may stand in a `custom_metadata`, with so many objects and lists in one another."""
    plain: Any = str | int | float | bool | None
    if not depth:
        return plain
    inner: Any = _metadata(depth - 1)
    return plain | list[inner] | dict[str, inner]


_METADATA_DEPTH = 3
"""Far less than what is allowed: no value needs to be looked into for its depth."""
_ID = Annotated[str, Meta(min_length=1)]
_within_metadata: Any = _metadata(_METADATA_DEPTH)
_FORMS: dict[Form, Any] = {
    "text": str,
    "number": int | float,
    # A quantity of 10.0 is stored as 10, which is for the other path to see to.
    "quantity": int,
    "boolean": bool,
    "texts": list[str],
    "object": dict[str, _within_metadata],
}
