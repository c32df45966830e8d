"""What a row needs, compared with the server: nothing, one operation, or a fault."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import JOB_KINDS, JobKind, Verb
from backroom.feeds.advice import CREATE_IT, LEAVE_IT_OUT, UPDATE_IT
from backroom.feeds.columns import METADATA
from backroom.feeds.encoding import EncodedRow, encode_row
from backroom.feeds.rows import ATTRIBUTES_BY_NAME, ORDER, Row, RowFault, relation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backroom.catalog.kinds import Attribute, Kind

_JOB_KINDS = {(each.kind.name, each.verb): each for each in JOB_KINDS.values()}
_JSON_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True)
class Mode:
    """What is done with rows: with those that exist, and with those that don't."""

    name: str
    creates: bool
    updates: bool
    order: tuple[Kind, ...] = ORDER
    deletes: bool = False
    """Whether the rows themselves are deleted."""
    mirrors: bool = False
    """Whether resources that are not in the feed are deleted."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """What may become of rows that don't fail, in the order of a report."""
        if self.deletes:
            return ("deleted",)
        created = ("created",) if self.creates else ()
        updated = ("updated",) if self.updates else ()
        return (*created, *updated, "unchanged", *(("deleted",) if self.mirrors else ()))


MODES = {
    mode.name: mode
    for mode in (
        Mode("create", creates=True, updates=False),
        Mode("update", creates=False, updates=True),
        Mode("upsert", creates=True, updates=True),
        Mode("delete", creates=False, updates=False, order=ORDER[::-1], deletes=True),
        Mode("mirror", creates=True, updates=True, mirrors=True),
    )
}


class RowOperation(msgspec.Struct, frozen=True):
    """An operation of a job, and the names of what it changes."""

    job_kind: JobKind
    encoded: EncodedRow
    changed: tuple[str, ...] = ()

    @property
    def verb(self) -> Verb:
        """What the operation does to its resource."""
        return self.job_kind.verb


def decide(
    mode: Mode,
    row: Row,
    existing: Mapping[str, Any] | None,
    related: Callable[[], set[str]],
) -> RowOperation | RowFault | None:
    """Give what a row needs, None for nothing.

    `existing` has the attributes on the server, None where it has no such resource. `related` gives
    the ids to which the resource there leads.
    """
    if existing is None:
        if not mode.creates:
            detail = row.kind.missing_write.format(id=resource_id(row.external_id))
            return _fault(row, detail, LEAVE_IT_OUT if mode.deletes else CREATE_IT)
        return _operation(row, Verb.CREATE, ())
    if mode.deletes:
        return _operation(row, Verb.DELETE, ())
    if (changing := _changing(row, existing, related)) is None:
        return None
    changed = (*changing.attributes, *_named_relation(changing))
    if not mode.updates:
        return _fault(
            row,
            f"{row.kind.with_article} with the external id `{row.external_id}` already exists"
            f" with another {' and '.join(changed)}.",
            UPDATE_IT,
        )
    return _operation(changing, Verb.UPDATE, changed)


def is_as_given(
    row: Row, existing: Mapping[str, Any] | None, related: Callable[[], set[str]]
) -> bool:
    """Whether a resource exists with the values and the related resources that a row gives."""
    return existing is not None and decide(MODES["upsert"], row, existing, related) is None


def joined(rows: Sequence[Row]) -> Row:
    """Make one row of several with the same id. A value of a later row replaces an earlier one."""
    first, *others = rows
    attributes, related, merges = dict(first.attributes), first.related, first.merges
    for row in others:
        metadata = row.attributes.get(METADATA)
        if row.merges and metadata and attributes.get(METADATA):
            metadata = attributes[METADATA] | metadata
        elif METADATA in row.attributes:
            merges = row.merges
        attributes |= row.attributes
        if METADATA in row.attributes:
            attributes[METADATA] = metadata
        related = related if row.related is None else row.related
    return replace(rows[-1], attributes=attributes, related=related, merges=merges)


def _operation(row: Row, verb: Verb, changed: tuple[str, ...]) -> RowOperation | RowFault:
    encoded = encode_row(row, verb)
    return (
        encoded
        if isinstance(encoded, RowFault)
        else RowOperation(_JOB_KINDS[row.kind.name, verb], encoded, changed)
    )


def _fault(row: Row, detail: str, advice: str) -> RowFault:
    name = row.external_id
    return RowFault(row.line, detail, row.kind, name, "external_id", name, advice)


def _changing(row: Row, existing: Mapping[str, Any], related: Callable[[], set[str]]) -> Row | None:
    """Give the row with nothing but what differs from the server, None where nothing does."""
    known = ATTRIBUTES_BY_NAME[row.kind.name]
    attributes = {}
    for name, given in row.attributes.items():
        value = _with_entries(row, given, existing) if name == METADATA else given
        there = existing.get(name)
        alike = value == there and value.__class__ is there.__class__
        if not alike and not _stored_alike(known[name], value, there):
            attributes[name] = value
    relation = relation_of(row.kind)
    keeps = relation is None or Verb.UPDATE not in relation.verbs or row.related is None
    differs = not keeps and set(row.related or ()) != related()
    if not attributes and not differs:
        return None
    # The metadata of an operation replaces all stored metadata.
    return replace(
        row, attributes=attributes, related=row.related if differs else None, merges=False
    )


def _named_relation(row: Row) -> tuple[str, ...]:
    relation = relation_of(row.kind)
    return (relation.name,) if relation and row.related is not None else ()


def _with_entries(row: Row, given: Any, existing: Mapping[str, Any]) -> Any:
    if not row.merges or not isinstance(given, dict):
        return given
    entries = {**(existing.get(METADATA) or {}), **given}
    return {key: value for key, value in entries.items() if value is not None}


def _stored_alike(attribute: Attribute, given: Any, there: Any) -> bool:
    """Whether the server would store for a value what it has."""
    value = _as_stored(attribute, given)
    kept = attribute.default if there is None else there
    return bool(value == kept) and isinstance(value, bool) == isinstance(kept, bool)


def _as_stored(attribute: Attribute, given: Any) -> Any:
    if given is None:
        return attribute.default
    if isinstance(given, str):
        match attribute.form:
            case "number" | "quantity" | "choice":
                return _as_stored_number(given)
            case "boolean":
                return _JSON_TRUTHS.get(given.lower(), given)
    return given


def _as_stored_number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) else text
