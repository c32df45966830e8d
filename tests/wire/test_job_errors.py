"""Operations that fail alone: their errors, and what became of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.revisions import NEWEST
from support.wire_answers import hold_one
from support.wire_contract import KIND, WRAPPED_BODIES, every_kind, every_revision
from support.wire_jobs import Jobs, creation
from support.wire_requests import Style, catalog_id, operations_pointer, parented

if TYPE_CHECKING:
    from support.client import Client
    from support.wire_contract import Kind
    from support.wire_jobs import Shop

every_resource = pytest.mark.parametrize("resource", ["item", "variant", "category"])
NAMED = {"item": "An item", "variant": "A variant", "category": "A category"}


@every_revision
@every_kind
def test_errors_read_as_recorded(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    (entry,) = jobs.get(shop.mixed[kind]).json["data"]["attributes"]["errors"]
    if kind.verb == "create":
        name = entry["meta"]["external_id"]
        detail = f"{NAMED[kind.resource]} with the external id `{name}` already exists."
        assert entry["meta"] == {"external_id": "parent" if kind.resource == "item" else "a"}
    else:
        missing = catalog_id("missing")
        detail = f"{NAMED[kind.resource]} with the id `{missing}` does not exist."
        assert entry["meta"] == {"id": missing}
        assert entry["source"] == {"pointer": f"{operations_pointer(revision, kind)}/id"}
    assert entry["detail"] == detail


@every_revision
@every_kind
def test_pointers_keep_the_callers_shape(shop: Shop, revision: str, kind: Kind) -> None:
    for other in (revision, "2022-10-17", NEWEST):
        jobs = Jobs(shop.client, other, kind)
        (entry,) = jobs.get(shop.failed[kind]).json["data"]["attributes"]["errors"]
        after = entry["source"]["pointer"].removeprefix(operations_pointer(other, kind))
        assert after.split("/")[1] in {"id", "attributes"}


@every_revision
@every_resource
def test_second_creation_already_exists(client: Client, revision: str, resource: str) -> None:
    jobs = Jobs(client, revision, KIND[f"{resource}-create"])
    if resource == "variant":
        add_item(client, revision, "parent")
    answer = jobs.applied(creation(jobs, "a"), creation(jobs, "a"))
    assert outcome(answer.json) == (1, ["already exists"])


@every_revision
@every_resource
def test_second_deletion_does_not_exist(stocked: Client, revision: str, resource: str) -> None:
    name = f"twice-{resource}"
    made = Jobs(stocked, revision, KIND[f"{resource}-create"])
    made.applied(creation(made, name))
    jobs = Jobs(stocked, revision, KIND[f"{resource}-delete"])
    answer = jobs.applied(jobs.named(name), jobs.named(name))
    assert outcome(answer.json) == (1, ["does not exist"])


@every_revision
def test_updates_apply_in_their_order(client: Client, revision: str) -> None:
    add_item(client, revision, "a")
    jobs = Jobs(client, revision, KIND["item-update"])
    updates = [jobs.named("a") | {"attributes": {"title": title}} for title in ("one", "two")]
    complete = jobs.applied(*updates)
    assert outcome(complete.json) == (2, [])
    (item,) = jobs.get(complete.job_id, {"include": "items"}).json["included"]
    assert item["attributes"]["title"] == "two"


@every_revision
def test_missing_parent_fails_its_variant(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["variant-create"])
    complete = jobs.applied(parented(revision, "a", "missing"))
    hold_one(jobs, complete)
    (entry,) = complete.json["data"]["attributes"]["errors"]
    assert entry["detail"] == f"An item with the id `{catalog_id('missing')}` does not exist."
    linkage = "item/data" if revision >= WRAPPED_BODIES else "items/data"
    start = f"{operations_pointer(revision, jobs.kind)}/relationships/{linkage}"
    assert entry["source"]["pointer"] in {f"{start}/id", f"{start}/0/id"}


@every_revision
def test_missing_category_fails_its_item(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["item-create"])
    complete = jobs.applied(jobs.named("a", Style.ALL))
    hold_one(jobs, complete)
    (entry,) = complete.json["data"]["attributes"]["errors"]
    assert entry["detail"] == "Invalid category information."


@every_revision
def test_deleted_items_take_their_variants(client: Client, revision: str) -> None:
    add_item(client, revision, "parent")
    made = Jobs(client, revision, KIND["variant-create"])
    made.applied(parented(revision, "a", "parent"))
    gone = Jobs(client, revision, KIND["item-delete"])
    gone.applied(gone.named("parent"))
    jobs = Jobs(client, revision, KIND["variant-update"])
    assert outcome(jobs.applied(jobs.named("a")).json) == (0, ["does not exist"])


@every_revision
def test_deleted_categories_leave_their_items(client: Client, revision: str) -> None:
    made = Jobs(client, revision, KIND["category-create"])
    made.applied(made.named("shared"))
    items = Jobs(client, revision, KIND["item-create"])
    items.applied(items.named("a", Style.ALL))
    gone = Jobs(client, revision, KIND["category-delete"])
    gone.applied(gone.named("shared"))
    jobs = Jobs(client, revision, KIND["item-update"])
    assert outcome(jobs.applied(jobs.named("a")).json) == (1, [])


@every_revision
def test_jobs_apply_first_in_first_out(client: Client, revision: str) -> None:
    created = Jobs(client, revision, KIND["item-create"])
    updated = Jobs(client, revision, KIND["item-update"])
    deleted = Jobs(client, revision, KIND["item-delete"])
    created.post(created.named("a"))
    second = updated.post(updated.named("a")).job_id
    third = deleted.post(deleted.named("a")).job_id
    assert outcome(deleted.completed(third).json) == (1, [])
    assert outcome(updated.completed(second).json) == (1, [])


def add_item(client: Client, revision: str, name: str) -> None:
    jobs = Jobs(client, revision, KIND["item-create"])
    assert outcome(jobs.applied(jobs.named(name)).json) == (1, [])


def outcome(document: Any) -> tuple[int, list[str]]:
    """How many succeeded, and the last words of what the others say."""
    attributes = document["data"]["attributes"]
    said = [
        phrase
        for entry in attributes["errors"]
        for phrase in ("already exists", "does not exist")
        if phrase in entry["detail"]
    ]
    assert attributes["failed_count"] == len(said)
    return attributes["completed_count"], said
