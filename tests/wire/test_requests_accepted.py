"""Bodies in each revision's own shape: accepted, and applied as they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.wire_answers import hold_one, hold_post
from support.wire_contract import (
    KIND,
    NULLS,
    RELATIONSHIP_DATA_OPTIONAL,
    SKU_IN_UPDATES,
    WRAPPED_BODIES,
    before,
    every_kind,
    every_revision,
    posting,
    request_validator,
    since,
)
from support.wire_jobs import Jobs
from support.wire_requests import Style, a_body, body_schema, places, replaced, shapes, styles

if TYPE_CHECKING:
    from support.client import Answer, Client
    from support.wire_contract import Kind


def counts(answer: Answer) -> tuple[int, int]:
    attributes = answer.json["data"]["attributes"]
    return attributes["completed_count"], attributes["failed_count"]


@every_revision
@every_kind
def test_own_shape_is_accepted_and_applied(stocked: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(stocked, revision, kind)
    for style in styles(revision):
        accepted = jobs.post(jobs.named(f"{kind.verb}-{style.value}", style))
        hold_post(jobs, accepted)
        complete = jobs.completed(accepted.job_id)
        hold_one(jobs, complete)
        assert counts(complete) == (1, 0), complete.body


@every_revision
@every_kind
def test_only_own_shapes_are_accepted(client: Client, revision: str, kind: Kind) -> None:
    schema = posting(revision, kind).request_schema
    assert schema
    for body in shapes(kind):
        own = request_validator(schema).is_valid(body)
        answer = Jobs(client, revision, kind).send(body)
        assert answer.status == (202 if own else 400), (body, answer.body)


@since(NULLS)
@every_kind
def test_each_nullable_member_takes_null(client: Client, revision: str, kind: Kind) -> None:
    body = a_body(revision, kind, style=Style.ALL)
    for path, schema, _ in places(body_schema(revision, kind), body):
        if "null" in schema["type"]:
            answer = Jobs(client, revision, kind).send(replaced(body, path, None))
            assert answer.status == 202, (path, answer.body)


@every_revision
def test_a_hundred_operations_are_accepted(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["item-create"])
    assert counts(jobs.applied(*[jobs.named(f"i{n}") for n in range(100)])) == (100, 0)


@since(SKU_IN_UPDATES)
def test_variant_updates_take_sku(stocked: Client, revision: str) -> None:
    jobs = Jobs(stocked, revision, KIND["variant-update"])
    update = jobs.named("update-all")
    update["attributes"] = {"sku": "NEW"}
    complete = jobs.applied(update)
    (variant,) = jobs.get(complete.job_id, {"include": "variants"}).json["included"]
    assert variant["attributes"]["sku"] == "NEW"


@before(WRAPPED_BODIES)
def test_variants_without_parents_were_accepted(client: Client, revision: str) -> None:
    jobs = Jobs(client, revision, KIND["variant-create"])
    orphan = jobs.named("a") | {"relationships": {"items": {"data": []}}}
    assert counts(jobs.applied(orphan)) == (1, 0)


@since(RELATIONSHIP_DATA_OPTIONAL)
@every_kind
def test_relationships_may_lack_data(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    operation = jobs.named("a", Style.ALL)
    for name in operation.get("relationships", {}):
        operation["relationships"][name] = {}
        assert jobs.post(operation).status == 202


@every_revision
@every_kind
def test_media_types_are_both_taken(client: Client, revision: str, kind: Kind) -> None:
    body = a_body(revision, kind)
    for media_type in ("application/json", "application/vnd.api+json"):
        headers = {"Content-Type": media_type, "Accept": media_type}
        answer = client.post(kind.path, body, revision=revision, headers=headers)
        hold_post(Jobs(client, revision, kind), answer)
