"""The operations of the API: one row for each, for every revision.

Scopes and rates are the published specifications'; names are the newest operation ids; statuses
are observed where the specification says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog.kinds import CATEGORY, ITEM, JOB_KINDS, KINDS, VARIANT, JobKind, Kind, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator


class Shape(StrEnum):
    """The groups of operations that are answered alike."""

    LIST = "list"
    IDS = "list of ids"
    ONE = "resource"
    CREATE = "creation"
    UPDATE = "update"
    DELETE = "deletion"
    ADD = "addition to a relationship"
    REPLACE = "replacement of a relationship"
    REMOVE = "removal from a relationship"
    JOB_LIST = "job list"
    JOB_GET = "job"
    JOB_POST = "job creation"
    SUBSCRIBE = "subscription to a variant's stock"
    ACCOUNTS = "list of the account"
    ACCOUNT = "account"
    KEPT_LIST = "list of what is kept"
    KEEP_PROFILE = "profile that is kept"
    KEEP = "request that is kept"


JOB_SHAPES = frozenset({Shape.JOB_LIST, Shape.JOB_GET, Shape.JOB_POST})
RESOURCE_SHAPES = frozenset({Shape.LIST, Shape.ONE, Shape.CREATE, Shape.UPDATE})
"""The shapes that answer with whole items, variants or categories."""
LINK_SHAPES = frozenset({Shape.ADD, Shape.REPLACE, Shape.REMOVE})


class Rate(NamedTuple):
    """Requests allowed in a second and in a minute."""

    burst: int
    steady: int


@dataclass(frozen=True, eq=False)
class RateClass:
    """The rates of a group of operations, each from its revision on, newest first."""

    steps: tuple[tuple[str, Rate], ...]

    @cache  # noqa: B019 - there are four of them
    def at(self, revision: str) -> Rate:
        """Give the rate in force at `revision`."""
        return next(rate for since, rate in self.steps if revision >= since)


READS = RateClass((("", Rate(350, 3500)),))
WRITES = RateClass((("2026-01-15", Rate(75, 750)), ("", Rate(75, 700))))
JOB_READS = RateClass((("2026-04-15", Rate(75, 750)), ("", Rate(350, 3500))))

BODY_LIMITS = (("2023-12-15", 5_000_000), ("", 4_000_000))
"""Bytes of a decompressed body, from a revision on, newest first: the documented 5 MB and 4 MB."""
MOST_OPERATIONS = 100
"""Operations in one job (documented)."""

FIELDS_ON_WRITES_SINCE = "2026-04-15"
PAGE_SIZE_DOCUMENTED_SINCE = "2026-04-15"
"""Lists take `page[size]` in all revisions (observed since May 2026)."""
FILTERED_IDS_SINCE = "2024-10-15"
NESTED_BULK_SINCE = "2023-07-15"
"""Since this revision, bulk bodies are the shape that imports send."""
JOB_ID_FIELD_UNTIL = "2023-12-15"
ID_FIELD_SINCE = "2026-04-15"


def body_limit(revision: str) -> int:
    """Give how many bytes a decompressed body may have at `revision`."""
    return next(limit for since, limit in BODY_LIMITS if revision >= since)


READ_SCOPE = "catalogs:read"
"""The scope of a key that reads catalogs."""


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation. `path` has `{id}` where an id stands, and no slash at its end.

    `kind` is the kind that it answers with or writes; `parent` the kind whose id stands in the path
    of a related list, `relation` the relationship there; `bulk` the kind of job that it is about.
    """

    name: str
    method: str
    path: str
    shape: Shape
    kind: Kind
    rates: RateClass
    status: int
    bulk: JobKind | None = None
    parent: Kind | None = None
    relation: str = ""
    since: str = ""

    @property
    def job_kind(self) -> JobKind:
        """The kind of job that it is about, for the shapes that are about one."""
        assert self.bulk is not None, self.name  # noqa: S101 - a row of the table is wrong
        return self.bulk

    @property
    def scope(self) -> str:
        """The scope that a key needs for it."""
        return READ_SCOPE if self.method == "GET" else "catalogs:write"

    def lacking(self, scopes: frozenset[str], _: str) -> str:
        """Name what a key with `scopes` lacks for it in a revision. Empty if nothing."""
        return "" if self.scope in scopes else self.scope

    @property
    def paged(self) -> bool:
        """Whether it answers with a page of many."""
        return self.shape in {Shape.LIST, Shape.IDS, Shape.JOB_LIST}

    @property
    def has_body(self) -> bool:
        """Whether a request brings a body."""
        return self.method != "GET" and self.shape is not Shape.DELETE

    @property
    def writes_catalog(self) -> bool:
        """Whether it changes items, variants, categories or their links at once."""
        return self.method != "GET" and self.shape is not Shape.JOB_POST

    @property
    def resource_type(self) -> str:
        """The `type` of what it is about."""
        return self.bulk.type if self.bulk else self.kind.type

    @property
    def includes(self) -> tuple[str, ...]:
        """What its `include` may name."""
        if self.shape is Shape.JOB_GET:
            return self.job_kind.includes
        # Of the resources, only items can bring others along: their variants.
        if self.shape in {Shape.LIST, Shape.ONE} and self.kind is ITEM:
            return (ITEM.shown.name,)
        return ()

    @property
    def included_kind(self) -> Kind | None:
        """The kind of what `include` brings along."""
        if not self.includes:
            return None
        return self.kind if self.bulk else KINDS[self.kind.shown.target]


def _job_operations(job_kind: JobKind) -> Iterator[Operation]:
    kind, verb = job_kind.kind, job_kind.verb
    # The published names leave "catalog" out for all kinds but items.
    noun = kind.plural if kind is not ITEM else f"catalog_{kind.plural}"
    # Only jobs that leave something behind, and of kinds that the specification lists, slow down.
    slowed = verb is not Verb.DELETE and kind is not CATEGORY
    reads = JOB_READS if slowed else READS
    collection = f"/api/{job_kind.collection}"
    rows = (
        (f"get_bulk_{verb}_{noun}_jobs", "GET", "", Shape.JOB_LIST, reads, 200),
        (f"bulk_{verb}_catalog_{kind.plural}", "POST", "", Shape.JOB_POST, WRITES, 202),
        (f"get_bulk_{verb}_{noun}_job", "GET", "/{id}", Shape.JOB_GET, reads, 200),
    )
    for name, method, end, shape, rates, status in rows:
        yield Operation(name, method, collection + end, shape, kind, rates, status, bulk=job_kind)


def _resource_operations(kind: Kind) -> Iterator[Operation]:
    many, one = f"/api/{kind.collection}", f"/api/{kind.collection}/{{id}}"
    rows = (
        (f"get_catalog_{kind.plural}", "GET", many, Shape.LIST, READS, 200),
        (f"create_catalog_{kind.name}", "POST", many, Shape.CREATE, WRITES, 201),
        (f"get_catalog_{kind.name}", "GET", one, Shape.ONE, READS, 200),
        (f"update_catalog_{kind.name}", "PATCH", one, Shape.UPDATE, WRITES, 200),
        (f"delete_catalog_{kind.name}", "DELETE", one, Shape.DELETE, WRITES, 204),
    )
    for name, method, path, shape, rates, status in rows:
        yield Operation(name, method, path, shape, kind, rates, status)


def _related_operations(parent: Kind, kind: Kind, since: str = "") -> Iterator[Operation]:
    """Make the related list and the list of related ids; `since` is the latter's."""
    one = f"/api/{parent.collection}/{{id}}"
    rows = (
        (f"get_{kind.plural}_for_catalog_{parent.name}", kind.plural, Shape.LIST, ""),
        (
            f"get_{kind.name}_ids_for_catalog_{parent.name}",
            f"relationships/{kind.plural}",
            Shape.IDS,
            since,
        ),
    )
    for name, end, shape, from_revision in rows:
        yield Operation(
            name,
            "GET",
            f"{one}/{end}",
            shape,
            kind,
            READS,
            200,
            parent=parent,
            relation=kind.plural,
            since=from_revision,
        )


def _link_operations(parent: Kind, kind: Kind, replaced: int) -> Iterator[Operation]:
    """Make the writes of a relationship; `replaced` is the observed status of its PATCH."""
    path = f"/api/{parent.collection}/{{id}}/relationships/{kind.plural}"
    rows = (
        (f"add_{kind.plural}_to", "POST", Shape.ADD, 204),
        (f"update_{kind.plural}_for", "PATCH", Shape.REPLACE, replaced),
        (f"remove_{kind.plural}_from", "DELETE", Shape.REMOVE, 204),
    )
    for name, method, shape, status in rows:
        yield Operation(
            f"{name}_catalog_{parent.name}",
            method,
            path,
            shape,
            kind,
            WRITES,
            status,
            parent=parent,
            relation=kind.plural,
        )


OPERATIONS = (
    *_resource_operations(ITEM),
    *_resource_operations(VARIANT),
    *_resource_operations(CATEGORY),
    *_related_operations(ITEM, VARIANT, since="2024-10-15"),
    *_related_operations(ITEM, CATEGORY),
    *_related_operations(CATEGORY, ITEM),
    # The specification has 204 for both; the service has been seen to answer an item's with 200.
    *_link_operations(ITEM, CATEGORY, replaced=200),
    *_link_operations(CATEGORY, ITEM, replaced=204),
    *(each for job_kind in JOB_KINDS.values() for each in _job_operations(job_kind)),
)
