from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given

from backroom.api.bodies import read_body
from backroom.catalog.drafts import Draft
from backroom.catalog.kinds import JOB_KINDS, KINDS, Verb
from backroom.errors import (
    AlreadyExists,
    DoesNotExist,
    Invalid,
    OperationFault,
    UnknownCategory,
    UnknownRelated,
)
from backroom.jobs.apply import apply, error_entry
from backroom.store import jobs, open_database, records
from support.factories import (
    ACCOUNT,
    a_creation,
    a_deletion,
    a_kind_of_job,
    an_update,
    done,
    found,
    submitted,
    written,
)
from support.strategies import fitting_bodies, posts, thorough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database, Transaction
    from backroom.store.jobs import Job
    from conftest import NewDatabase
    from support.strategies import Sent

ITEMS = a_kind_of_job("item", "create")


def applied(database: Database, *drafts: Draft, verb: Verb = Verb.CREATE) -> Job:
    """A job of items after it was applied."""
    job = submitted(database, a_kind_of_job("item", verb), *drafts)
    assert steps_of(database, job) == ["operations_read", "rows_written", "progress_written"]
    return found(database, job)


def steps_of(database: Database, job: Job) -> list[str]:
    steps: list[str] = []

    def work(tx: Transaction) -> None:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
        assert waiting is not None
        assert waiting.job_id == job.job_id
        apply(tx, waiting, steps.append)

    written(database, work)
    return steps


def linked(job: Job) -> list[str]:
    linkage = msgspec.json.decode(job.linkage)
    return [each["id"].rpartition(":::")[2] for each in linkage]


def errors(job: Job) -> list[Any]:
    entries: list[Any] = msgspec.json.decode(job.errors)
    return entries


def test_job_ends_with_its_counts(database: Database) -> None:
    job = applied(database, a_creation("item", "a"), a_creation("item", "b"))
    assert (job.status, job.total_count) == ("complete", 2)
    assert (job.completed_count, job.failed_count) == (2, 0)
    assert linked(job) == ["a", "b"]
    assert job.completed_at is not None
    assert job.completed_at > job.created_at


def test_what_fails_fails_alone(database: Database) -> None:
    job = applied(database, *(a_creation("item", name) for name in "abab"))
    assert (job.completed_count, job.failed_count) == (2, 2)
    assert linked(job) == ["a", "b"]
    assert [entry["meta"] for entry in errors(job)] == [
        {"external_id": "a"},
        {"external_id": "b"},
    ]


def test_wholly_failed_job_is_complete(database: Database) -> None:
    job = applied(database, a_deletion("a"), a_deletion("b"), verb=Verb.DELETE)
    assert (job.status, job.completed_count, job.failed_count) == ("complete", 0, 2)
    assert linked(job) == []


def test_deletes_name_what_is_gone(database: Database) -> None:
    done(database, Verb.CREATE, "item", a_creation("item", "a"))
    job = applied(database, a_deletion("a"), verb=Verb.DELETE)
    assert linked(job) == ["a"]
    with database.read() as tx:
        assert records.find(tx, KINDS["item"], ACCOUNT, ["a"]) == {}


def test_updates_change_the_catalog(database: Database) -> None:
    done(database, Verb.CREATE, "item", a_creation("item", "a"))
    applied(database, an_update("a", title="New"), verb=Verb.UPDATE)
    with database.read() as tx:
        record = records.find(tx, KINDS["item"], ACCOUNT, ["a"])["a"]
    assert msgspec.json.decode(record.attributes)["title"] == "New"


def test_resource_named_often_is_linked_once(database: Database) -> None:
    done(database, Verb.CREATE, "item", *(a_creation("item", name) for name in "ab"))
    updates = [an_update(name, title=f"{n}") for n, name in enumerate("abacab")]
    job = applied(database, *updates, verb=Verb.UPDATE)
    assert (job.completed_count, job.failed_count) == (5, 1)
    assert linked(job) == ["a", "b"]


def test_job_is_applied_only_once(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))

    def twice(tx: Transaction) -> None:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
        assert waiting is not None
        apply(tx, waiting, lambda _: None)
        apply(tx, waiting, lambda _: None)

    with pytest.raises(RuntimeError, match="was completed"):
        written(database, twice)
    assert found(database, job) == job
    with database.read() as tx:
        assert records.find(tx, KINDS["item"], ACCOUNT, ["a"]) == {}


def test_broken_off_job_changes_nothing(database: Database) -> None:
    job = submitted(database, ITEMS, a_creation("item", "a"))

    def break_off(step: str) -> None:
        if step == "progress_written":
            raise InterruptedError

    def work(tx: Transaction) -> None:
        waiting = jobs.first_waiting(tx, ACCOUNT, "9999")
        assert waiting is not None
        apply(tx, waiting, break_off)

    with pytest.raises(InterruptedError):
        written(database, work)
    assert found(database, job) == job
    assert steps_of(database, job)[-1] == "progress_written"


@pytest.fixture(scope="module")
def lasting(new_store: NewDatabase) -> Iterator[Database]:
    """One for the property test, which may not have one for each example."""
    opened = open_database(new_store())
    yield opened
    opened.close()


@given(fitting_bodies(posts))
@thorough(100)
def test_whatever_is_accepted_is_applied(lasting: Database, sent: Sent) -> None:
    raw = msgspec.json.encode(sent.body)
    try:
        body = read_body(sent.operation, sent.revision, raw, "")
    except Invalid:
        return
    drafts = msgspec.json.decode(body.operations, type=list[Draft])
    job = submitted(lasting, sent.operation.job_kind, *drafts)
    assert steps_of(lasting, job)[-1] == "progress_written"
    ended = found(lasting, job)
    assert ended.completed_count + ended.failed_count == ended.total_count == body.total


@pytest.mark.parametrize("job_kind", JOB_KINDS.values(), ids=lambda each: each.type)
def test_errors_have_the_observed_form(job_kind: Any) -> None:
    entry = error_entry(job_kind, a_deletion("X"), DoesNotExist("An item", "X"))
    assert list(entry) == ["id", "code", "meta", "title", "detail", "source"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", entry["id"])
    assert (entry["code"], entry["title"]) == ("invalid", "Invalid input")
    named_by = "external_id" if job_kind.verb is Verb.CREATE else "id"
    assert list(entry["meta"]) == [named_by]


@pytest.mark.parametrize(
    ("kind", "fault", "place"),
    [
        ("item", AlreadyExists("An item", "X"), "items/data/attributes/external_id"),
        ("category", DoesNotExist("A category", "X"), "categories/data/id"),
        (
            "item",
            UnknownCategory("/relationships/categories"),
            "items/data/relationships/categories/data/id",
        ),
        (
            "variant",
            UnknownRelated("An item", "X", "/relationships/item"),
            "variants/data/relationships/item/data/id",
        ),
    ],
)
def test_errors_point_into_the_member(kind: str, fault: OperationFault, place: str) -> None:
    entry = error_entry(a_kind_of_job(kind, "create"), a_deletion("X"), fault)
    assert entry["source"] == {"pointer": f"/data/attributes/{place}"}
    assert entry["detail"] == fault.detail
