"""Applying one job: its operations by the actions, then its counts, in one transaction.

There are three ways, each for jobs that the one before could not apply:

1. `apply` gives all operations to the actions at once, which takes the fewest statements. If one of
   them fails by a fault of the server, nothing is written.
2. `apply_apart` gives them one by one, each in a savepoint. An operation that fails there fails
   alone. With `Care` this is also true of an operation that ends the whole transaction each time it
   is tried.
3. `give_up` applies none, and says that all of them have failed.

A test may make operations fail without being applied: `Failing` says which. It may have a job show
its counts before it completes, with the step `COUNT`. Then the job keeps its results beside its
operations until it is complete. So the operations are not applied again, even after a crash.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

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
_SERVER_FAILED = OperationFault(ServerError.title, "")
"""What an entry says of an operation at which the server failed. The log says why."""


class Applied(msgspec.Struct):
    """What a job that was applied keeps until it is complete."""

    completed: int
    errors: list[dict[str, Any]]
    linkage: list[dict[str, str]]


class Ending(NamedTuple):
    """How a job ends: which operations fail unapplied, and whether only its counts are shown.

    `keeps` says that a complete job keeps its operations for a while.
    """

    failing: Callable[[list[Draft]], dict[int, OperationFault]] | None = None
    counts_only: bool = False
    keeps: bool = True


_AS_USUAL = Ending()
_applied = msgspec.json.Decoder(Applied)


def apply(
    tx: Transaction,
    waiting: jobs.Waiting,
    on_step: Callable[[str], None],
    ending: Ending = _AS_USUAL,
) -> jobs.Job:
    """Apply all operations of a job, and complete it. One that fails does not stop the others.

    Gives the job as it has ended. Raises `RuntimeError` where the job was completed by somebody
    else meanwhile, which the lock of its account forbids. Whatever else it raises is a fault of the
    server.
    """
    if _was_applied(waiting):
        return _end(tx, waiting, _applied.decode(waiting.operations), on_step, ending)
    job_kind = JOB_KINDS[waiting.type]
    drafts = _drafts.decode(waiting.operations)
    on_step("operations_read")
    failing = ending.failing(drafts) if ending.failing else {}
    sound = [each for place, each in enumerate(drafts) if place not in failing]
    done = iter(ACTIONS[job_kind.verb](tx, job_kind.kind, waiting.account, sound))
    outcomes = [failing[n] if n in failing else next(done) for n in range(len(drafts))]
    return _complete_job(tx, waiting, zip(drafts, outcomes, strict=True), on_step, ending)


@dataclass
class Care:
    """Finds the operation at which the whole transaction fails each time.

    Operations at the places `skipped` fail without a try. After `until`, in seconds of the
    monotonic clock, all operations do. `under_way` is the place of the one that is being tried.
    """

    until: float
    skipped: set[int] = field(default_factory=set)
    under_way: int | None = None


def apply_apart(
    tx: Transaction,
    waiting: jobs.Waiting,
    on_step: Callable[[str], None],
    care: Care | None = None,
    ending: Ending = _AS_USUAL,
) -> tuple[jobs.Job, list[BaseException | None]]:
    """Apply the operations one by one. One at which the server fails, fails alone.

    Gives the job, and why the server failed at each of these operations.
    """
    job_kind = JOB_KINDS[waiting.type]
    action = ACTIONS[job_kind.verb]
    drafts = _drafts.decode(waiting.operations)
    on_step("operations_read")
    failing = ending.failing(drafts) if ending.failing else {}
    outcomes: list[tuple[Draft, Outcome]] = []
    causes: list[BaseException | None] = []
    for place, draft in enumerate(drafts):
        if place in failing:
            outcomes.append((draft, failing[place]))
            continue
        try:
            if care is not None:
                _take_care(care, place)
            (outcome,) = tx.attempt(
                partial(action, tx, job_kind.kind, waiting.account, [draft]),
                anyhow=care is not None,
            )
        except Undone as undone:
            outcome = _SERVER_FAILED
            causes.append(undone.__cause__)
        outcomes.append((draft, outcome))
    if care is not None:
        care.under_way = None
    return _complete_job(tx, waiting, outcomes, on_step, ending), causes


def _take_care(care: Care, place: int) -> None:
    """Note that an operation is being tried. Raises `Undone` if the operation must not be tried."""
    care.under_way = None
    if place in care.skipped or time.monotonic() > care.until:
        raise Undone
    care.under_way = place


def give_up(tx: Transaction, waiting: jobs.Waiting) -> jobs.Job:
    """Complete a job with all its operations failed: none was applied."""
    try:
        drafts: list[Draft] = _drafts.decode(waiting.operations)
    except msgspec.MsgspecError:
        # Somebody has changed the operations. How many there were is known all the same.
        drafts = [Draft("")] * waiting.total_count
    return _complete_job(tx, waiting, [(draft, _SERVER_FAILED) for draft in drafts], lambda _: None)


def cancel(tx: Transaction, waiting: jobs.Waiting) -> jobs.Job:
    """End a job as cancelled, with none of its operations applied, or with all that were."""
    kept = _applied.decode(waiting.operations) if _was_applied(waiting) else Applied(0, [], [])
    ended = _ended(waiting, kept, Status.CANCELLED)
    if not jobs.complete(tx, waiting.account, ended):
        raise RuntimeError(f"job {waiting.job_id} was completed while it was being cancelled")
    return ended


def _was_applied(waiting: jobs.Waiting) -> bool:
    # An `Applied` is a JSON object, while operations are a list.
    return waiting.operations.startswith("{")


def _complete_job(
    tx: Transaction,
    waiting: jobs.Waiting,
    outcomes: Iterable[tuple[Draft, Outcome]],
    on_step: Callable[[str], None],
    ending: Ending = _AS_USUAL,
) -> jobs.Job:
    """Write the results of a job's operations. Their rows are written already."""
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
    return _end(tx, waiting, Applied(completed, errors, linkage), on_step, ending)


def _end(
    tx: Transaction,
    waiting: jobs.Waiting,
    applied: Applied,
    on_step: Callable[[str], None],
    ending: Ending,
) -> jobs.Job:
    """Write the counts and errors of a job, and complete it unless only the counts change."""
    ended = _ended(waiting, applied, Status.COMPLETE)
    if ending.counts_only:
        kept = msgspec.json.encode(applied).decode()
        jobs.show_counts(tx, waiting.account, ended, kept)
    elif not jobs.complete(tx, waiting.account, ended, keeps=ending.keeps):
        raise RuntimeError(f"job {waiting.job_id} was completed while it was being applied")
    on_step("progress_written")
    return ended


def _ended(waiting: jobs.Waiting, applied: Applied, status: Status) -> jobs.Job:
    return jobs.Job(
        job_id=waiting.job_id,
        type=waiting.type,
        status=status,
        created_at="",
        expires_at="",
        completed_at=clock.timestamp(clock.now()),
        total_count=waiting.total_count,
        completed_count=applied.completed,
        failed_count=len(applied.errors),
        errors=msgspec.json.encode(applied.errors).decode(),
        linkage=msgspec.json.encode(applied.linkage).decode(),
    )


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
