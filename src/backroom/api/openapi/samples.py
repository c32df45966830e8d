"""Every form that an operation's answer can take in a revision.

Samples are made in the newest shape, by the functions that make real answers, and go down the
ladder as real answers do. So the changes of the ladder apply to them, and are written only once.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.api import documents
from backroom.api.openapi import words
from backroom.api.query import allowed_fields
from backroom.catalog.drafts import Draft
from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import KINDS
from backroom.catalog.operations import LINK_SHAPES, RESOURCE_SHAPES, Operation, Shape
from backroom.errors import DoesNotExist
from backroom.jobs.apply import error_entry
from backroom.jobs.lifecycle import Status
from backroom.settings import DEFAULT_PORT
from backroom.store.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.api.wire import Document
    from backroom.catalog.kinds import JobKind, Kind
    from backroom.revisions import Revision

SAMPLE_BASE = f"http://127.0.0.1:{DEFAULT_PORT}"
MOMENT = "2026-10-15T09:00:00.000000+00:00"
CURSOR = "AQAAAAAAAAAAAAAAAAAAAGS7q0bd6Q1xwsM"
JOB_ID = "01KQ9VZ8R0EXAMPLE0J0B00000"
ERROR_ID = "2f0c7b1e-6d3a-4c59-8a61-0e9b7d5f4c12"


def answers(operation: Operation, revision: Revision) -> list[Any]:
    """Give all forms that the body of an answer can take, the fullest first. Empty for no body."""
    if operation.shape in LINK_SHAPES or operation.shape is Shape.DELETE:
        return []
    types = allowed_fields(operation, revision.date)
    sparse: list[dict[str, tuple[str, ...]]] = [{}, dict.fromkeys(types, ())] if types else [{}]
    forms: list[Any] = []
    for fields in sparse:
        for document in _newest(operation, revision):
            revision.down(operation, document)
            documents.keep_only(document, fields)
            forms.append(msgspec.json.decode(msgspec.json.encode(document)))
    return forms


def _newest(operation: Operation, revision: Revision) -> Iterator[Document]:
    """Give all forms in the newest shape, with the linkage and the links of the revision."""
    url = SAMPLE_BASE + operation.path.replace("{id}", _path_id(operation))
    if not operation.paged:
        for document in _sample_data(operation, revision):
            yield document | {"links": {"self": url}}
        return
    for neighbour in (f"{url}?page%5Bcursor%5D={CURSOR}", None):
        links = {"self": url, "next": neighbour, "prev": neighbour}
        if revision.links_first_and_last:
            links |= {"first": url, "last": neighbour or url}
        for document in _sample_data(operation, revision):
            yield document | {"data": [document["data"]], "links": links}


def _path_id(operation: Operation) -> str:
    owner = operation.parent or operation.kind
    return JOB_ID if operation.bulk else resource_id(example_id(owner))


def example_id(kind: Kind) -> str:
    """Give the external id of a kind's examples."""
    return f"{kind.name}-1"


def _sample_data(operation: Operation, revision: Revision) -> Iterator[Document]:
    """Give documents without links. Those that include resources come first."""
    kind = operation.kind
    if operation.shape is Shape.IDS:
        yield {"data": documents.identifier_object(kind, example_id(kind))}
    elif operation.shape in RESOURCE_SHAPES:
        yield from _resources(operation, linked=revision.shows_linkage(operation))
    else:
        yield from _jobs(operation)


def _resources(operation: Operation, *, linked: bool) -> Iterator[Document]:
    kind, target = operation.kind, KINDS[operation.kind.shown.target]
    one = documents.identifier_object(target, example_id(target))
    held: Any = [one] if kind.shown.many else one
    nothing: Any = [] if kind.shown.many else None
    for nulls in (False, True):
        if operation.includes:
            brought = _sample_resource(target, nulls=nulls)
            yield {"data": _sample_resource(kind, held, nulls=nulls), "included": [brought]}
        for linkage in (held, nothing) if linked else (documents.NOT_SHOWN,):
            yield {"data": _sample_resource(kind, linkage, nulls=nulls)}


def _sample_resource(
    kind: Kind, linkage: Any = documents.NOT_SHOWN, *, nulls: bool = False
) -> Document:
    attributes = {
        each.name: None if nulls and each.may_be_null else words.attribute_example(each)
        for each in kind.attributes
    }
    attributes["external_id"] = example_id(kind)
    attributes |= dict.fromkeys(kind.dated, MOMENT)
    stored = msgspec.Raw(msgspec.json.encode(attributes))
    return documents.resource_object(
        SAMPLE_BASE, kind, documents.Name.of(example_id(kind)), stored, linkage
    )


def _jobs(operation: Operation) -> Iterator[Document]:
    job_kind, kind = operation.job_kind, operation.kind
    rows = [_complete(job_kind), _begun(job_kind)]
    if operation.shape is Shape.JOB_POST:
        rows = rows[1:]
    if operation.includes:
        for row, nulls in product(rows, (False, True)):
            data = documents.job_object(SAMPLE_BASE, job_kind, row, linked=True)
            brought = _sample_resource(kind, nulls=nulls)
            yield {"data": data, "included": [brought]}
    for row in rows:
        yield {"data": documents.job_object(SAMPLE_BASE, job_kind, row, linked=False)}


def _begun(job_kind: JobKind) -> Job:
    return Job(JOB_ID, job_kind.type, Status.PROCESSING, MOMENT, MOMENT, None, total_count=2)


def _complete(job_kind: JobKind) -> Job:
    kind = job_kind.kind
    missing = resource_id("missing")
    draft = Draft(missing, {})
    fault = DoesNotExist(kind.with_article, missing)
    entry = error_entry(job_kind, draft, fault) | {"id": ERROR_ID}
    return _begun(job_kind)._replace(
        status=Status.COMPLETE,
        completed_at=MOMENT,
        completed_count=1,
        failed_count=1,
        errors=msgspec.json.encode([entry]).decode(),
        linkage=msgspec.json.encode([documents.identifier_object(kind, example_id(kind))]).decode(),
    )
