"""Bulk jobs: accept one, show one, list many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom import clock
from backroom.api import documents
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


def get_job(call: Call, tx: Transaction) -> Document:
    """Answer with one job, and with what it made or changed where asked to include it."""
    job_kind = call.operation.job_kind
    job_id = call.resource_id
    least = lifecycle.least_id(clock.now())
    # PostgreSQL can't even be asked for a text with a null character.
    asked = "" if "\0" in job_id else job_id
    row = jobs.get(tx, call.account, job_kind.type, asked, least)
    if row is None:
        raise NotFound(f"A {job_kind.title} with id {job_id} does not exist.")
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


def list_jobs(call: Call, tx: Transaction) -> Document:
    """Answer with a page of jobs, newest first."""
    job_kind = call.operation.job_kind
    pager: Pager[Job] = Pager(call, _NEWEST_FIRST, lambda row: clock.ulid_number(row.job_id))
    border = pager.place.border
    rows = jobs.page(
        tx,
        call.account,
        jobs.Page(
            type=job_kind.type,
            statuses=sorted({value for _, value in call.query.conditions}),
            least=lifecycle.least_id(clock.now()),
            border=None if border is None else clock.ulid_text(border),
            ascending=pager.ascending,
            size=pager.wanted,
        ),
    )
    page, links = pager.cut(rows)
    base = call.request.base
    return {
        "data": [documents.job(base, job_kind, row, linked=False) for row in page],
        "links": links,
    }
