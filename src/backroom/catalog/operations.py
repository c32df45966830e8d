"""What can be asked of a catalog: one row for each operation of the API, in every revision.

Scopes and rates are the published specifications'; names are the newest operation ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backroom.catalog.kinds import JOB_KINDS, JobKind, Kind, Verb


class Shape(StrEnum):
    """The groups of operations that are answered alike."""

    JOB_LIST = "job list"
    JOB_GET = "job"
    JOB_POST = "job creation"


@dataclass(frozen=True)
class Rate:
    """Requests allowed in a second and in a minute."""

    burst: int
    steady: int


@dataclass(frozen=True)
class RateClass:
    """The rates of a group of operations, each from its revision on, newest first."""

    steps: tuple[tuple[str, Rate], ...]

    def at(self, revision: str) -> Rate:
        """Give the rate in force at `revision`."""
        return next(rate for since, rate in self.steps if revision >= since)


READS = RateClass((("", Rate(350, 3500)),))
WRITES = RateClass((("2026-01-15", Rate(75, 750)), ("", Rate(75, 700))))
JOB_READS = RateClass((("2026-04-15", Rate(75, 750)), ("", Rate(350, 3500))))


BODY_LIMITS = (("2023-12-15", 5_000_000), ("", 4_000_000))
"""Bytes of a decompressed body, from a revision on, newest first: the documented 5 MB and 4 MB."""


def body_limit(revision: str) -> int:
    """Give how many bytes a decompressed body may have at `revision`."""
    return next(limit for since, limit in BODY_LIMITS if revision >= since)


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation. `path` has `{id}` where an id stands, and no slash at its end."""

    name: str
    method: str
    path: str
    shape: Shape
    kind: Kind
    job_kind: JobKind
    rates: RateClass
    since: str = ""

    @property
    def scope(self) -> str:
        """The scope that a key needs for it."""
        return "catalogs:read" if self.method == "GET" else "catalogs:write"

    @property
    def status(self) -> int:
        """The status of its success."""
        return 202 if self.shape is Shape.JOB_POST else 200

    @property
    def paged(self) -> bool:
        """Whether it answers with a page of many."""
        return self.shape is Shape.JOB_LIST

    @property
    def resource_type(self) -> str:
        """The `type` of what it answers with."""
        return self.job_kind.type

    @property
    def includes(self) -> tuple[str, ...]:
        """What its `include` may name."""
        return self.job_kind.includes if self.shape is Shape.JOB_GET else ()


def _job_operations(job_kind: JobKind) -> tuple[Operation, ...]:
    kind, verb = job_kind.kind, job_kind.verb
    # The published names leave "catalog" out for all kinds but items.
    noun = kind.plural if kind.name != "item" else f"catalog_{kind.plural}"
    # Only jobs that leave something behind, and of kinds that the specification lists, slow down.
    slowed = verb is not Verb.DELETE and kind.name != "category"
    reads = JOB_READS if slowed else READS
    collection = f"/api/{job_kind.collection}"
    rows = (
        (f"get_bulk_{verb}_{noun}_jobs", "GET", "", Shape.JOB_LIST, reads),
        (f"bulk_{verb}_catalog_{kind.plural}", "POST", "", Shape.JOB_POST, WRITES),
        (f"get_bulk_{verb}_{noun}_job", "GET", "/{id}", Shape.JOB_GET, reads),
    )
    return tuple(
        Operation(name, method, collection + end, shape, kind, job_kind, rates)
        for name, method, end, shape, rates in rows
    )


OPERATIONS = tuple(
    operation for job_kind in JOB_KINDS.values() for operation in _job_operations(job_kind)
)
