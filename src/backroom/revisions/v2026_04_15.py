"""2026-04-15: relationships in more places."""

from __future__ import annotations

from typing import Any

from backroom.catalog.kinds import Verb
from backroom.catalog.operations import Operation, Shape
from backroom.revisions.change import Change, resources


class RelateIncludedResources(Change):
    """Included resources have `relationships`."""

    shapes = frozenset({Shape.LIST, Shape.ONE, Shape.JOB_GET})

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for resource in document.get("included", ()):
            resource.pop("relationships", None)


class NameDeletedResources(Change):
    """Reading a delete job shows the deleted resources in its relationship, as up to 2023-10-15.

    In between, the relationship was left out.
    """

    shapes = frozenset({Shape.JOB_GET, Shape.JOB_LIST})
    floor = "2023-12-15"

    def touches(self, operation: Operation) -> bool:
        return super().touches(operation) and operation.job_kind.verb is Verb.DELETE

    def down(self, operation: Operation, document: dict[str, Any]) -> None:  # noqa: ARG002
        for job in resources(document):
            job.pop("relationships", None)
