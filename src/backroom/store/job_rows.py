"""Jobs as values: a stored one, a new one, and one that waits for a worker."""

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
    """A job that waits for a worker, with its operations as JSON text.

    `tries` says how many times it could not be applied by a fault of the server. `trace` is that of
    the request which has made it, as a `traceparent`, where requests are traced.
    """

    account: str
    job_id: str
    type: str
    status: str
    operations: str
    total_count: int
    tries: int
    trace: str | None = None


class NewJob(NamedTuple):
    """A job that the database has still to accept, with its operations as JSON text.

    `trace` is the one that a `Waiting` has.
    """

    account: str
    job: Job
    operations: str
    trace: str | None = None

    @property
    def lock(self) -> str:
        """The lock of all who accept jobs of the account, as `exclusively` takes it."""
        return f"{self.account} jobs"
