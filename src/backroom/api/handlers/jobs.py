"""Bulk jobs: show one that was accepted, show one, list many."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom import clock
from backroom.api import layouts
from backroom.api.paging import Ordering, Pager
from backroom.catalog import ids
from backroom.errors import NotFound
from backroom.jobs import lifecycle
from backroom.store import jobs, large_records, pages

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.api.layouts import JobLayout
    from backroom.api.wire import Parts
    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction
    from backroom.store.jobs import Job

_NEWEST_FIRST = Ordering(
    descending=True, bits=128, number=lambda job_id: clock.ulid_number(job_id.decode())
)


def accepted(admitted: Admitted, job: Job) -> Parts:
    """Answer with a bulk job that was just accepted."""
    layout = _job_layout(admitted)
    data = layout.data.filled([jobs.as_row(job, layout.data.columns)])
    return layout.frame.document(data, {"self": admitted.request.url})


def _job_layout(admitted: Admitted) -> JobLayout:
    query = admitted.query
    return layouts.of_jobs(
        admitted.operation,
        admitted.revision,
        query.shown,
        admitted.request.base,
        bool(query.include),
    )


def get_job(admitted: Admitted, tx: Transaction) -> Parts:
    """Answer with one job, and with the resources that it made or changed if these are included."""
    job_kind, layout = admitted.operation.job_kind, _job_layout(admitted)
    rows: list[Row] = []
    # No job has an id with a null character, and PostgreSQL refuses such a text as a value.
    if "\0" not in admitted.resource_id:
        question = jobs.JobQuestion(job_kind.type, _least_id(), job_id=admitted.resource_id)
        rows = jobs.jobs_page(tx, admitted.account, question, layout.data.columns)
    if not rows:
        raise NotFound(f"A {job_kind.title} with id {admitted.resource_id} does not exist.")
    included = b""
    if layout.included is not None:
        (row,) = rows
        kind, columns = layout.included.kind, layout.included.columns
        # Resources that have been deleted since are not shown.
        named = _named_in(row[layout.data.columns.index("linkage")], kind)
        found = pages.in_order(tx, kind, admitted.account, named, columns)
        if columns.attributes:
            found = large_records.filled_rows(tx, kind, admitted.account, found)
        included = layout.included.filled(found)
    return layout.frame.document(layout.data.filled(rows), {"self": admitted.request.url}, included)


class _Identifier(msgspec.Struct):
    """What a job's linkage says of a resource, without its type, which all have in common."""

    id: str


_linkage = msgspec.json.Decoder(list[_Identifier]).decode


def _named_in(linkage: bytes, kind: Kind) -> list[str]:
    """Give the external ids in a job's linkage, each once."""
    # A full job names a hundred. Between two ids stands the same text, so the linkage is cut there.
    # Only an id with an escape could hold that text, and only an id without braces is counted.
    text = linkage.decode()
    before = f'{{"type":"{kind.type}","id":"{ids.resource_id("")}'
    if text.startswith(f"[{before}") and "\\" not in text:
        named = text[len(before) + 1 : -len('"}]')].split(f'"}},{before}')
        if len(named) == text.count("},{") + 1:
            return list(dict.fromkeys(named))
    return ids.external_ids([each.id for each in _linkage(linkage)])


def _least_id() -> str:
    return lifecycle.least_id(clock.now())


def list_jobs(admitted: Admitted, tx: Transaction) -> Parts:
    """Answer with a page of jobs, newest first."""
    pager, layout = Pager(admitted, _NEWEST_FIRST), _job_layout(admitted)
    statuses = {value for _, value in admitted.query.conditions}
    border = pager.place.border
    rows: list[Row] = []
    # A filter may name two statuses, but no job has both.
    if len(statuses) <= 1:
        question = jobs.JobQuestion(
            type=admitted.operation.job_kind.type,
            least=_least_id(),
            status=next(iter(statuses), None),
            border=None if border is None else clock.ulid_text(border),
            ascending=pager.ascending,
            size=pager.wanted,
        )
        rows = jobs.jobs_page(tx, admitted.account, question, layout.data.columns)
    place = layout.data.columns.index("job_id")
    page, links = pager.cut(rows, rows[: pager.size], lambda row: row[place])
    return layout.frame.document(layout.data.filled(page), links)
