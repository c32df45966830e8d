"""2023-12-15: a job's id moves to where every resource has its own."""

from __future__ import annotations

from typing import Any

from backroom.catalog.operations import JOB_SHAPES, Operation
from backroom.revisions.change import Change, resources


class MoveJobIdToId(Change):
    """A job's `attributes.job_id` becomes its `id`.

    Older revisions get both: their documents have only the former, and real clients of their time
    read the latter.
    """

    shapes = JOB_SHAPES

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for job in resources(document):
            job["attributes"] = {"job_id": job["id"], **job["attributes"]}
