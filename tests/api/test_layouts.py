"""What layouts write is, byte for byte, what the ladder makes of the same values as documents."""

from __future__ import annotations

from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom import clock
from backroom.api import documents, layouts
from backroom.api.query import allowed_fields
from backroom.catalog import ids
from backroom.catalog.kinds import CATEGORY, ITEM, KINDS
from backroom.catalog.operations import OPERATIONS, RESOURCE_SHAPES, Shape
from backroom.errors import AlreadyExists, UnknownRelated
from backroom.jobs.apply import error_entry
from backroom.revisions import REVISIONS
from backroom.store import jobs, links, open_database, pages
from backroom.store import records as store_records
from backroom.store.pages import LINKED_AT_MOST
from backroom.store.records import Record, Values
from support.factories import ACCOUNT, DEADLINE, a_complete_job, a_creation, a_job, shown
from support.strategies import ODD_IDS, job_kinds, job_rows, records, thorough
from support.wire_contract import every_revision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from backroom.api.wire import Document, Fields, Parts
    from backroom.catalog.kinds import JobKind, Kind
    from backroom.catalog.operations import Operation
    from backroom.revisions import Revision
    from backroom.store.database import Database, Row, Transaction
    from conftest import NewDatabase

HOSTS = ("http://shop.test", 'http://a"b\\c', "http://50%s~~base~~", "http://ä")
LINKS = {"self": "http://shop.test/x", "next": None, "prev": None}
ANSWERING = [each for each in OPERATIONS if each.shape in RESOURCE_SHAPES | {Shape.IDS}]
SHOWING_JOBS = [each for each in OPERATIONS if each.bulk]


def written(parts: Parts) -> bytes:
    return b"".join(parts)


def rows_of(
    templates: layouts.RecordTemplates, shelf: Sequence[tuple[Record, Sequence[Record]]]
) -> list[Row]:
    """Records as a page has them."""
    return [row_of(record, held, templates.columns.named) for record, held in shelf]


def row_of(record: Record, held: Sequence[Record], named: Sequence[str]) -> Row:
    members = msgspec.json.decode(record.attributes)
    return (
        record.number,
        record.external_id.encode(),
        record.attributes.encode(),
        "\0".join(each.external_id for each in held).encode() or None,
        int(None in members.values()),
        *[int(members[name]) if name == "published" else members[name].encode() for name in named],
    )


@st.composite
def fields_of(draw: st.DrawFn, operation: Operation, revision: str) -> Fields:
    fields = {}
    for resource_type, names in allowed_fields(operation, revision).items():
        chosen = draw(st.none() | st.lists(st.sampled_from(names), unique=True))
        if chosen is not None:
            fields[resource_type] = tuple(chosen)
    return tuple(fields.items())


def on_ladder(
    operation: Operation, revision: Revision, fields: Fields, document: Document
) -> bytes:
    """A document of the newest shape as the revision has it, encoded."""
    revision.down(operation, document)
    documents.keep_only(document, dict(fields))
    return msgspec.json.encode(document)


class Asked(NamedTuple):
    """How an operation is asked, for some revision of it."""

    operation: Operation
    revision: Revision
    fields: Fields
    base: str
    including: bool

    def records_on_ladder(self, shelf: Shelf) -> bytes:
        """Make a document of the values as plain members, and take it down."""
        kind, target = self.operation.kind, KINDS[self.operation.kind.shown.target]
        linked = self.including or self.revision.shows_linkage(self.operation)
        made = [
            documents.identifier_object(kind, record.external_id)
            if self.operation.shape is Shape.IDS
            else shown(self.base, kind, record, held[:LINKED_AT_MOST] if linked else None)
            for record, held in shelf
        ]
        document: Document = {"data": made if self.operation.paged else made[0]}
        if self.including:
            brought = [each for _, held in shelf for each in held[:LINKED_AT_MOST]]
            document["included"] = [shown(self.base, target, each) for each in brought]
        document["links"] = dict(LINKS)
        return on_ladder(self.operation, self.revision, self.fields, document)


@st.composite
def asked(draw: st.DrawFn, operations: Sequence[Operation], revision: str) -> Asked:
    operation = draw(st.sampled_from(operations))
    including = bool(operation.includes) and draw(st.booleans())
    fields = draw(fields_of(operation, revision))
    base = draw(st.sampled_from(HOSTS))
    return Asked(operation, REVISIONS[revision], fields, base, including)


Shelf = list[tuple[Record, list[Record]]]
"""Records, each with those that its shown relationship holds."""


@st.composite
def shelves(draw: st.DrawFn, kind: Kind, least: int = 0) -> Shelf:
    """Some records that can be stored together: each has a number and a name of its own."""
    target = KINDS[kind.shown.target]
    several = st.lists(
        records(kind), min_size=least, max_size=3, unique_by=lambda each: each.external_id
    )
    others = iter(
        draw(st.lists(records(target), max_size=9, unique_by=lambda each: each.external_id))
    )
    shelf = []
    for number, record in enumerate(draw(several), 1):
        held = list(islice(others, draw(st.integers(0, 3 if kind.shown.many else 1))))
        if kind.shown.many and draw(st.integers(0, 4)) == 0:
            held += [plain(target, f"plain {number} {n}") for n in range(LINKED_AT_MOST)]
        held = [each._replace(number=number * 1000 + n) for n, each in enumerate(held)]
        shelf.append((record._replace(number=number), held))
    return shelf


def plain(kind: Kind, name: str, number: int = 0, **more: Any) -> Record:
    attributes: dict[str, Any] = dict.fromkeys(kind.stored_attributes, '"price":null,')
    attributes |= {"external_id": name, "published": name in ODD_IDS} | more
    attributes = {each: attributes[each] for each in kind.stored_attributes}
    if "custom_metadata" in attributes:
        attributes["custom_metadata"] = {"price": None, "a": ',"price":null', "title": None}
    return Record(number, name, msgspec.json.encode(attributes).decode())


@every_revision
@given(data=st.data())
@thorough(40)
def test_records_are_as_the_ladder_has_them(revision: str, data: st.DataObject) -> None:
    question = data.draw(asked(ANSWERING, revision))
    least = 0 if question.operation.paged else 1
    shelf = data.draw(shelves(question.operation.kind, least))
    shelf = shelf if question.operation.paged else shelf[:1]
    assert laid_out(question, shelf) == question.records_on_ladder(shelf)


def laid_out(question: Asked, shelf: Shelf) -> bytes:
    """The document that a layout makes of rows as the store gives them."""
    layout = layouts.of_records(*question)
    rows = rows_of(layout.data, [(record, held[:LINKED_AT_MOST]) for record, held in shelf])
    brought = [(each, ()) for _, held in shelf for each in held[:LINKED_AT_MOST]]
    included = layout.included.filled(rows_of(layout.included, brought)) if layout.included else b""
    return written(layout.frame.document(layout.data.filled(rows), LINKS, included))


def awkward_shelf(kind: Kind) -> Shelf:
    """All that is hard to write: odd names, nulls, and members within that look like nulls."""
    target = KINDS[kind.shown.target]
    shelf = []
    for number, name in enumerate(ODD_IDS, 1):
        nulls = dict.fromkeys(kind.nullable[: number % 3])
        names = [f"{other} {number}" for other in ODD_IDS][: number if kind.shown.many else 1]
        held = [
            plain(target, each, 1000 * number + n, **dict.fromkeys(target.nullable[: n % 3]))
            for n, each in enumerate(names)
        ]
        shelf.append((plain(kind, name, number, **nulls), held if number % 4 else []))
    return shelf


def every_way(operation: Operation, revision: str) -> Iterator[Asked]:
    """An operation with and without fields, also those with a column, and what it includes."""
    allowed = allowed_fields(operation, revision)
    some = tuple((each, names[-1:1:-2]) for each, names in allowed.items())
    stored = {"external_id", *(name for kind in KINDS.values() for name in kind.columns)}
    own = tuple(
        (each, tuple(name for name in reversed(names) if name in stored))
        for each, names in allowed.items()
    )
    for fields in ((), some, own, tuple((each, ()) for each in allowed)):
        for including in {False, bool(operation.includes)}:
            yield Asked(operation, REVISIONS[revision], fields, HOSTS[1], including)


@every_revision
def test_awkward_records_are_as_the_ladder_has_them(revision: str) -> None:
    for operation in ANSWERING:
        shelf = awkward_shelf(operation.kind)
        pages_of_it = [shelf] if operation.paged else [[each] for each in shelf]
        for question in every_way(operation, revision):
            for each in pages_of_it:
                assert laid_out(question, each) == question.records_on_ladder(each), question


class Undone(Exception):
    pass


@pytest.fixture(scope="module")
def shared(new_store: NewDatabase) -> Iterator[Database]:
    """A database for many examples, none of which leaves anything."""
    with closing(open_database(new_store())) as opened:
        yield opened


def and_undone(database: Database, work: Callable[[Transaction], None]) -> None:
    """Write something, look at it, and take it back."""

    def work_and_undo(tx: Transaction) -> None:
        work(tx)
        raise Undone

    with pytest.raises(Undone):
        database.write(work_and_undo).result(DEADLINE)


def values(record: Record, parent: int | None) -> Values:
    columns = msgspec.json.decode(record.attributes)
    if "published" in columns:
        columns["published"] = bool(columns["published"])
    return Values(record.number, record.external_id, record.attributes, columns, "", parent)


def store(tx: Transaction, kind: Kind, shelf: Shelf) -> None:
    """Store the records of a shelf, and what they hold."""
    target = KINDS[kind.shown.target]
    own = [values(each, held[0].number if held else None) for each, held in shelf]
    others = [values(each, owner.number) for owner, held in shelf for each in held]
    # A variant is stored after its item.
    for each, made in [(target, others), (kind, own)][:: -1 if kind is ITEM else 1]:
        store_records.insert(tx, each, ACCOUNT, made)
    if kind is CATEGORY:
        for record, held in shelf:
            links.add(tx, ACCOUNT, "items", {record.number: [each.number for each in held]})


def from_store(tx: Transaction, question: Asked, kind: Kind, numbers: Sequence[int]) -> bytes:
    """The document of what is stored."""
    layout = layouts.of_records(*question)
    size = max(1, len(numbers))
    rows = pages.records_page(tx, kind, ACCOUNT, pages.RecordQuestion(size), layout.data.columns)
    brought = (
        pages.included(tx, kind, ACCOUNT, numbers, layout.included.columns)
        if layout.included
        else []
    )
    included = layout.included.filled(brought) if layout.included else b""
    return written(layout.frame.document(layout.data.filled(rows), LINKS, included))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_awkward_records_are_stored_so(shared: Database, kind: Kind) -> None:
    shelf = awkward_shelf(kind)
    numbers = [record.number for record, _ in shelf]

    def work(tx: Transaction) -> None:
        store(tx, kind, shelf)
        for revision in REVISIONS:
            for operation in ANSWERING:
                if operation.kind is kind and operation.paged:
                    for each in every_way(operation, revision):
                        assert from_store(tx, each, kind, numbers) == each.records_on_ladder(shelf)

    and_undone(shared, work)


@pytest.mark.slow
@given(kind=st.sampled_from(list(KINDS.values())), data=st.data())
@thorough(90)
def test_stored_records_are_as_the_ladder_has_them(
    shared: Database, kind: Kind, data: st.DataObject
) -> None:
    """Both engines hand over what templates need, in every revision."""
    shelf = data.draw(shelves(kind, 1))
    some = [each for each in ANSWERING if each.kind is kind and each.paged]
    questions = [data.draw(asked(some, revision)) for revision in REVISIONS]
    numbers = [record.number for record, _ in shelf]

    def work(tx: Transaction) -> None:
        store(tx, kind, shelf)
        for each in questions:
            assert from_store(tx, each, kind, numbers) == each.records_on_ladder(shelf)

    and_undone(shared, work)


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


def jobs_on_ladder(question: Asked, some: Sequence[jobs.Job], brought: Sequence[Record]) -> bytes:
    operation, job_kind = question.operation, question.operation.job_kind
    made = [
        documents.job_object(question.base, job_kind, job, linked=question.including)
        for job in some
    ]
    document: Document = {"data": made if operation.paged else made[0]}
    if question.including:
        document["included"] = [shown(question.base, job_kind.kind, each) for each in brought]
    document["links"] = dict(LINKS)
    return on_ladder(operation, question.revision, question.fields, document)


def jobs_of(job_kind: JobKind, least: int) -> st.SearchStrategy[list[jobs.Job]]:
    """Jobs with and without an end, errors and linkage, in the order of their ids."""
    several = st.sampled_from(some_jobs(job_kind)) | job_rows(job_kind)
    unique = st.lists(several, min_size=least, max_size=4, unique_by=lambda job: job.job_id)
    return unique.map(sorted)


@every_revision
@given(data=st.data())
@thorough(60)
def test_jobs_are_as_the_ladder_has_them(revision: str, data: st.DataObject) -> None:
    question = data.draw(asked(SHOWING_JOBS, revision))
    job_kind, paged = question.operation.job_kind, question.operation.paged
    some = data.draw(jobs_of(job_kind, 0 if paged else 1))
    some = some if paged else some[:1]
    brought = data.draw(st.lists(records(job_kind.kind), max_size=2)) if question.including else []
    layout = layouts.of_jobs(*question)
    included = b""
    if layout.included:
        included = layout.included.filled(
            rows_of(layout.included, [(each, ()) for each in brought])
        )
    rows = [jobs.as_row(job, layout.data.columns) for job in some]
    found = layout.frame.document(layout.data.filled(rows), LINKS, included)
    assert written(found) == jobs_on_ladder(question, some, brought)


@pytest.mark.slow
@given(job_kind=job_kinds, data=st.data())
@thorough(120)
def test_stored_jobs_are_as_the_ladder_has_them(
    shared: Database, job_kind: JobKind, data: st.DataObject
) -> None:
    some = data.draw(jobs_of(job_kind, 1))
    listing = [each for each in SHOWING_JOBS if each.bulk is job_kind and each.paged]
    questions = [data.draw(asked(listing, revision)) for revision in REVISIONS]

    def work(tx: Transaction) -> None:
        for job in some:
            jobs.insert(tx, ACCOUNT, job, "[]")
        for each in questions:
            layout = layouts.of_jobs(*each)
            page = jobs.JobQuestion(job_kind.type, "", ascending=True, size=len(some))
            rows = jobs.jobs_page(tx, ACCOUNT, page, layout.data.columns)
            found = layout.frame.document(layout.data.filled(rows), LINKS)
            assert written(found) == jobs_on_ladder(each, some, [])

    and_undone(shared, work)


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
    assert set(layout.data.columns) == {"job_id", "completed_at", "linkage", "linked", *names}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_own_columns_spare_attributes(kind: Kind) -> None:
    operation = next(each for each in ANSWERING if each.kind is kind and each.paged)
    fields = ((kind.type, ("external_id", *kind.columns)),)
    newest = REVISIONS[max(REVISIONS)]
    layout = layouts.of_records(operation, newest, fields, "", False)  # noqa: FBT003
    assert layout.data.columns == pages.Columns(attributes=False, named=kind.columns)
