"""What each revision changed, in words: for `backroom revisions` and for the reference page.

The changes of the ladder have descriptions of their own. The rest stands in tables, as dates of
operations, parameters, attributes and rates.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from backroom.catalog.kinds import KINDS
from backroom.catalog.operations import (
    BODY_LIMITS,
    FIELDS_ON_WRITES_SINCE,
    FILTERED_IDS_SINCE,
    ID_FIELD_SINCE,
    JOB_ID_FIELD_UNTIL,
    OPERATIONS,
    PAGE_SIZE_DOCUMENTED_SINCE,
    Shape,
)
from backroom.revisions import LADDER, REVISIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.catalog.kinds import Relation
    from backroom.catalog.operations import Operation


def changes(date: str) -> list[str]:
    """Give what the revision of `date` changed, a sentence or more for each change."""
    described = [change.description for change in LADDER[date]]
    return [*described, *_of_tables(date), *_of_pages(date)]


def _before(date: str) -> str | None:
    """Give the revision before the one of `date`, None for the oldest."""
    return next((earlier for earlier, later in pairwise(REVISIONS) if later == date), None)


def _of_pages(date: str) -> Iterator[str]:
    """Give what a date changed in the links of pages, and in the linkage of relationships."""
    before = _before(date)
    if before is None:
        return
    now, then = REVISIONS[date], REVISIONS[before]
    if then.links_first_and_last and not now.links_first_and_last:
        yield "A page no longer links the first and the last page."
    for operation in OPERATIONS:
        if operation.parent or operation.shape not in {Shape.ONE, Shape.CREATE}:
            continue
        if now.shows_linkage(operation) != then.shows_linkage(operation):
            have = "have" if now.shows_linkage(operation) else "no longer have"
            yield (
                f"The relationships of {_answered(operation)} {have} `data`, though nothing is"
                " included."
            )


def _answered(operation: Operation) -> str:
    one = operation.kind.with_article.lower()
    return f"{one} that is read" if operation.shape is Shape.ONE else f"{one} that was written"


def _of_tables(date: str) -> Iterator[str]:
    """Give what the tables add, remove, require or allow from a date on."""
    for kind in KINDS.values():
        yield from (
            f"An update of {kind.with_article.lower()} may give `{attribute.name}`."
            for attribute in kind.attributes
            if attribute.update_since == date
        )
        for relation in kind.relations:
            yield from _relating(date, kind.with_article.lower(), relation)
    for operation in OPERATIONS:
        if operation.since == date:
            yield f"`{operation.method} {operation.path}` is new."
    for (since, now), (_, before) in pairwise(BODY_LIMITS):
        if since == date:
            yield f"A body may have {now:,} bytes after decompression, instead of {before:,}."
    yield from _asking(date)
    yield from _rating(date)


def _asking(date: str) -> Iterator[str]:
    """Give the query parameters that a date added or removed, and the fields they may name."""
    if date == PAGE_SIZE_DOCUMENTED_SINCE:
        yield "`page[size]` of lists of resources or of ids is documented. All revisions take it."
    if date == FILTERED_IDS_SINCE:
        yield "A list of ids takes `filter` and `sort`."
    if date == FIELDS_ON_WRITES_SINCE:
        yield "A write that answers with a resource or a job takes `fields[…]`."
    if date == JOB_ID_FIELD_UNTIL:
        yield "The `fields` of a job no longer name `job_id`."
    if date == ID_FIELD_SINCE:
        yield "The `fields` of a job may name `id`."
    for kind in KINDS.values():
        for each in kind.filters:
            if date == each.revisions.since:
                yield f"Lists of {kind.plural} can be filtered by `{each.name}`."
            if date == each.revisions.until:
                yield f"Lists of {kind.plural} can no longer be filtered by `{each.name}`."


def _relating(date: str, one: str, relation: Relation) -> Iterator[str]:
    """Give what a date changed for the relationships in bodies."""
    for needed in relation.required:
        if date == needed.since:
            yield f"A create of {one} needs its `{relation.name}`."
        if date == needed.until:
            yield f"A create of {one} no longer needs its `{relation.name}`."
    if any(needed.until == date for needed in relation.data_required):
        yield f"The `{relation.name}` of {one} in a body may leave out `data`."


def _rating(date: str) -> Iterator[str]:
    """Give the rates that a date changed."""
    for rate_class in dict.fromkeys(operation.rates for operation in OPERATIONS):
        for (since, now), (_, then) in pairwise(rate_class.steps):
            if since == date:
                count = sum(operation.rates is rate_class for operation in OPERATIONS)
                yield (
                    f"{count} operations allow {now.burst} requests a second and {now.steady} a"
                    f" minute, instead of {then.burst} and {then.steady}."
                )
