"""What the database writes into forms is what the ladder makes of a document."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom import clock
from backroom.api import documents, forms
from backroom.catalog import ids
from backroom.catalog.kinds import JOB_ATTRIBUTES, JOB_KINDS, KINDS, NULLS_SINCE, Verb
from backroom.catalog.operations import OPERATIONS, Shape
from backroom.errors import AlreadyExists, UnknownRelated
from backroom.jobs.apply import error_entry
from backroom.revisions import REVISIONS
from backroom.store import jobs, open_database, pages
from backroom.store.pages import Asked
from factories import (
    ACCOUNT,
    Site,
    a_complete_job,
    a_creation,
    a_job,
    a_request,
    done,
    stored,
)
from strategies import thorough
from wire_contract import every_revision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.catalog.kinds import JobKind
    from backroom.catalog.operations import Operation
    from backroom.store.database import Database
    from conftest import NewDatabase

HOSTS = ("shop.test", 'a"b\\c', "50%s~~base~~", "ä")
"""What a client may say it calls, and what it may not but does."""
AWKWARD_IDS = ("plain-1_2.3~4", 'quote"', "back\\slash", "100%s", "a/b c", "ä", "~~attributes~~")


def operation(shape: Shape, job_kind: JobKind) -> Operation:
    return next(each for each in OPERATIONS if each.shape is shape and each.bulk is job_kind)


def listing(kind: str) -> Operation:
    return next(
        each
        for each in OPERATIONS
        if each.shape is Shape.LIST and each.kind.name == kind and each.parent is None
    )


def some_jobs(job_kind: JobKind) -> list[jobs.Job]:
    """One in progress, one complete, one with a linkage, one with errors."""
    draft = a_creation(job_kind.kind.name, "a")
    faults = (AlreadyExists("An item", "a"), UnknownRelated("An item", "a", "/relationships/item"))
    errors = msgspec.json.encode([error_entry(job_kind, draft, fault) for fault in faults]).decode()
    linkage = msgspec.json.encode([{"type": job_kind.kind.type, "id": ids.resource_id("a")}])
    given: tuple[dict[str, Any], ...] = (
        {},
        {"linkage": linkage.decode(), "completed_count": 1},
        {"errors": errors, "failed_count": 2},
        {"errors": errors, "linkage": linkage.decode()},
    )
    made = [a_complete_job(type=job_kind.type, job_id=new_id(), **more) for more in given]
    return [*made, a_job(type=job_kind.type, job_id=new_id())]


def new_id() -> str:
    return clock.new_ulid(clock.now())


@pytest.fixture(scope="module")
def shared(new_store: NewDatabase) -> Iterator[Database]:
    with closing(open_database(new_store())) as opened:
        for job_kind in JOB_KINDS.values():
            for job in some_jobs(job_kind):
                stored(opened, job)
        for kind in KINDS:
            made = [
                a_creation(kind, name, **({} if kind == "category" or n % 2 else {"price": None}))
                for n, name in enumerate(AWKWARD_IDS)
            ]
            done(opened, Verb.CREATE, kind, *made)
        yield opened


def down(made_for: Operation, revision: str, document: Any, fields: documents.Fields) -> Any:
    REVISIONS[revision].down(made_for, document)
    documents.keep_only(document, dict(fields))
    return msgspec.json.decode(msgspec.json.encode(document))


@every_revision
@given(
    job_kind=st.sampled_from(list(JOB_KINDS.values())),
    names=st.none() | st.lists(st.sampled_from(JOB_ATTRIBUTES), unique=True),
    host=st.sampled_from(HOSTS),
)
@thorough(20)
def test_jobs_are_as_the_ladder_has_them(
    shared: Database, revision: str, job_kind: JobKind, names: list[str] | None, host: str
) -> None:
    for shape in (Shape.JOB_LIST, Shape.JOB_GET):
        asked_of = operation(shape, job_kind)
        fields = () if names is None else ((job_kind.type, tuple(names)),)
        request = a_request(path=asked_of.path, headers={"host": host})
        made = forms.of_jobs(asked_of, REVISIONS[revision], fields)
        page = jobs.Page(job_kind.type, [], "", None, ascending=False, size=9)
        with shared.read() as tx:
            rows = jobs.page(tx, ACCOUNT, page)
            written = jobs.written_page(tx, ACCOUNT, page, made, forms.given(request))
        for row, (_, text) in zip(rows, written, strict=True):
            data = documents.job(request.base, job_kind, row, linked=False)
            one = {"data": data, "links": {"self": request.url}}
            many = {"data": [data], "links": {}}
            if text is None:
                assert row.errors != "[]"
                assert not made.any_errors
            elif shape is Shape.JOB_GET:
                assert msgspec.json.decode(text) == down(asked_of, revision, one, fields)
            else:
                (expected,) = down(asked_of, revision, many, fields)["data"]
                assert msgspec.json.decode(text) == expected


@every_revision
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("host", HOSTS)
def test_records_are_as_the_ladder_has_them(
    shared: Database, revision: str, kind: str, host: str
) -> None:
    asked_of = listing(kind)
    at = REVISIONS[revision]
    if at.shows_linkage(asked_of):
        return
    request = a_request(path=asked_of.path, headers={"host": host})
    made = forms.of_records(asked_of, at)
    with shared.read() as tx:
        rows = pages.page(tx, KINDS[kind], ACCOUNT, Asked(99))
        written = pages.written_page(
            tx, KINDS[kind], ACCOUNT, Asked(99), made, forms.given(request)
        )
    assert written[0][1] is not None or revision < NULLS_SINCE
    for row, (number, text) in zip(rows, written, strict=True):
        data = {"data": [documents.resource(request.base, KINDS[kind], row)]}
        (expected,) = down(asked_of, revision, data, ())["data"]
        assert number == row.number
        assert text is None or msgspec.json.decode(text) == expected


def test_most_jobs_need_no_ladder(database: Database) -> None:
    site = Site(database)
    for job in some_jobs(JOB_KINDS["catalog-item-bulk-create-job"]):
        stored(database, job, account=site.account)
    answered = site.get("/api/catalog-item-bulk-create-jobs", revision="2022-10-17")
    assert len(answered.json["data"]) == 5
    errors = [each["attributes"]["errors"] for each in answered.json["data"]]
    pointers = {each["source"]["pointer"] for entries in errors for each in entries}
    assert all("/items/data" not in pointer for pointer in pointers)
