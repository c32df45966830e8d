"""What came of each operation, and the operation as it can be sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog.drafts import Draft, encode, read_newest
from backroom.catalog.kinds import JOB_KINDS, KINDS
from backroom.errors import OperationFault
from backroom.jobs.apply import error_entry
from backroom.jobs.results import body_of, place_in, resource_object_of, results_of
from backroom.revisions import NEWEST
from support.factories import (
    a_complete_job,
    a_creation,
    a_deletion,
    a_job,
    a_kind_of_job,
    an_operation,
    an_update,
)

if TYPE_CHECKING:
    from backroom.store.jobs import Job

FAULT = OperationFault("It is wrong.", "/attributes/title")


def a_job_with_errors(drafts: list[Draft], *failed: Draft, verb: str = "create") -> Job:
    job_kind = a_kind_of_job("item", verb)
    errors = [error_entry(job_kind, each, FAULT) for each in failed]
    return a_complete_job(
        type=job_kind.type,
        errors=msgspec.json.encode(errors).decode(),
        total_count=len(drafts),
        failed_count=len(errors),
        completed_count=len(drafts) - len(errors),
    )


def words(job: Job, drafts: list[Draft]) -> list[str]:
    return [each.words for each in results_of(job, encode(drafts))]


@pytest.mark.parametrize(
    ("verb", "done"), [("create", "created"), ("update", "updated"), ("delete", "deleted")]
)
def test_failed_operations_are_told_apart(verb: str, done: str) -> None:
    make: Any = {"create": lambda name: a_creation("item", name)}.get(verb, a_deletion)
    drafts = [make(name) for name in "abc"]
    job = a_job_with_errors(drafts, drafts[1], verb=verb)
    found = results_of(job, encode(drafts))
    assert [each.words for each in found] == [done, "failed", done]
    assert [each.external_id for each in found] == ["a", "b", "c"]
    assert found[1].error is not None
    assert found[1].error["detail"] == "It is wrong."


def test_second_of_twins_has_failed() -> None:
    drafts = [a_creation("item", "a"), a_creation("item", "b"), a_creation("item", "a")]
    assert words(a_job_with_errors(drafts, drafts[2]), drafts) == ["created", "created", "failed"]


@pytest.mark.parametrize(
    ("status", "shown"), [("processing", "waiting"), ("cancelled", "cancelled")]
)
def test_unapplied_operations_say_so(status: str, shown: str) -> None:
    drafts = [a_creation("item", "a")]
    assert words(a_job(status=status), drafts) == [shown]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", ["create", "update", "delete"])
def test_operations_can_be_sent_again(kind: str, verb: str) -> None:
    related = {"variant": {"item": ["parent"]}, "item": {"categories": ["x", "y"]}}.get(kind)
    title: Any = {"name": "New"} if kind == "category" else {"title": "New"}
    draft = {
        "create": a_creation(kind, "a", related),
        "update": an_update("a", **title),
        "delete": a_deletion("a"),
    }[verb]
    job_kind = a_kind_of_job(kind, verb)
    body = body_of(job_kind, [resource_object_of(job_kind, draft)])
    (again,) = read_newest(an_operation(kind, verb), NEWEST, body, "")
    assert (again.id, again.relations) == (draft.id, draft.relations)
    assert draft.attributes.items() <= again.attributes.items()


def test_pointer_leads_to_an_operation() -> None:
    job_kind = JOB_KINDS["catalog-item-bulk-create-job"]
    assert place_in(job_kind, "/data/attributes/items/data/12/attributes/title") == 12
    assert place_in(job_kind, "/data/attributes/items") is None
    assert place_in(job_kind, "/data/attributes/items/data/x") is None
