"""Make documents of the newest shape from jobs, records and faults.

Attributes are stored as JSON text and stay so here (`msgspec.Raw`). Code that looks inside them
decodes them first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

import msgspec

from backroom.catalog import ids
from backroom.errors import (
    Fault,
    FrameworkFault,
    InvalidParameter,
    Throttled,
    UnknownParameter,
)
from backroom.shortening import shortened

if TYPE_CHECKING:
    from backroom.api.wire import Document
    from backroom.catalog.kinds import JobKind, Kind
    from backroom.store.jobs import Job

NOT_SHOWN: Any = object()
"""The linkage of a relationship that is shown without `data`."""
_NOTHING = "[]"
_RATE_LIMITS_PAGE = (
    "https://developers.klaviyo.com/en/docs/rate_limits_and_error_handling#rate-limits"
)


class Name(NamedTuple):
    """An external id, as it is and as it is written in a URL."""

    text: str
    in_url: str

    @classmethod
    def of(cls, external_id: str) -> Name:
        """Make a name of an external id."""
        return cls(external_id, quote(external_id, safe="$:"))


def job_object(base: str, job_kind: JobKind, row: Job, *, linked: bool = False) -> Document:
    """Make the resource object of a job.

    Its relationship names the resources of operations that succeeded. If none did, the relationship
    is left out, unless `linked` asks for it. The relationship has no links (observed, though the
    specification has some).
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


def identifier_object(kind: Kind, external_id: str) -> Document:
    """Make the identifier of an item, variant or category."""
    return {"type": kind.type, "id": ids.resource_id(external_id)}


def resource_object(
    base: str, kind: Kind, name: Name, attributes: msgspec.Raw, linkage: Any = NOT_SHOWN
) -> Document:
    """Make the resource object of an item, variant or category.

    Its relationship has links, and `data` unless `linkage` is `NOT_SHOWN`: a list of identifiers,
    or one identifier (both observed). An empty relationship to one resource, whose `linkage` is
    None, is left out, because the service was never seen to show one.
    """
    own = f"{base}/api/{kind.collection}/{ids.resource_id(name.in_url)}"
    relationship: Document = {} if linkage is NOT_SHOWN else {"data": linkage}
    relationship["links"] = {
        "self": f"{own}/relationships/{kind.shown.name}/",
        "related": f"{own}/{kind.shown.name}/",
    }
    return {
        "type": kind.type,
        "id": ids.resource_id(name.text),
        "attributes": attributes,
        "relationships": {} if linkage is None else {kind.shown.name: relationship},
        "links": {"self": f"{own}/"},
    }


def keep_only(document: Document, fields: dict[str, tuple[str, ...]]) -> None:
    """Keep only the attributes in `fields`, in that order. All other members stay (observed)."""
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


def error_document(fault: Fault, error_id: str) -> Document:
    """Make the document of a fault.

    Its members and their order are observed. They differ between the families of faults.
    """
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
        error["meta"] = dict(fault.meta)
    return {"errors": [error]}


def _source(fault: Fault) -> Document:
    if isinstance(fault, InvalidParameter):
        return {"parameter": fault.parameter and shortened(fault.parameter)}
    return {"pointer": fault.pointer and shortened(fault.pointer)}


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
