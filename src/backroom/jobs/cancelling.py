"""Cancelling a job that waits, for somebody who looks after the server.

No operation of the API does this. A worker that applies a job holds the lock of its account until
the job is complete. So a job is either cancelled with none of its operations applied, or complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.jobs.apply import cancel
from backroom.store import jobs

if TYPE_CHECKING:
    from backroom.store.database import Transaction


def cancel_waiting(tx: Transaction, account: str, job_id: str) -> bool:
    """Cancel a job in progress. False where it has ended, or where there is none."""
    tx.exclusively(account)
    waiting = jobs.waiting(tx, account, job_id)
    if waiting is None:
        return False
    cancel(tx, waiting)
    return True
