"""Which failures were corrected since: another job or call has changed the same resource.

A resource has the moment of its last change. If that is after the end of a job, whatever failed in
the job was sent again, by another job or by a call. Each resource is looked up by its id, so the
number of jobs and resources does not matter. A delete that failed is never called corrected: of a
resource that is gone nobody can say when it went.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import clock
from backroom.catalog import ids
from backroom.catalog.kinds import JOB_KINDS, KINDS, Verb
from backroom.control.touched import kept_drafts, within_json
from backroom.jobs.results import named_in
from backroom.store import call_touches, imports, job_touches, records

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.catalog.kinds import Kind
    from backroom.control.import_outcome import ImportOutcome
    from backroom.control.route import Control
    from backroom.store.activity import FailedJob
    from backroom.store.database import Transaction
    from backroom.store.job_rows import Job
    from backroom.store.job_touches import NamingJob

_MOST_LOOKS = 5
"""How often jobs are looked through for one page."""
_MOST_JOBS_LOOKED_AT = 20
"""So many jobs before the change of a resource may have made it."""
_TO_MILLISECONDS = len("2026-09-04T13:38:45.032")
"""The length of a moment that is cut to milliseconds, as resources have it."""


class _Changed(msgspec.Struct):
    updated: str


_changed = msgspec.json.Decoder(_Changed)


class Correction(NamedTuple):
    """When a resource was changed after its operation had failed, and by which job or call.

    `job_id` and `call` are empty where that is not known.
    """

    when: str
    job_id: str = ""
    call: str = ""


def changed_since(
    tx: Transaction, account: str, kind: Kind, external_ids: Iterable[str], moment: str
) -> dict[str, str]:
    """Give when resources were changed last, by external id: of those changed after a moment."""
    # PostgreSQL refuses a null character, and no resource has one.
    asked = {each for each in external_ids if "\0" not in each}
    found = records.find(tx, kind, account, asked) if asked else {}
    changes = {name: _changed.decode(each.attributes).updated for name, each in found.items()}
    return {name: when for name, when in changes.items() if when > moment}


def corrected_of_job(tx: Transaction, account: str, job: Job | FailedJob) -> dict[str, str]:
    """Give when the resources whose operations failed were changed since, by external id."""
    job_kind = JOB_KINDS.get(job.type)
    if job_kind is None or job_kind.verb is Verb.DELETE or job.completed_at is None:
        return {}
    return changed_since(
        tx, account, job_kind.kind, filter(None, _resources_failed(job)), job.completed_at
    )


def number_corrected(tx: Transaction, account: str, job: Job | FailedJob) -> int:
    """Count the operations of a job that failed and were corrected since."""
    changed = corrected_of_job(tx, account, job)
    return sum(each in changed for each in _resources_failed(job)) if changed else 0


def _resources_failed(job: Job | FailedJob) -> list[str]:
    """Give the external id that each error of a job names, empty where it names none."""
    named = (named_in(each) or "" for each in msgspec.json.decode(job.errors))
    return [ids.external_id(each) or each for each in named]


def rows_loaded_since(
    tx: Transaction, account: str, outcome: ImportOutcome, created_at: str
) -> dict[int, str]:
    """Give when the rows that an import rejected came in since, by their places among these."""
    ended = datetime.fromisoformat(created_at) + timedelta(seconds=outcome.seconds)
    moment = outcome.ended_at or clock.timestamp(ended)
    named = [
        (one.sent_kind or one.kind, one.sent_id or one.external_id) for one in outcome.rejected
    ]
    found: dict[int, str] = {}
    for kind in KINDS.values():
        own = {place: name for place, (of, name) in enumerate(named) if of == kind.name and name}
        changed = changed_since(tx, account, kind, own.values(), moment)
        found |= {place: changed[name] for place, name in own.items() if name in changed}
    return found


def note_corrected_rows(
    control: Control,
    account: str,
    import_id: str,
    outcome: ImportOutcome,
    sent: dict[int, tuple[str, str]],
) -> None:
    """Note as what rejected rows were sent again: the kind and the external id, by their places.

    A row may have had no id, or that of another.
    """
    for place, (kind, external_id) in sent.items():
        row = outcome.rejected[place]
        outcome.rejected[place] = replace(row, sent_kind=kind, sent_id=external_id)
    report = msgspec.json.encode(outcome).decode()

    def write(tx: Transaction) -> None:
        found = imports.kept_import(tx, account, import_id)
        if found is not None and found[0].failed is not None:
            imports.keep_import(tx, found[0], report)

    control.database.write(write).result()


def corrections_of_job(control: Control, account: str, job: Job) -> dict[str, Correction]:
    """Give what has corrected the operations of a job that failed, by external id."""
    with control.database.read() as tx:
        changed = corrected_of_job(tx, account, job)
    if not changed:
        return {}
    if "touches" in control.parts:
        control.parts["touches"].flush()
    found: dict[str, Correction] = {}
    kind = JOB_KINDS[job.type].kind
    with control.database.read() as tx:
        for looks, (name, when) in enumerate(changed.items()):
            if name not in found and looks < _MOST_LOOKS:
                found |= _by_jobs(tx, account, job, name, changed)
            if name not in found:
                calls = call_touches.calls_touching(tx, account, kind.name, name, 1)
                known = [each.operation for each in calls if each.touched_at >= when]
                found[name] = Correction(when, call=next(iter(known), ""))
    return found


def _by_jobs(
    tx: Transaction, account: str, job: Job, name: str, changed: dict[str, str]
) -> dict[str, Correction]:
    """Give what the job that has changed one resource has corrected, of this and of others."""
    when = changed[name]
    border = clock.least_ulid(datetime.fromisoformat(when) + timedelta(milliseconds=1))
    part, most = within_json(name), _MOST_JOBS_LOOKED_AT
    for each in job_touches.jobs_naming(tx, account, part, border, most).found:
        if each.job.job_id > job.job_id and _was_at_work(each.job, when):
            named = _named_by(each) | {name}
            return {
                other: Correction(then, each.job.job_id)
                for other, then in changed.items()
                if other in named and _was_at_work(each.job, then)
            }
    return {}


def _was_at_work(job: Job, moment: str) -> bool:
    # The moment of a job has microseconds.
    until = (job.completed_at or "")[:_TO_MILLISECONDS]
    return job.created_at[:_TO_MILLISECONDS] <= moment[:_TO_MILLISECONDS] <= until


def _named_by(naming: NamingJob) -> set[str]:
    return {ids.external_id(each.id) or "" for each in kept_drafts(naming.operations)}
