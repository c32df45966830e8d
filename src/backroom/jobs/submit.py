"""Drafts to a stored job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom import clock
from backroom.errors import Throttled
from backroom.jobs import lifecycle
from backroom.store import jobs

if TYPE_CHECKING:
    from backroom.catalog.drafts import Draft
    from backroom.catalog.kinds import JobKind
    from backroom.store.database import Transaction
    from backroom.store.jobs import Job

_RETRY_SECONDS = 1


def encode(drafts: list[Draft]) -> str:
    """Write drafts as they wait in the store."""
    return msgspec.json.encode(drafts).decode()


def submit(
    tx: Transaction,
    account: str,
    job_kind: JobKind,
    operations: str,
    total: int,
    status: lifecycle.Status,
) -> Job:
    """Store a job of `total` encoded operations, and give it.

    Raises `Throttled` where the account has as many in progress as it may: official clients then
    wait and try again.
    """
    # One after the other, on however many servers: else a job could be seen, and applied, before
    # one with a lesser id that is committed later; and several could count the same jobs.
    one_at_a_time = f"{account} jobs"
    created_at = clock.now()
    job = jobs.Job(
        job_id=clock.new_ulid(created_at),
        type=job_kind.type,
        status=status,
        created_at=clock.timestamp(created_at),
        expires_at=clock.timestamp(lifecycle.expires_at(created_at)),
        completed_at=None,
        total_count=total,
    )
    most = lifecycle.MOST_IN_PROGRESS
    if accepted := jobs.accept(tx, one_at_a_time, account, job, operations, most):
        return job._replace(job_id=accepted)
    tx.exclusively(one_at_a_time)
    if jobs.count_in_progress(tx, account) >= most:
        raise Throttled(
            _RETRY_SECONDS,
            f"The maximum number of jobs in progress at one time is {most}.",
        )
    job = job._replace(job_id=clock.new_ulid(created_at, jobs.latest_id(tx, account)))
    jobs.insert(tx, account, job, operations)
    return job
