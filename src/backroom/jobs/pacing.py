"""The hook by which a test sets the pace of jobs. `testing/pace.py` uses it.

Without a pace the only cost is to see that there is none. With one, each job has a step that it may
take next. A job for which no test planned anything takes the usual step: the job is applied when
its delay is over. A job that may not take its step yet is passed over, and the later jobs of its
account go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from backroom.catalog.drafts import Draft
    from backroom.errors import OperationFault
    from backroom.store.jobs import NewJob, Waiting


class Step(StrEnum):
    """What a worker does next with a job."""

    USUAL = "usual"
    BEGIN = "begin"
    """Move it from `queued` to `processing`."""
    COUNT = "count"
    """Apply it and show its counts, but leave it `processing` (observed)."""
    COMPLETE = "complete"
    CANCEL = "cancel"


class Pace(Protocol):
    """Decides when jobs go on. Workers and requests ask, each in its own thread."""

    def planned(self, new: NewJob) -> NewJob:
        """Plan a job before the database accepts it. Give it with the status in which it begins.

        Until `accepted` says under which id it is stored, its account has no usual jobs: one of
        them might be this job, under another id.
        """

    def accepted(self, new: NewJob, job_id: str | None) -> None:
        """Note under which id a planned job is stored, None where it is not."""

    def next_step(self, account: str, job_id: str) -> Step | None:
        """Give the step that a job may take now, None where it has to wait."""

    def took(self, waiting: Waiting, step: Step) -> None:
        """Note that a job has taken a step, which is committed."""

    def failing(self, waiting: Waiting, drafts: Sequence[Draft]) -> dict[int, OperationFault]:
        """Give which operations of a job fail without being applied, by their places."""

    def note_read(self, account: str, job_id: str) -> None:
        """Note that a client is about to get an answer that shows a job."""

    def when_waiting(self, account: str, job_id: str, then: Callable[[], None]) -> None:
        """Call `then` once, from any thread, when a job has ended or its next step has to wait."""


@dataclass
class Pacing:
    """Where a server, its worker and its tests meet: the pace of jobs, if a test has set one."""

    pace: Pace | None = None
