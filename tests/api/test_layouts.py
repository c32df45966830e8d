"""What layouts write is what the ladder makes of the same values as documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom import clock
from backroom.api import documents, layouts
from backroom.api.query import allowed_fields
from backroom.catalog import ids
from backroom.catalog.kinds import KINDS
from backroom.catalog.operations import OPERATIONS, RESOURCE_SHAPES, Shape
from backroom.errors import AlreadyExists, UnknownRelated
from backroom.jobs.apply import error_entry
from backroom.revisions import REVISIONS
from backroom.store import jobs
from backroom.store.records import Record
from support.factories import a_complete_job, a_creation, a_job, shown
from support.strategies import thorough
from support.wire_contract import every_revision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backroom.api.wire import Document, Fields, Parts
    from backroom.catalog.kinds import JobKind, Kind
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision

HOSTS = ("http://shop.test", 'http://a"b\\c', "http://50%s~~base~~", "http://ä")
IDS = ("plain-1_2.3~4", 'quote"', "back\\slash", "100%s", "a/b c", "ä", "~~attributes~~", '","')
LINKS = {"self": "http://shop.test/x", "next": None, "prev": None}
ANSWERING = [each for each in OPERATIONS if each.shape in RESOURCE_SHAPES | {Shape.IDS}]
SHOWING_JOBS = [each for each in OPERATIONS if each.bulk]


def the(text: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(text))


def read(parts: Parts) -> Any:
    return msgspec.json.decode(b"".join(parts))


@st.composite
def records(draw: st.DrawFn, kind: Kind) -> Record:
    name = draw(st.sampled_from(IDS))
    made: dict[str, Any] = dict.fromkeys(kind.stored_attributes, "x") | {"external_id": name}
    for attribute in kind.attributes:
        if attribute.may_be_null:
            made[attribute.name] = draw(st.sampled_from([None, 1.5]))
        elif attribute.form == "object":
            made[attribute.name] = draw(st.sampled_from([{}, {"price": None}]))
    return Record(1, name, msgspec.json.encode(made).decode())


def rows_of(some: Sequence[Record], held: Sequence[Sequence[Record]]) -> list[Any]:
    """Records as a page has them."""
    return [
        (
            record.number,
            record.external_id.encode(),
            record.attributes.encode(),
            "\0".join(each.external_id for each in linked).encode() or None,
            1,
        )
        for record, linked in zip(some, held, strict=True)
    ]


@st.composite
def fields_of(draw: st.DrawFn, operation: Operation, revision: str) -> Fields:
    fields = {}
    for resource_type, names in allowed_fields(operation, revision).items():
        chosen = draw(st.none() | st.lists(st.sampled_from(names), unique=True))
        if chosen is not None:
            fields[resource_type] = tuple(chosen)
    return tuple(fields.items())


def down(operation: Operation, revision: Revision, document: Document, fields: Fields) -> Any:
    revision.down(operation, document)
    documents.keep_only(document, dict(fields))
    return the(document)


@every_revision
@given(data=st.data())
@thorough(100)
def test_records_are_as_the_ladder_has_them(revision: str, data: st.DataObject) -> None:
    at = REVISIONS[revision]
    operation = data.draw(st.sampled_from(ANSWERING))
    kind, base = operation.kind, data.draw(st.sampled_from(HOSTS))
    target = KINDS[kind.shown.target]
    fields = data.draw(fields_of(operation, revision))
    including = bool(operation.includes) and data.draw(st.booleans())
    count = data.draw(st.integers(0, 3)) if operation.paged else 1
    some = [data.draw(records(kind)) for _ in range(count)]
    most = 3 if kind.shown.many else 1
    held = [data.draw(st.lists(records(target), max_size=most)) for _ in some]
    brought = [each for linked in held for each in linked] if including else []

    layout = layouts.of_records(operation, at, fields, base, including)
    included = (
        layout.included.written(rows_of(brought, [[]] * len(brought))) if layout.included else b""
    )
    found = read(layout.frame.document(layout.data.written(rows_of(some, held)), LINKS, included))

    linked = including or at.shows_linkage(operation)
    made = [
        documents.identifier(kind, each.external_id)
        if operation.shape is Shape.IDS
        else shown(base, kind, each, its if linked else None)
        for each, its in zip(some, held, strict=True)
    ]
    document: Document = {"data": made if operation.paged else made[0]}
    if including:
        document["included"] = [shown(base, target, each) for each in brought]
    document["links"] = dict(LINKS)
    assert found == down(operation, at, document, fields)


def some_jobs(job_kind: JobKind) -> list[jobs.Job]:
    """One in progress, one complete, one with a linkage, one with errors, one with both."""
    draft = a_creation(job_kind.kind.name, "a")
    faults = (AlreadyExists("An item", "a"), UnknownRelated("An item", "a", "/relationships/item"))
    errors = msgspec.json.encode([error_entry(job_kind, draft, fault) for fault in faults]).decode()
    linkage = msgspec.json.encode([{"type": job_kind.kind.type, "id": ids.resource_id("a")}])
    given_members: tuple[dict[str, Any], ...] = (
        {},
        {"linkage": linkage.decode(), "completed_count": 1},
        {"errors": errors, "failed_count": 2},
        {"errors": errors, "linkage": linkage.decode()},
    )
    made = [a_complete_job(type=job_kind.type, job_id=new_id(), **more) for more in given_members]
    return [*made, a_job(type=job_kind.type, job_id=new_id())]


def new_id() -> str:
    return clock.new_ulid(clock.now())


@every_revision
@given(data=st.data())
@thorough(60)
def test_jobs_are_as_the_ladder_has_them(revision: str, data: st.DataObject) -> None:
    at = REVISIONS[revision]
    operation = data.draw(st.sampled_from(SHOWING_JOBS))
    job_kind, base = operation.job_kind, data.draw(st.sampled_from(HOSTS))
    fields = data.draw(fields_of(operation, revision))
    including = bool(operation.includes) and data.draw(st.booleans())
    every = some_jobs(job_kind)
    some = (
        data.draw(st.permutations(every))
        if operation.paged
        else [data.draw(st.sampled_from(every))]
    )
    brought = [data.draw(records(job_kind.kind))] if including else []

    layout = layouts.of_jobs(operation, at, fields, base, including)
    included = layout.included.written(rows_of(brought, [[]])) if layout.included else b""
    rows = [jobs.as_row(job, layout.data.columns) for job in some]
    found = read(layout.frame.document(layout.data.written(rows), LINKS, included))

    made = [documents.job(base, job_kind, job, linked=including) for job in some]
    document: Document = {"data": made if operation.paged else made[0]}
    if including:
        document["included"] = [shown(base, job_kind.kind, each) for each in brought]
    document["links"] = dict(LINKS)
    assert found == down(operation, at, document, fields)


@every_revision
def test_layouts_read_what_they_show(revision: str) -> None:
    for operation in ANSWERING:
        layout = layouts.of_records(operation, REVISIONS[revision], (), "", False)  # noqa: FBT003
        columns = layout.data.columns
        assert columns.attributes is (operation.shape is not Shape.IDS)
        assert not columns.linkage or REVISIONS[revision].shows_linkage(operation)


@pytest.mark.parametrize("names", [("status",), ()])
def test_sparse_jobs_read_few_columns(names: tuple[str, ...]) -> None:
    operation = next(each for each in OPERATIONS if each.shape is Shape.JOB_LIST)
    fields = ((operation.resource_type, names),)
    newest = REVISIONS[max(REVISIONS)]
    layout = layouts.of_jobs(operation, newest, fields, "", False)  # noqa: FBT003
    assert set(layout.data.columns) == {"job_id", "completed_at", "linkage", *names}
