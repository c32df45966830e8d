from __future__ import annotations

from backroom.catalog.operations import Shape
from backroom.revisions.v2023_12_15 import MoveJobIdToId
from support.factories import an_operation


def test_jobs_get_their_id_twice() -> None:
    document = {"data": {"id": "J", "attributes": {"status": "complete"}}}
    MoveJobIdToId().down(an_operation(), document)
    assert document == {"data": {"id": "J", "attributes": {"job_id": "J", "status": "complete"}}}


def test_job_id_stands_first() -> None:
    jobs = [{"id": name, "attributes": {"status": "complete"}} for name in "ab"]
    MoveJobIdToId().down(an_operation(shape=Shape.JOB_LIST), {"data": jobs})
    assert [list(job["attributes"]) for job in jobs] == [["job_id", "status"]] * 2
