"""Posted, processing, complete: each answer of each kind at each revision, held strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.revisions import NEWEST
from support.wire_answers import hold_list, hold_one, hold_post, hold_resource
from support.wire_contract import (
    KIND,
    NULLS,
    every_kind,
    every_revision,
    including_kinds,
    linking_kinds,
    since,
)
from support.wire_jobs import Jobs, ids, linked_ids
from support.wire_requests import Style

if TYPE_CHECKING:
    from support.client import Client
    from support.wire_contract import Kind
    from support.wire_jobs import Shop

STATUSES = ("queued", "processing", "complete", "cancelled")
VERBS = ("create", "update")
LINKED = {"create": ("b", "old-a", "old-b"), "update": ("b", "old-a"), "delete": ("old-a", "old-b")}


@every_revision
@every_kind
def test_accepted_job_is_whole(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    hold_post(jobs, jobs.post(jobs.named("a"), jobs.named("b")))


@every_revision
@every_kind
def test_accepted_job_counts_nothing_yet(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    attributes = jobs.post(jobs.named("a"), jobs.named("b")).json["data"]["attributes"]
    assert attributes["status"] == "processing"
    assert [attributes[f"{name}_count"] for name in ("total", "completed", "failed")] == [2, 0, 0]
    assert attributes["errors"] == []


@every_revision
@every_kind
def test_processing_job_is_whole(paused_client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(paused_client, revision, kind)
    answer = jobs.get(jobs.post(jobs.named("a")).job_id)
    hold_one(jobs, answer, linked=False)
    assert answer.json["data"]["attributes"]["status"] == "processing"


@every_revision
@including_kinds
def test_processing_job_includes_nothing(paused_client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(paused_client, revision, kind)
    query = {"include": kind.plural}
    answer = jobs.get(jobs.post(jobs.named("a")).job_id, query)
    hold_one(jobs, answer, query)
    assert answer.json["data"]["relationships"] == {kind.plural: {"data": []}}
    assert answer.json["included"] == []


@every_revision
@every_kind
def test_list_of_processing_job_is_whole(paused_client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(paused_client, revision, kind)
    posted = jobs.post(jobs.named("a")).job_id
    answer = jobs.list()
    hold_list(jobs, answer, linked=False)
    assert [job["id"] for job in answer.json["data"]] == [posted]


@every_revision
@every_kind
def test_processing_job_answers_its_filter(
    paused_client: Client, revision: str, kind: Kind
) -> None:
    jobs = Jobs(paused_client, revision, kind)
    jobs.post(jobs.named("a"))
    assert _counts_by_status(jobs) == [0, 1, 0, 0]


@every_revision
@every_kind
def test_empty_list_is_whole(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    answer = jobs.list()
    hold_list(jobs, answer)
    assert answer.json["data"] == []
    assert answer.json["links"]["next"] is answer.json["links"]["prev"] is None


@every_revision
@every_kind
def test_complete_job_is_whole(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    answer = jobs.get(shop.mixed[kind])
    hold_one(jobs, answer)
    assert answer.json["data"]["attributes"]["failed_count"] == 1


@every_revision
@every_kind
def test_wholly_failed_job_is_complete(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    answer = jobs.get(shop.failed[kind])
    hold_one(jobs, answer, linked=False)
    assert answer.json["data"]["attributes"]["status"] == "complete"
    assert answer.json["data"]["attributes"]["completed_count"] == 0


@linking_kinds
def test_complete_job_names_its_successes(shop: Shop, revision: str, kind: Kind) -> None:
    data = Jobs(shop.client, revision, kind).get(shop.mixed[kind]).json["data"]
    assert set(linked_ids(data, kind)) >= set(ids(*LINKED[kind.verb]))
    assert len(linked_ids(data, kind)) == data["attributes"]["completed_count"]


@every_revision
@including_kinds
def test_complete_job_includes_whole_resources(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    query = {"include": kind.plural}
    answer = jobs.get(shop.mixed[kind], query)
    hold_one(jobs, answer, query)
    assert answer.json["included"]
    for resource in answer.json["included"]:
        hold_resource(jobs, resource)


@every_revision
@including_kinds
def test_empty_include_brings_nothing(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    plain, empty = (jobs.get(shop.mixed[kind], query) for query in (None, {"include": ""}))
    assert empty.status == 200, empty.body
    assert empty.json["data"] == plain.json["data"]
    assert empty.json.keys() == plain.json.keys()


@every_revision
@including_kinds
def test_deleted_resources_stay_only_linked(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    document = jobs.get(shop.mixed[kind], {"include": kind.plural}).json
    gone = {"create": ids("old-a", "old-b"), "update": ids("old-a")}[kind.verb]
    included = {resource["id"] for resource in document["included"]}
    assert set(linked_ids(document["data"], kind)) - included == set(gone)


@every_revision
def test_resource_named_often_is_linked_once(client: Client, revision: str) -> None:
    creates, updates = (Jobs(client, revision, KIND[f"category-{verb}"]) for verb in VERBS)
    creates.applied(creates.named("a"), creates.named("b"))
    complete = updates.applied(*(updates.named(name) for name in "aba"))
    document = updates.get(complete.job_id, {"include": "categories"}).json
    assert document["data"]["attributes"]["completed_count"] == 3
    assert linked_ids(document["data"], updates.kind) == ids("a", "b")
    assert [resource["id"] for resource in document["included"]] == ids("a", "b")


@since(NULLS)
def test_unset_members_have_their_defaults(client: Client, revision: str) -> None:
    attributes = _included_item(client, revision, Style.REQUIRED)
    assert (attributes["price"], attributes["published"]) == (None, True)
    assert attributes["image_full_url"] == attributes["image_thumbnail_url"] == ""
    assert (attributes["images"], attributes["custom_metadata"]) == ([], {})


@since(NULLS)
def test_null_members_have_their_defaults(client: Client, revision: str) -> None:
    attributes = _included_item(client, revision, Style.NULL)
    assert attributes["price"] is None
    assert attributes["image_full_url"] == attributes["image_thumbnail_url"] == ""
    assert (attributes["images"], attributes["custom_metadata"]) == ([], {})


@every_revision
def test_given_members_come_back(client: Client, revision: str) -> None:
    sent = Jobs(client, revision, KIND["item-create"]).named("a", Style.ALL)["attributes"]
    shown = _included_item(client, revision, Style.ALL)
    hidden = {"integration_type", "catalog_type"}
    assert {name: shown[name] for name in sent if name not in hidden} == {
        name: value for name, value in sent.items() if name not in hidden
    }


@every_revision
@every_kind
def test_list_of_complete_jobs_is_whole(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    answer = jobs.list()
    hold_list(jobs, answer)
    newest_first = [shop.failed[kind], shop.mixed[kind]]
    assert [job["id"] for job in answer.json["data"]] == newest_first


@every_revision
@every_kind
def test_complete_jobs_answer_their_filter(shop: Shop, revision: str, kind: Kind) -> None:
    assert _counts_by_status(Jobs(shop.client, revision, kind)) == [0, 0, 2, 0]


@every_revision
@every_kind
def test_jobs_of_other_revisions_read_alike(shop: Shop, revision: str, kind: Kind) -> None:
    for other in ("2022-10-17", "2023-12-15", NEWEST):
        jobs = Jobs(shop.client, revision, kind).at(other)
        hold_one(jobs, jobs.get(shop.mixed[kind]))


def _counts_by_status(jobs: Jobs) -> list[int]:
    counts = []
    for status in STATUSES:
        query = {"filter": f'equals(status,"{status}")'}
        answer = jobs.list(query)
        hold_list(jobs, answer, query)
        assert {job["attributes"]["status"] for job in answer.json["data"]} <= {status}
        counts.append(len(answer.json["data"]))
    return counts


def _included_item(client: Client, revision: str, style: Style) -> Any:
    categories = Jobs(client, revision, KIND["category-create"])
    categories.applied(categories.named("shared"))
    jobs = Jobs(client, revision, KIND["item-create"])
    complete = jobs.applied(jobs.named("a", style))
    (item,) = jobs.get(complete.job_id, {"include": "items"}).json["included"]
    return item["attributes"]
