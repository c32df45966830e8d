"""Applying one job: its operations by the actions, then its counts, in one transaction.

There are three ways, each for jobs that the one before could not apply:

1. `apply` gives all operations to the actions at once, which takes the fewest statements. If one of
   them fails by a fault of the server, nothing is written.
2. `apply_apart` gives them one by one, each in a savepoint. One that fails so fails alone. With
   `Care` this holds for one that ends the transaction, too, as far as it does so again and again.
3. `give_up` applies none, and says that all of them have failed.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.actions import ACTIONS
from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import JOB_KINDS, JobKind, Verb
from backroom.errors import OperationFault, ServerError
from backroom.jobs.lifecycle import Status
from backroom.store import jobs
from backroom.store.database import Undone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from backroom.actions import Outcome
    from backroom.store.database import Transaction

_drafts = msgspec.json.Decoder(list[Draft])
_FAILED = OperationFault(ServerError.title, "")
"""What an entry says of an operation at which the server failed. The log says why."""


def apply(tx: Transaction, waiting: jobs.Waiting, on_step: Callable[[str], None]) -> None:
    """Apply all operations of a job, and complete it. One that fails does not stop the others.

    Raises `RuntimeError` where the job was completed by somebody else meanwhile, which the lock of
    its account forbids. Whatever else it raises is a fault of the server.
    """
    job_kind = JOB_KINDS[waiting.type]
    drafts = _drafts.decode(waiting.operations)
    on_step("operations_read")
    outcomes = ACTIONS[job_kind.verb](tx, job_kind.kind, waiting.account, drafts)
    _complete_job(tx, waiting, zip(drafts, outcomes, strict=True), on_step)


@dataclass
class Care:
    """Who is to blame where the whole transaction fails, again and again, at one operation.

    Operations at the places `skipped` fail without being tried, as do all after `until`, in seconds
    of the monotonic clock. `under_way` is the place of the one that is being tried.
    """

    until: float
    skipped: set[int] = field(default_factory=set)
    under_way: int | None = None


def apply_apart(
    tx: Transaction,
    waiting: jobs.Waiting,
    on_step: Callable[[str], None],
    care: Care | None = None,
) -> list[BaseException | None]:
    """Do the same, but let an operation at which the server fails fail alone.

    Gives why the server failed, for each of these operations.
    """
    job_kind = JOB_KINDS[waiting.type]
    action = ACTIONS[job_kind.verb]
    drafts = _drafts.decode(waiting.operations)
    on_step("operations_read")
    outcomes: list[tuple[Draft, Outcome]] = []
    causes: list[BaseException | None] = []
    for place, draft in enumerate(drafts):
        try:
            if care is not None:
                _take_care(care, place)
            (outcome,) = tx.attempt(
                partial(action, tx, job_kind.kind, waiting.account, [draft]),
                anyhow=care is not None,
            )
        except Undone as undone:
            outcome = _FAILED
            causes.append(undone.__cause__)
        outcomes.append((draft, outcome))
    if care is not None:
        care.under_way = None
    _complete_job(tx, waiting, outcomes, on_step)
    return causes


def _take_care(care: Care, place: int) -> None:
    """Note that an operation is being tried. Raises `Undone` if it shall not be."""
    care.under_way = None
    if place in care.skipped or time.monotonic() > care.until:
        raise Undone
    care.under_way = place


def give_up(tx: Transaction, waiting: jobs.Waiting) -> None:
    """Complete a job none of whose operations were applied. All of them have failed."""
    try:
        drafts: list[Draft] = _drafts.decode(waiting.operations)
    except msgspec.MsgspecError:
        # Somebody has changed the operations. How many there were is known all the same.
        drafts = [Draft("")] * waiting.total_count
    _complete_job(tx, waiting, [(draft, _FAILED) for draft in drafts], lambda _: None)


def _complete_job(
    tx: Transaction,
    waiting: jobs.Waiting,
    outcomes: Iterable[tuple[Draft, Outcome]],
    on_step: Callable[[str], None],
) -> None:
    """Write what has become of a job's operations, whose rows are written."""
    on_step("rows_written")
    job_kind = JOB_KINDS[waiting.type]
    completed = 0
    linked: dict[str, None] = {}
    errors: list[dict[str, Any]] = []
    for draft, outcome in outcomes:
        if isinstance(outcome, OperationFault):
            errors.append(error_entry(job_kind, draft, outcome))
        else:
            completed += 1
            linked[draft.id] = None
    linkage = [{"type": job_kind.kind.type, "id": each} for each in linked]
    ended = jobs.Job(
        job_id=waiting.job_id,
        type=waiting.type,
        status=Status.COMPLETE,
        created_at="",
        expires_at="",
        completed_at=clock.timestamp(clock.now()),
        total_count=waiting.total_count,
        completed_count=completed,
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
