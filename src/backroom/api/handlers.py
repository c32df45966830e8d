"""One function for each shape of operation: a call and a transaction to a document."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec

from backroom import clock
from backroom.api import cursors, documents
from backroom.api.cursors import Cursor
from backroom.catalog import ids
from backroom.catalog.operations import Shape
from backroom.errors import NotFound
from backroom.jobs import lifecycle, submit
from backroom.store import jobs, records

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.api.documents import Document
    from backroom.api.request import Call
    from backroom.settings import Settings
    from backroom.store.database import Transaction
    from backroom.store.jobs import Job

PAGE_SIZE = 100
_END = "0" * 26
"""Below every id: the page above it is the last of a list that runs from newest to oldest."""


def create_job(call: Call, tx: Transaction, settings: Settings) -> Document:
    """Accept a bulk job."""
    job_kind = call.operation.job_kind
    status = lifecycle.Status.QUEUED if settings.show_queued else lifecycle.Status.PROCESSING
    row = submit.submit(tx, call.account, job_kind, call.body.operations, call.body.total, status)
    data = documents.job(call.request.base, job_kind, row, linked=False)
    return {"data": data, "links": {"self": call.request.url}}


def get_job(call: Call, tx: Transaction, _: Settings) -> Document:
    """Answer with one job, and with what it made or changed where asked to include it."""
    job_kind = call.operation.job_kind
    job_id = call.resource_id
    least = lifecycle.least_id(clock.now())
    row = jobs.get(tx, call.account, job_kind.type, job_id, least)
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


def list_jobs(call: Call, tx: Transaction, _: Settings) -> Document:
    """Answer with a page of jobs, newest first."""
    job_kind = call.operation.job_kind
    subject = f"{call.account} {job_kind.collection} {call.query.status or ''}"
    cursor = cursors.decode(call.query.cursor, subject) if call.query.cursor is not None else None
    older = cursor is None or cursor.older
    rows = jobs.page(
        tx,
        call.account,
        jobs.Page(
            type=job_kind.type,
            status=call.query.status,
            least=lifecycle.least_id(clock.now()),
            border=cursor.border if cursor else None,
            older=older,
            size=PAGE_SIZE + 1,
        ),
    )
    more = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE] if older else rows[:PAGE_SIZE][::-1]
    # A page that was reached backwards has another after it, unless it began at the very end.
    followed = more if older else cursor is not None and cursor.border != _END
    newer_page = Cursor(rows[0].job_id, older=False) if rows else None
    older_page = Cursor(rows[-1].job_id, older=True) if rows else None
    base = call.request.base
    return {
        "data": [documents.job(base, job_kind, row, linked=False) for row in rows],
        "links": _page_links(
            call,
            subject,
            following=older_page if followed else None,
            preceding=newer_page if (cursor is not None if older else more) else None,
        ),
    }


def _page_links(
    call: Call, subject: str, *, following: Cursor | None, preceding: Cursor | None
) -> Document:
    """Give the links of a page; null where there is no such page (observed)."""
    url = call.request.url
    path, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part and not _names_cursor(part)]

    def link(cursor: Cursor | None) -> str | None:
        if cursor is None:
            return None
        # The cursor stands last: some clients take all that follows its name.
        value = quote(cursors.encode(cursor, subject))
        return f"{path}?{'&'.join([*kept, f'page%5Bcursor%5D={value}'])}"

    links = {"self": url, "next": link(following), "prev": link(preceding)}
    if call.revision is not None and call.revision.links_first_and_last:
        links["first"] = f"{path}?{'&'.join(kept)}" if kept else path
        links["last"] = link(Cursor(_END, older=False))
    return links


def _names_cursor(part: str) -> bool:
    name = part.partition("=")[0].lower()
    return name.replace("%5b", "[").replace("%5d", "]") == "page[cursor]"


HANDLERS: dict[Shape, Callable[[Call, Transaction, Settings], Document]] = {
    Shape.JOB_POST: create_job,
    Shape.JOB_GET: get_job,
    Shape.JOB_LIST: list_jobs,
}
