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
    tx.exclusively(f"{account} jobs")
    if jobs.count_in_progress(tx, account) >= lifecycle.MOST_IN_PROGRESS:
        raise Throttled(
            _RETRY_SECONDS,
            f"The maximum number of jobs in progress at one time is {lifecycle.MOST_IN_PROGRESS}.",
        )
    created_at = clock.now()
    job = jobs.Job(
        job_id=clock.new_ulid(created_at, jobs.latest_id(tx, account)),
        type=job_kind.type,
        status=status,
        created_at=clock.timestamp(created_at),
        expires_at=clock.timestamp(lifecycle.expires_at(created_at)),
        completed_at=None,
        total_count=total,
    )
    jobs.insert(tx, account, job, operations)
    return job
