"""The operations of a bulk job to a stored job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import clock
from backroom.errors import Throttled
from backroom.jobs import lifecycle
from backroom.store.jobs import Job, NewJob

if TYPE_CHECKING:
    from backroom.catalog.kinds import JobKind

_RETRY_AFTER_SECONDS = 1


def new_job(
    account: str, job_kind: JobKind, operations: str, total: int, status: lifecycle.Status
) -> NewJob:
    """Make a job of `total` encoded operations, as `Database.accept` takes it."""
    created_at = clock.now()
    job = Job(
        job_id=clock.new_ulid(created_at),
        type=job_kind.type,
        status=status,
        created_at=clock.timestamp(created_at),
        expires_at=clock.timestamp(lifecycle.expires_at(created_at)),
        completed_at=None,
        total_count=total,
    )
    return NewJob(account, job, operations)


def stored_job(new: NewJob, job_id: str | None) -> Job:
    """Give the job as it is stored, by the id that `Database.accept` has given.

    Raises `Throttled` if the account has as many in progress as it may: official clients then wait
    and try again.
    """
    if job_id is None:
        raise Throttled(
            _RETRY_AFTER_SECONDS,
            f"The maximum number of jobs in progress at one time is {lifecycle.MOST_IN_PROGRESS}.",
        )
    return new.job._replace(job_id=job_id)
