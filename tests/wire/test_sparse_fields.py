"""`fields[...]` on jobs: each value alone, all of them, in the order asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.wire_answers import RESOURCE_ATTRIBUTES, hold_error, hold_list, hold_one, hold_post
from support.wire_contract import (
    FIELDS_ON_POST,
    ID_AMONG_FIELDS,
    JOB_ID_IS_ID,
    NULLS,
    before,
    every_kind,
    every_revision,
    including_kinds,
    job_field_values,
    shows_linkage,
    since,
)
from support.wire_jobs import Jobs

if TYPE_CHECKING:
    from support.client import Client
    from support.wire_contract import Kind
    from support.wire_jobs import Shop


def asked(kind: Kind, *names: str) -> dict[str, str]:
    return {f"fields[{kind.type}]": ",".join(names)}


@every_revision
@every_kind
def test_each_field_stands_alone(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    linked = shows_linkage(revision, kind)
    for field in job_field_values(revision):
        query = asked(kind, field)
        answer = jobs.get(shop.mixed[kind], query)
        hold_one(jobs, answer, query, fields=[field], linked=linked)


@every_revision
@every_kind
def test_lists_show_each_field_alone(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    for field in job_field_values(revision):
        query = asked(kind, field)
        page = jobs.list(query)
        assert [list(job["attributes"]) for job in page.json["data"]] == [
            [field] if field != "id" else []
        ] * 2


@every_revision
@every_kind
def test_fields_come_in_the_callers_order(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    fields = job_field_values(revision)[::-1]
    query = asked(kind, *fields)
    hold_one(jobs, jobs.get(shop.mixed[kind], query), query, fields=fields)


@every_revision
@every_kind
def test_lists_keep_the_callers_order(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    fields = job_field_values(revision)[::-1]
    query = asked(kind, *fields)
    hold_list(jobs, jobs.list(query), query, fields=fields)


@before(NULLS)
@every_kind
def test_processing_job_hides_completed_at(
    paused_client: Client, revision: str, kind: Kind
) -> None:
    jobs = Jobs(paused_client, revision, kind)
    query = asked(kind, "completed_at")
    answer = jobs.get(jobs.post(jobs.named("a")).job_id, query)
    hold_one(jobs, answer, query, fields=["completed_at"], linked=False)
    assert answer.json["data"]["attributes"] == {}


@every_revision
@including_kinds
def test_included_resources_are_sparse_too(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    fields = ["updated", "external_id"]
    query = {"include": kind.plural, f"fields[{kind.resource_type}]": ",".join(fields)}
    answer = jobs.get(shop.mixed[kind], query)
    hold_one(jobs, answer, query)
    assert {tuple(each["attributes"]) for each in answer.json["included"]} == {tuple(fields)}


@every_revision
@including_kinds
def test_included_resources_know_every_field(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    for field in RESOURCE_ATTRIBUTES[kind.resource]:
        query = {"include": kind.plural, f"fields[{kind.resource_type}]": field}
        answer = jobs.get(shop.mixed[kind], query)
        hidden = field == "price" and kind.resource == "item" and revision < NULLS
        shown = [] if hidden else [field]
        assert {tuple(each["attributes"]) for each in answer.json["included"]} == {tuple(shown)}


@every_revision
def test_variant_id_is_always_a_field(shop: Shop, revision: str) -> None:
    kind = next(kind for kind in shop.mixed if str(kind) == "variant-create")
    query = {"include": "variants", "fields[catalog-variant]": "id"}
    answer = Jobs(shop.client, revision, kind).get(shop.mixed[kind], query)
    assert {tuple(each["attributes"]) for each in answer.json["included"]} == {()}


@before(ID_AMONG_FIELDS)
@every_kind
def test_job_id_is_no_field_yet(client: Client, revision: str, kind: Kind) -> None:
    query = asked(kind, "id")
    answer = Jobs(client, revision, kind).list(query)
    hold_error(answer, 400, source={"parameter": f"fields[{kind.type}]"})


@since(JOB_ID_IS_ID)
@every_kind
def test_job_id_leaves_the_fields(client: Client, revision: str, kind: Kind) -> None:
    query = asked(kind, "job_id")
    answer = Jobs(client, revision, kind).list(query)
    hold_error(answer, 400, source={"parameter": f"fields[{kind.type}]"})


@every_revision
@every_kind
def test_unknown_field_is_refused(shop: Shop, revision: str, kind: Kind) -> None:
    answer = Jobs(shop.client, revision, kind).get(shop.mixed[kind], asked(kind, "colour"))
    hold_error(answer, 400, source={"parameter": f"fields[{kind.type}]"})


@since(FIELDS_ON_POST)
@every_kind
def test_posts_take_fields(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    for fields in (["id"], ["total_count", "status"], job_field_values(revision)[::-1]):
        answer = jobs.post(jobs.named("a"), query=asked(kind, *fields))
        hold_post(jobs, answer, fields)


@before(FIELDS_ON_POST)
@every_kind
def test_posts_took_no_fields(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    refused = jobs.post(jobs.named("a"), query=asked(kind, "status"))
    hold_error(refused, 400, extra={"meta": {}})
    assert jobs.list().json["data"] == []
