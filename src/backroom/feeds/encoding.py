"""From rows to bulk jobs: one operation for each row, batches of them, request bodies."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import KINDS, Verb
from backroom.feeds.advice import record_fault
from backroom.feeds.rows import RowFault, relation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.catalog.kinds import JobKind, Kind, Relation
    from backroom.feeds.rows import Row

LARGEST_BODY = 4_900_000
"""Bytes of the operations in a request: the API's 5 MB less what stands around them."""


class EncodedRow(msgspec.Struct, frozen=True):
    """A row, and the JSON of its operation in a job."""

    row: Row
    encoded: bytes


def encode_row(row: Row, verb: Verb) -> EncodedRow | RowFault:
    """Make the operation that does `verb` with a row, or a fault if it can't be sent."""
    if verb is Verb.CREATE and (missing := _attributes_missing(row)):
        named = " and ".join(missing)
        return RowFault(
            row.line,
            f"{named} {'is' if len(missing) == 1 else 'are'} missing",
            row.kind,
            row.external_id,
            missing[0],
            advice=f"Fill in {named}.",
        )
    try:
        encoded = msgspec.json.encode(_resource_object(row, verb))
    except RecursionError:
        return _row_fault(row, "is nested too deep")
    except UnicodeEncodeError:
        return _row_fault(row, "is not Unicode text")
    if len(encoded) > LARGEST_BODY:
        return _row_fault(row, f"is larger than a request may be ({len(encoded):,} bytes)")
    return EncodedRow(row, encoded)


def job_body(job_kind: JobKind, operations: Sequence[EncodedRow]) -> bytes:
    """Make the body of the request for a job."""
    data = [msgspec.Raw(operation.encoded) for operation in operations]
    attributes = {job_kind.member: {"data": data}}
    return msgspec.json.encode({"data": {"type": job_kind.type, "attributes": attributes}})


def _row_fault(row: Row, detail: str) -> RowFault:
    return record_fault(row.line, detail, row.kind, row.external_id)


@cache
def _needed_for_create(kind: Kind) -> tuple[dict[str, None], Relation | None]:
    """Give the attributes that a create needs beside the id, and the relation it can fill."""
    # An attribute that has ended is not required: newer revisions refuse it.
    kept = [each for each in kind.attributes if not each.until and each.name != "external_id"]
    required = (each.name for each in kept if each.create == "required")
    return dict.fromkeys(required), relation_of(kind)


def _attributes_missing(row: Row) -> list[str]:
    given = row.attributes
    required, relation = _needed_for_create(row.kind)
    if row.related and given.keys() >= required.keys() and None not in given.values():
        return []
    missing = [name for name in required if given.get(name) is None]
    if relation and relation.required and not row.related:
        missing.append(relation.name)
    return missing


def _row_attributes(row: Row) -> dict[str, Any]:
    """Give what a create says: a null there is the same as nothing."""
    given = row.attributes
    if None in given.values():
        given = {name: value for name, value in given.items() if value is not None}
    if row.merges and isinstance(metadata := given.get("custom_metadata"), dict):
        kept = {key: value for key, value in metadata.items() if value is not None}
        return given | {"custom_metadata": kept}
    return given


def _resource_object(row: Row, verb: Verb) -> dict[str, Any]:
    if verb is Verb.DELETE:
        return {"type": row.kind.type, "id": resource_id(row.external_id)}
    document: dict[str, Any] = {"type": row.kind.type}
    if verb is Verb.CREATE:
        document["attributes"] = {"external_id": row.external_id, **_row_attributes(row)}
    else:
        document["id"] = resource_id(row.external_id)
        document["attributes"] = row.attributes
    relation = relation_of(row.kind)
    if relation and verb in relation.verbs and row.related is not None:
        target = KINDS[relation.target].type
        data = [{"type": target, "id": resource_id(each)} for each in row.related]
        document["relationships"] = {relation.name: {"data": data if relation.many else data[0]}}
    return document
