"""Jobs as values: one that is stored, one that is to be stored, one that waits to be applied."""

from __future__ import annotations

from typing import NamedTuple


class Job(NamedTuple):
    """One job. `errors` and `linkage` are JSON text as on the wire, times too."""

    job_id: str
    type: str
    status: str
    created_at: str
    expires_at: str
    completed_at: str | None
    total_count: int
    completed_count: int = 0
    failed_count: int = 0
    errors: str = "[]"
    linkage: str = "[]"


class Waiting(NamedTuple):
    """A job that is to be applied, with its operations as JSON text."""

    account: str
    job_id: str
    type: str
    status: str
    operations: str


class NewJob(NamedTuple):
    """A job that is to be stored, with its operations as JSON text."""

    account: str
    job: Job
    operations: str

    @property
    def lock(self) -> str:
        """What others who accept jobs of the account are kept out by, as in `exclusively`."""
        return f"{self.account} jobs"
