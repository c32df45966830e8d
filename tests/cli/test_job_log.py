"""What the access log says of jobs."""

from __future__ import annotations

import io
import json
import re

from backroom.cli.access_log import LineWriter
from backroom.cli.job_log import JOB_LOG_FIELDS, JobLog
from backroom.cli.logs import LOG_FIELDS
from backroom.jobs.watching import JobEnd
from backroom.store.jobs import Waiting
from support.factories import a_job


def line_of_job(*, as_json: bool) -> str:
    stream = io.StringIO()
    writer = LineWriter(stream)
    job = a_job()._replace(status="complete", completed_count=2, failed_count=1)
    waiting = Waiting("shop", job.job_id, job.type, "processing", "", 3, 0)
    JobLog(writer, as_json=as_json).ended(JobEnd(waiting, job, 0.012, 0.0, 0.0038))
    writer.close()
    return stream.getvalue()


def test_json_of_jobs_has_documented_members() -> None:
    line = json.loads(line_of_job(as_json=True))
    assert line.keys() <= JOB_LOG_FIELDS.keys() | LOG_FIELDS.keys()
    assert (line["event"], line["account"], line["applied"], line["failed"]) == (
        "job",
        "shop",
        2,
        1,
    )


def test_text_of_jobs_fits_a_line() -> None:
    line = line_of_job(as_json=False)
    assert re.fullmatch(r"\d\d:\d\d:\d\d job \S+ +2/3 \w{26} +3\.80 ms, after 12 ms\n", line)
