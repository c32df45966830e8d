"""Applying one job: its operations by the actions, then its counts, in one transaction."""

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
    """Apply all operations of a job, and complete it. One that fails does not stop the others.

    Raises `RuntimeError` where the job was completed by somebody else meanwhile, which the lock of
    its account forbids.
    """
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
        raise RuntimeError(f"job {waiting.job_id} was completed while it was being applied")
    on_step("progress_written")


def error_entry(job_kind: JobKind, draft: Draft, fault: OperationFault) -> dict[str, Any]:
    """Write an operation's fault as a job shows it, in the newest shape.

    The members, their order, the missing index and the title without a full stop are observed. Only
    `meta` says which operation has failed.
    """
    creates = job_kind.verb is Verb.CREATE
    return {
        "id": clock.new_uuid(),
        "code": "invalid",
        "meta": {"external_id": draft.external_id} if creates else {"id": draft.id},
        "title": "Invalid input",
        "detail": fault.detail,
        "source": {"pointer": f"/data/attributes/{job_kind.member}/data{fault.pointer}"},
    }
