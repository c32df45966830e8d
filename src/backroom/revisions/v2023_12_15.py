"""2023-12-15: a job has its id where every resource has its id."""

from __future__ import annotations

from typing import Any

from backroom.catalog.operations import JOB_SHAPES, Operation
from backroom.revisions.change import Change, resources


class MoveJobIdToId(Change):
    """A job has its id in `id` instead of in `attributes.job_id`.

    Earlier revisions show both. The published documents name only `job_id`, but clients of the time
    read `id`.
    """

    shapes = JOB_SHAPES

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for job in resources(document):
            job["attributes"] = {"job_id": job["id"], **job["attributes"]}
