"""A waiting job to its end: operations to actions to counts, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.actions import ACTIONS
from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import JOB_KINDS, JobKind, Verb
from backroom.errors import OperationFault
from backroom.jobs.lifecycle import Status
from backroom.store import jobs

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Transaction

_drafts = msgspec.json.Decoder(list[Draft])


def apply(tx: Transaction, waiting: jobs.Waiting, on_step: Callable[[str], None]) -> None:
    """Apply all operations of a job and write its end. What one can't do fails that one alone."""
    job_kind = JOB_KINDS[waiting.type]
    drafts = _drafts.decode(waiting.operations)
    on_step("operations_read")
    outcomes = ACTIONS[job_kind.verb](tx, job_kind.kind, waiting.account, drafts)
    on_step("rows_written")
    resource_type = job_kind.kind.type
    linkage: list[dict[str, str]] = []
    errors: list[dict[str, Any]] = []
    for draft, outcome in zip(drafts, outcomes, strict=True):
        if isinstance(outcome, OperationFault):
            errors.append(error_entry(job_kind, draft, outcome))
        else:
            linkage.append({"type": resource_type, "id": draft.id})
    ended = jobs.Job(
        job_id=waiting.job_id,
        type=waiting.type,
        status=Status.COMPLETE,
        created_at="",
        expires_at="",
        completed_at=clock.timestamp(clock.now()),
        total_count=len(drafts),
        completed_count=len(linkage),
        failed_count=len(errors),
        errors=msgspec.json.encode(errors).decode(),
        linkage=msgspec.json.encode(linkage).decode(),
    )
    if not jobs.complete(tx, waiting.account, ended):
        raise RuntimeError(f"job {waiting.job_id} came to its end while it was being applied")
    on_step("progress_written")


def error_entry(job_kind: JobKind, draft: Draft, fault: OperationFault) -> dict[str, Any]:
    """Write an operation's fault as a job shows it, in the newest shape.

    Members, their order, the missing index and the title without a full stop are observed; only
    `meta` tells which operation it was.
    """
    told_by = "external_id" if job_kind.verb is Verb.CREATE else "id"
    return {
        "id": clock.new_uuid(),
        "code": "invalid",
        "meta": {told_by: draft.external_id if job_kind.verb is Verb.CREATE else draft.id},
        "title": "Invalid input",
        "detail": fault.detail,
        "source": {"pointer": f"/data/attributes/{job_kind.member}/data{fault.pointer}"},
    }
