"""The workers on a page: when each was last alive, and the job that it applies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from backroom.dashboard.jobs import words_of
from backroom.store import keys
from backroom.store.job_search import find_job, oldest_in_progress_of

if TYPE_CHECKING:
    from backroom.dashboard.page import Dashboard
    from backroom.store.database import Transaction

WORKER_SILENT_SECONDS = 10.0
"""A worker that was not alive for so long has died, or has lost the database.

How long ago it was is shown from then on: otherwise the page would change all the time.
"""
_MOST_WORKERS_SHOWN = 50


class AtWork(NamedTuple):
    """A job that a worker applies now."""

    account: str
    account_name: str
    job_id: str
    words: str


class ShownWorker(NamedTuple):
    """A worker. `seconds` is how long ago it was alive, None for the one in this process."""

    name: str
    seconds: float | None
    at_work: list[AtWork]

    @property
    def is_silent(self) -> bool:
        """Whether its last heartbeat is too long ago."""
        return self.seconds is not None and self.seconds > WORKER_SILENT_SECONDS


def shown_workers(dashboard: Dashboard) -> dict[str, Any]:
    """Give what `workers.html` shows."""
    database = dashboard.control.database
    with database.read() as tx:
        found, processes = _registered(tx) if dashboard.is_shared else _embedded(dashboard, tx)
    if dashboard.is_shared:
        is_unmanned = all(each.is_silent for each in found)
    else:
        is_unmanned = dashboard.control.parts["state"]() == "missing"
    return {
        "workers": found[:_MOST_WORKERS_SHOWN],
        "is_unmanned": is_unmanned,
        "more_workers": max(len(found) - _MOST_WORKERS_SHOWN, 0),
        "processes": processes[:_MOST_WORKERS_SHOWN],
    }


def _embedded(dashboard: Dashboard, tx: Transaction) -> tuple[list[ShownWorker], list[Any]]:
    turns = dashboard.control.parts.get("turns")
    latest = None if turns is None else turns.latest
    at_work = [] if latest is None else _jobs_at(tx, latest[0], latest[1])
    return [ShownWorker("The worker of this server", None, at_work)], []


def _registered(tx: Transaction) -> tuple[list[ShownWorker], list[Any]]:
    """Give the queue workers, and the processes that have the database open."""
    # The driver is only installed for servers on PostgreSQL.
    from backroom.store import task_queue

    found = [
        ShownWorker(
            f"Worker {each.number}",
            each.seconds,
            [job for account in each.accounts for job in _jobs_at(tx, account)],
        )
        for each in task_queue.all_workers(tx)
    ]
    return found, list(task_queue.all_processes(tx))


def _jobs_at(tx: Transaction, account: str, job_id: str | None = None) -> list[AtWork]:
    """Give the oldest job of an account in progress, or the one named if it still is."""
    oldest = oldest_in_progress_of(tx, account) if job_id is None else job_id
    job = None if oldest is None else find_job(tx, account, oldest)
    if job is None or job.completed_at is not None:
        return []
    name = keys.account_name(tx, account) or account
    return [AtWork(account, name, job.job_id, words_of(job.type))]
