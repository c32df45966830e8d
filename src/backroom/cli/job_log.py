"""The lines of the access log about jobs: the process that applied a job logs its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import clock
from backroom.cli.logs import json_line, rfc_3339

if TYPE_CHECKING:
    from datetime import datetime

    from backroom.cli.access_log import LineWriter
    from backroom.jobs.watching import JobEnd
    from backroom.store.database import Transaction
    from backroom.store.jobs import Waiting

JOB_LOG_FIELDS = {
    "type": "The type of the job.",
    "status": "The status at the end: `complete` or `cancelled`.",
    "applied": "How many operations of the job were applied.",
    "failed": "How many operations of the job failed.",
    "waited_ms": "Milliseconds from the creation of the job until a worker began it.",
    "duration_ms": "Milliseconds from that moment until the job was complete, and on disk.",
}
"""What the line of a job has beside the fields of each line, with words for the reference."""


class JobLog:
    """Logs each job that has ended, as a line of JSON or as text."""

    def __init__(self, writer: LineWriter, *, as_json: bool) -> None:
        self._write = writer.write
        self._line = _json_of_job if as_json else _text_of_job

    def begins(self, _: Waiting, tx: Transaction) -> Transaction:
        return tx

    def ended(self, end: JobEnd) -> None:
        self._write(self._line, (clock.now(), end))

    def failed(self, _: Waiting) -> None:
        """Write nothing: a line of the log says why."""

    set_aside = failed


def _text_of_job(said: tuple[datetime, JobEnd]) -> str:
    at, end = said
    job = end.job
    counts = f"{job.completed_count}/{job.completed_count + job.failed_count}"
    return (
        f"{at:%H:%M:%S} job {job.type:42} {counts:>7} {job.job_id}"
        f" {end.seconds * 1000:9.2f} ms, after {end.waited * 1000:.0f} ms"
    )


def _json_of_job(said: tuple[datetime, JobEnd]) -> str:
    at, end = said
    job = end.job
    return json_line(
        {
            "timestamp": rfc_3339(at),
            "level": "info",
            "event": "job",
            "job_id": job.job_id,
            "account": end.waiting.account,
            "type": job.type,
            "status": str(job.status),
            "applied": job.completed_count,
            "failed": job.failed_count,
            "waited_ms": round(end.waited * 1000, 3),
            "duration_ms": round(end.seconds * 1000, 3),
        }
    )
