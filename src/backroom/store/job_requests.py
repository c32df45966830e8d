"""The operations of complete jobs as they were sent: kept for a while, to be looked at.

They stand in the table in which operations wait. It has only the jobs in progress and those that
are kept, so a walk of it is short, however many jobs there are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.store.database import Transaction

_AFTER_ALL_IDS = "~"
"""Greater than every time and every id."""


def sent_operations(tx: Transaction, account: str, job_id: str) -> str | None:
    """Give the operations of a job as JSON, None where they are not kept."""
    row = tx.one(
        "select operations from job_operations where account = :account and job_id = :job_id",
        account=account,
        job_id=job_id,
    )
    return None if row is None else str(row[0])


def no_longer_kept(tx: Transaction, most: int, slice_size: int) -> list[tuple[str, str]]:
    """Give complete jobs whose operations can be dropped, as account and id.

    The `most` jobs that were completed last keep their operations, and so do the `most` newest with
    failures. At most `slice_size` of the others are given; there may be more.
    """
    completed = failed = _AFTER_ALL_IDS
    if most:
        completed = _value_at(
            tx,
            "select completed_at from jobs where completed_at is not null"
            " order by completed_at desc limit 1 offset :before",
            most,
        )
        failed = _value_at(
            tx,
            "select job_id from jobs where failed_count > 0"
            " order by job_id desc, account desc limit 1 offset :before",
            most,
        )
    # Neither engine makes a join of this, which might walk all jobs.
    rows = tx.all(
        "select account, job_id from job_operations as kept where coalesce((select"
        " case when failed_count = 0 or job_id < :failed then completed_at end from jobs"
        f" where account = kept.account and job_id = kept.job_id), '{_AFTER_ALL_IDS}') < :completed"
        " limit :slice_size",
        completed=completed,
        failed=failed,
        slice_size=slice_size,
    )
    return [(str(account), str(job_id)) for account, job_id in rows]


def _value_at(tx: Transaction, statement: str, place: int) -> str:
    """Give the value at a place of a list that begins with 1, an empty text beyond its end."""
    row = tx.one(statement, before=place - 1)
    return str(row[0]) if row else ""


def drop_operations(tx: Transaction, jobs: Sequence[tuple[str, str]]) -> None:
    """Drop the operations of some jobs, given as account and id."""
    tx.many("delete from job_operations where account = :account and job_id = :job_id", jobs)
