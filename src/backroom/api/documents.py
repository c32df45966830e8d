"""Jobs, records and faults as documents of the newest shape.

Attributes that are stored encoded stay so (`msgspec.Raw`): whoever needs to look inside decodes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec

from backroom.catalog import ids
from backroom.catalog.kinds import KINDS
from backroom.errors import (
    Fault,
    FrameworkFault,
    InvalidParameter,
    Throttled,
    UnknownParameter,
)

if TYPE_CHECKING:
    from backroom.api.request import Call
    from backroom.catalog.kinds import JobKind, Kind
    from backroom.store.jobs import Job
    from backroom.store.records import Record

Document = dict[str, Any]
Parts = list[bytes | memoryview]
"""A document that is written, in parts: a page is too large to be copied once more."""
Fields = tuple[tuple[str, tuple[str, ...]], ...]
"""The attributes to show of each resource type, in the order asked for; of others, all."""

_NOTHING = "[]"
_RATE_LIMITS_PAGE = (
    "https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling#rate-limits"
)


def job(base: str, job_kind: JobKind, row: Job, *, linked: bool) -> Document:
    """Make the resource object of a job.

    Its relationship names what succeeded and is left out where nothing did, unless `linked` asks
    for it. It has no links (observed, though the specification has some).
    """
    document: Document = {
        "type": job_kind.type,
        "id": row.job_id,
        "attributes": {
            "status": row.status,
            "created_at": row.created_at,
            "total_count": row.total_count,
            "completed_count": row.completed_count,
            "failed_count": row.failed_count,
            "completed_at": row.completed_at,
            "errors": msgspec.Raw(row.errors.encode()),
            "expires_at": row.expires_at,
        },
    }
    if linked or row.linkage != _NOTHING:
        linkage = msgspec.Raw(row.linkage.encode())
        document["relationships"] = {job_kind.member: {"data": linkage}}
    document["links"] = {"self": f"{base}/api/{job_kind.collection}/{row.job_id}/"}
    return document


def identifier(kind: Kind, record: Record) -> Document:
    """Make the identifier of an item, variant or category."""
    return {"type": kind.type, "id": ids.resource_id(record.external_id)}


def resource(base: str, kind: Kind, record: Record, linked: list[Record] | None = None) -> Document:
    """Make the resource object of an item, variant or category.

    Its relationship has links, and `data` where `linked` says what it holds (both observed). One
    that can hold one resource and holds none is left out: there is no form for its data.
    """
    resource_id = ids.resource_id(record.external_id)
    own = f"{base}/api/{kind.collection}/{quote(resource_id, safe='$:')}"
    shown = kind.shown
    relationship: Document = {}
    if linked is not None:
        held = [identifier(KINDS[shown.target], each) for each in linked]
        relationship["data"] = held if shown.many else next(iter(held), None)
    relationship["links"] = {
        "self": f"{own}/relationships/{shown.name}/",
        "related": f"{own}/{shown.name}/",
    }
    nothing = not shown.many and linked == []
    return {
        "type": kind.type,
        "id": resource_id,
        "attributes": msgspec.Raw(record.attributes.encode()),
        "relationships": {} if nothing else {shown.name: relationship},
        "links": {"self": f"{own}/"},
    }


def written(call: Call, document: Document) -> bytes:
    """Take a document of the newest shape down to the caller's revision, and write it."""
    call.at.down(call.operation, document)
    keep_only(document, call.query.fields)
    return msgspec.json.encode(document)


def written_list(call: Call, data: memoryview, links: Document) -> Parts:
    """Write the document of a page whose resources are written already, in the caller's shape."""
    document: Document = {"data": [], "links": links}
    call.at.down(call.operation, document)
    head, _, tail = msgspec.json.encode(document).partition(b"[]")
    return [head + b"[", data, b"]" + tail]


def keep_only(document: Document, fields: dict[str, tuple[str, ...]]) -> None:
    """Leave the attributes asked for, in that order; links and relationships stay (observed)."""
    if not fields:
        return
    data = document["data"]
    for each in (*(data if isinstance(data, list) else (data,)), *document.get("included", ())):
        names = fields.get(each["type"])
        if names is None:
            continue
        attributes = each["attributes"]
        if isinstance(attributes, msgspec.Raw):
            attributes = msgspec.json.decode(attributes)
        each["attributes"] = {name: attributes[name] for name in names if name in attributes}


def errors(fault: Fault, error_id: str) -> Document:
    """Make the document of a fault. Members and their order are observed, and differ by family."""
    if isinstance(fault, Throttled):
        return _throttled(fault, error_id)
    error: Document = {
        "id": error_id,
        "status": fault.status,
        "code": fault.code,
        "title": fault.title,
        "detail": fault.detail,
        "source": _source(fault),
    }
    if not isinstance(fault, FrameworkFault):
        if not isinstance(fault, UnknownParameter):
            error["links"] = {}
        error["meta"] = {}
    return {"errors": [error]}


def _source(fault: Fault) -> Document:
    if isinstance(fault, InvalidParameter):
        return {"parameter": fault.parameter}
    return {"pointer": fault.pointer}


def _throttled(fault: Throttled, error_id: str) -> Document:
    return {
        "errors": [
            {
                "status": fault.status,
                "detail": fault.detail,
                "meta": {},
                "source": {"pointer": fault.pointer},
                "code": fault.code,
                "id": error_id,
                "links": {"type": _RATE_LIMITS_PAGE},
                "title": fault.title,
            }
        ]
    }
