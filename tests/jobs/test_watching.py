"""Who watches jobs is shown how each has ended, once, and after it is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import events
from backroom.jobs.next_job import NextJob
from support.factories import ACCOUNT, a_creation, a_job, found, stored

if TYPE_CHECKING:
    from backroom.jobs.watching import JobEnd
    from backroom.store.database import Database, Transaction
    from backroom.store.jobs import Waiting


class SeenJobs:
    """A watcher that keeps what it is shown."""

    def __init__(self) -> None:
        self.ends: list[JobEnd] = []
        self.about: list[dict[str, str]] = []
        self.seen: list[tuple[str, str]] = []

    def begins(self, waiting: Waiting, tx: Transaction) -> Transaction:
        self.seen.append(("begins", waiting.job_id))
        return tx

    def ended(self, end: JobEnd) -> None:
        self.ends.append(end)

    def failed(self, waiting: Waiting) -> None:
        self.seen.append(("failed", waiting.job_id))

    def set_aside(self, waiting: Waiting) -> None:
        self.seen.append(("set aside", waiting.job_id))


def test_end_of_a_job_is_shown_once(database: Database) -> None:
    seen, next_job = SeenJobs(), NextJob(database)
    next_job.watch.add(seen)
    job = stored(database, a_job(), a_creation("item", "a"))
    assert next_job.apply(lambda _: ACCOUNT)
    assert not next_job.apply(lambda _: ACCOUNT)
    (end,) = seen.ends
    assert (end.waiting.job_id, end.job.completed_count) == (job.job_id, 1)
    assert found(database, job).status == "complete"
    assert end.seconds > 0
    assert seen.seen == [("begins", job.job_id)]


def test_steps_name_the_job_in_their_lines(database: Database) -> None:
    about: list[dict[str, str]] = []

    def on_step(step: str) -> None:
        if step == "rows_written":
            about.append(dict(events.ABOUT.get()))

    job = stored(database, a_job(), a_creation("item", "a"))
    NextJob(database, on_step=on_step).apply(lambda _: ACCOUNT)
    assert about == [{"job_id": job.job_id, "account": ACCOUNT}]


def test_job_that_is_undone_has_no_end(database: Database) -> None:
    seen = SeenJobs()

    def on_step(step: str) -> None:
        if step == "progress_written" and not seen.seen[1:]:
            raise RuntimeError

    next_job = NextJob(database, on_step=on_step)
    next_job.watch.add(seen)
    stored(database, a_job(), a_creation("item", "a"))
    assert next_job.apply(lambda _: ACCOUNT)
    assert len(seen.ends) == 1
