"""Bulk jobs: accept one, show one, list many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom import clock
from backroom.api import documents
from backroom.api.forms import given, of_jobs
from backroom.api.paging import Ordering, Pager
from backroom.catalog import ids
from backroom.errors import NotFound
from backroom.jobs import lifecycle, submit
from backroom.store import jobs, records

if TYPE_CHECKING:
    from backroom.api.documents import Document
    from backroom.api.request import Call
    from backroom.store.database import Transaction
    from backroom.store.jobs import Job

_NEWEST_FIRST = Ordering(descending=True, bits=128)


def create_job(call: Call, tx: Transaction) -> Document:
    """Accept a bulk job."""
    job_kind = call.operation.job_kind
    row = submit.submit(
        tx, call.account, job_kind, call.body.operations, call.body.total, call.born
    )
    data = documents.job(call.request.base, job_kind, row, linked=False)
    return {"data": data, "links": {"self": call.request.url}}


def get_job(call: Call, tx: Transaction) -> Document | bytes:
    """Answer with one job, and with what it made or changed where asked to include it."""
    if not call.query.include:
        asked = jobs.Asked(call.operation.job_kind.type, _job_id(call), _least_id())
        forms = of_jobs(call.operation, call.at, call.query.shown)
        text = jobs.written(tx, call.account, asked, forms, given(call.request))
        if text is not None:
            return text.encode()
    return _document(call, tx)


def _job_id(call: Call) -> str:
    # PostgreSQL can't even be asked for a text with a null character.
    return "" if "\0" in call.resource_id else call.resource_id


def _least_id() -> str:
    return lifecycle.least_id(clock.now())


def _document(call: Call, tx: Transaction) -> Document:
    """Make the document of one job. Raises `NotFound`."""
    job_kind = call.operation.job_kind
    row = jobs.get(tx, call.account, jobs.Asked(job_kind.type, _job_id(call), _least_id()))
    if row is None:
        raise NotFound(f"A {job_kind.title} with id {call.resource_id} does not exist.")
    including = bool(call.query.include)
    document: Document = {"data": documents.job(call.request.base, job_kind, row, linked=including)}
    if including:
        document["included"] = _included(call, tx, row)
    document["links"] = {"self": call.request.url}
    return document


def _included(call: Call, tx: Transaction, row: Job) -> list[Document]:
    """Give the resources that a job's linkage names, in its order; those deleted since are not."""
    kind = call.operation.kind
    linkage = msgspec.json.decode(row.linkage)
    named = dict.fromkeys(ids.external_id(each["id"]) or "" for each in linkage)
    found = records.find(tx, kind, call.account, named)
    base = call.request.base
    return [documents.resource(base, kind, found[name]) for name in named if name in found]


def list_jobs(call: Call, tx: Transaction) -> bytes:
    """Answer with a page of jobs, newest first."""
    pager: Pager[jobs.Written] = Pager(call, _NEWEST_FIRST, lambda each: clock.ulid_number(each[0]))
    border = pager.place.border
    asked = jobs.Page(
        type=call.operation.job_kind.type,
        statuses=sorted({value for _, value in call.query.conditions}),
        least=_least_id(),
        border=None if border is None else clock.ulid_text(border),
        ascending=pager.ascending,
        size=pager.wanted,
    )
    forms = of_jobs(call.operation, call.at, call.query.shown)
    rows = jobs.written_page(tx, call.account, asked, forms, given(call.request))
    page, links = pager.cut(rows)
    return documents.written_list(call, _texts(call, tx, page), links)


def _texts(call: Call, tx: Transaction, page: list[jobs.Written]) -> list[str]:
    """Give the jobs of a page as they are sent; those that no form fits are written here."""
    unfit = [job_id for job_id, text in page if text is None]
    job_kind, base = call.operation.job_kind, call.request.base
    late = {
        row.job_id: documents.written_resource(
            call, documents.job(base, job_kind, row, linked=False)
        )
        for row in (jobs.some(tx, call.account, unfit) if unfit else ())
    }
    return [text or late[job_id] for job_id, text in page]
