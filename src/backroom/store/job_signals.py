"""What operators watch of the jobs in a database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import clock
from backroom.store.signals import Signal

if TYPE_CHECKING:
    from backroom.store.database import Transaction

MOST_COUNTED = 100_000
"""Jobs in progress that `job_signals` looks at: a server that has more counts these."""


def job_signals(tx: Transaction) -> list[Signal]:
    """Count the jobs in progress by type and status, and say how old the oldest is, if any is.

    The index of jobs in progress has them: complete jobs cost nothing.
    """
    rows = tx.all(
        "select type, status, count(*), min(job_id) from (select type, status, job_id from jobs"
        " where completed_at is null limit :most) as counted group by type, status",
        most=MOST_COUNTED,
    )
    now = clock.now()
    ages = [(now - clock.ulid_moment(row[3])).total_seconds() for row in rows]
    counts = [
        Signal("jobs", count, (("type", type_), ("status", status)))
        for type_, status, count, _ in rows
    ]
    return [*counts, Signal("job_oldest_waiting_seconds", max([0.0, *ages]))]
