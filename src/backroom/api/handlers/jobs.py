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
from backroom.store.forms import NOTHING

if TYPE_CHECKING:
    from backroom.api.documents import Document, Parts
    from backroom.api.request import Call
    from backroom.store.database import Transaction
    from backroom.store.jobs import Job, NewJob

_NEWEST_FIRST = Ordering(descending=True, bits=128, number=clock.ulid_number)


def new_job(call: Call) -> NewJob:
    """Make the job that a call submits."""
    return submit.new_job(
        call.account, call.operation.job_kind, call.body.operations, call.body.total, call.born
    )


def accepted(call: Call, new: NewJob, job_id: str | None) -> Document:
    """Answer with the job that was submitted, by the id under which it is stored."""
    row = submit.stored_job(new, job_id)
    data = documents.job(call.request.base, call.operation.job_kind, row, linked=False)
    return {"data": data, "links": {"self": call.request.url}}


def get_job(call: Call, tx: Transaction) -> Document | Parts:
    """Answer with one job, and with what it made or changed where asked to include it."""
    if not call.query.include:
        asked = jobs.Asked(call.operation.job_kind.type, _job_id(call), _least_id())
        forms = of_jobs(call.operation, call.at, call.query.shown, call.request.base)
        text = jobs.written(tx, call.account, asked, forms, given(call.request))
        if text is not None:
            return [text.encode()]
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


def list_jobs(call: Call, tx: Transaction) -> Document | Parts:
    """Answer with a page of jobs, newest first."""
    pager = Pager(call, _NEWEST_FIRST)
    statuses = {value for _, value in call.query.conditions}
    if len(statuses) > 1:
        # Two statuses at once are asked for legally, and no job has both.
        return documents.written_list(call, *pager.cut_text(NOTHING))
    border = pager.place.border
    asked = jobs.Page(
        type=call.operation.job_kind.type,
        status=next(iter(statuses), None),
        least=_least_id(),
        border=None if border is None else clock.ulid_text(border),
        ascending=pager.ascending,
        size=pager.wanted,
        onward=pager.place.onward,
    )
    forms = of_jobs(call.operation, call.at, call.query.shown, call.request.base)
    found = jobs.written_page(tx, call.account, asked, forms)
    if found is not None:
        return documents.written_list(call, *pager.cut_text(found))
    rows, links = pager.cut(jobs.page(tx, call.account, asked), lambda job: job.job_id)
    job_kind, base = call.operation.job_kind, call.request.base
    data = [documents.job(base, job_kind, row, linked=False) for row in rows]
    return {"data": data, "links": links}
