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
    from backroom.store.database import Database, Transaction
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
    listed = operation(Shape.JOB_LIST, job_kind)
    fields = () if names is None else ((job_kind.type, tuple(names)),)
    request = a_request(path=listed.path, headers={"host": host})
    of_list = forms.of_jobs(listed, REVISIONS[revision], fields, request.base)
    shown = operation(Shape.JOB_GET, job_kind)
    of_one = forms.of_jobs(shown, REVISIONS[revision], fields, request.base)
    page = jobs.Page(job_kind.type, None, "", None, ascending=False, size=9)
    with shared.read() as tx:
        rows = jobs.page(tx, ACCOUNT, page)
        found = jobs.written_page(tx, ACCOUNT, page, of_list)
        ones = [written_one(tx, row, of_one, forms.given(request)) for row in rows]
    data = [documents.job(request.base, job_kind, row, linked=False) for row in rows]
    many = down(listed, revision, {"data": data, "links": {}}, fields)["data"]
    assert found is None or msgspec.json.decode(b"[%b]" % found.text) == many
    assert (found is None) is not of_list.any_errors
    for row, text in zip(rows, ones, strict=True):
        one = {
            "data": documents.job(request.base, job_kind, row, linked=False),
            "links": {"self": request.url},
        }
        if text is None:
            assert row.errors != "[]"
            assert not of_one.any_errors
        else:
            assert msgspec.json.decode(text) == down(shown, revision, one, fields)


@every_revision
@pytest.mark.parametrize("shape", [Shape.JOB_LIST, Shape.JOB_GET])
def test_progress_is_taken_as_it_is(revision: str, shape: Shape) -> None:
    for job_kind in JOB_KINDS.values():
        of_all = forms.of_jobs(operation(shape, job_kind), REVISIONS[revision], (), "")
        whole = [of_all.finished, of_all.linked]
        if revision >= NULLS_SINCE:
            whole.append(of_all.unfinished)
        for form in whole:
            assert "progress" in form.blanks
            assert set(jobs.PROGRESS).isdisjoint(form.blanks)


def written_one(
    tx: Transaction, row: jobs.Job, of_one: jobs.JobForms, blanks: dict[str, str]
) -> str | None:
    return jobs.written(tx, ACCOUNT, jobs.Asked(row.type, row.job_id, ""), of_one, blanks)


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
    made = forms.of_records(asked_of, at, request.base)
    for name in AWKWARD_IDS:
        alone = Asked(9, external_ids=[name])
        with shared.read() as tx:
            (row,) = pages.page(tx, KINDS[kind], ACCOUNT, alone)
            found = pages.written_page(tx, KINDS[kind], ACCOUNT, alone, made)
        data = {"data": [documents.resource(request.base, KINDS[kind], row)]}
        (expected,) = down(asked_of, revision, data, ())["data"]
        if found is None:
            assert name != AWKWARD_IDS[0] or revision < NULLS_SINCE
        else:
            assert (found.rows, found.far) == (1, row.number)
            assert found.text.startswith(found.start)
            assert msgspec.json.decode(found.text) == expected


def test_awkward_records_are_listed_too(database: Database) -> None:
    site = Site(database)
    made = [a_creation("item", name) for name in AWKWARD_IDS]
    done(database, Verb.CREATE, "item", *made, account=site.account)
    answered = site.get("/api/catalog-items")
    names = [each["attributes"]["external_id"] for each in answered.json["data"]]
    assert names == list(AWKWARD_IDS)


def test_most_jobs_need_no_ladder(database: Database) -> None:
    site = Site(database)
    for job in some_jobs(JOB_KINDS["catalog-item-bulk-create-job"]):
        stored(database, job, account=site.account)
    answered = site.get("/api/catalog-item-bulk-create-jobs", revision="2022-10-17")
    assert len(answered.json["data"]) == 5
    errors = [each["attributes"]["errors"] for each in answered.json["data"]]
    pointers = {each["source"]["pointer"] for entries in errors for each in entries}
    assert all("/items/data" not in pointer for pointer in pointers)
