"""The rows of each revision's operation table: status, scope, rate, parameters, paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from support.wire_answers import MEDIA_TYPE, hold_error
from support.wire_contract import KINDS, every_kind, every_revision, getting, listing, posting
from support.wire_jobs import Jobs
from support.wire_requests import a_body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from support.client import Answer, Client
    from support.wire_contract import Kind, Operation
    from support.wire_jobs import MakeClient, Shop

UNKNOWN_JOB = "01J00000000000000000000001"
FORBIDDEN = "You do not have permission to perform this action."


def parameters(kind: Kind) -> dict[str, str]:
    """Every parameter that any operation of a catalog has, with a value it could have."""
    return {
        f"fields[{kind.type}]": "status",
        f"fields[{kind.resource_type}]": "external_id",
        "include": kind.plural,
        "filter": 'equals(status,"complete")',
        "sort": "created",
        "page[cursor]": "bmV4dA",
        "page[size]": "10",
    }


def undeclared(operation: Operation, kind: Kind) -> Iterable[tuple[str, str]]:
    return [pair for pair in parameters(kind).items() if pair[0] not in operation.query]


@every_revision
def test_success_statuses_are_the_tables(shop: Shop, revision: str) -> None:
    for kind in KINDS:
        jobs = Jobs(shop.client, revision, kind)
        assert jobs.list().status == listing(revision, kind).success_status
        one = jobs.get(shop.mixed[kind])
        assert one.status == getting(revision, kind).success_status


@every_revision
def test_posts_need_the_write_scope(make_client: MakeClient, revision: str) -> None:
    reader = make_client(scopes="catalogs:read")
    for kind in KINDS:
        jobs = Jobs(reader, revision, kind)
        assert posting(revision, kind).scope == "catalogs:write"
        hold_forbidden(jobs.post(jobs.named("a")), "catalogs:write")
        assert jobs.list().status == 200


@every_revision
def test_reads_need_the_read_scope(make_client: MakeClient, revision: str) -> None:
    writer = make_client(scopes="catalogs:write")
    for kind in KINDS:
        jobs = Jobs(writer, revision, kind)
        assert {listing(revision, kind).scope, getting(revision, kind).scope} == {"catalogs:read"}
        accepted = jobs.post(jobs.named("a"))
        assert accepted.status == 202
        hold_forbidden(jobs.list(), "catalogs:read")
        hold_forbidden(jobs.get(accepted.job_id), "catalogs:read")


@every_revision
def test_rates_are_the_tables(limited_client: Client, revision: str) -> None:
    for kind in KINDS:
        jobs = Jobs(limited_client, revision, kind)
        operations = [of(revision, kind) for of in (posting, listing, getting)]
        answers = [jobs.send({}), jobs.list(), jobs.get(UNKNOWN_JOB)]
        shown = [answer.headers["RateLimit-Limit"] for answer in answers]
        assert shown == [operation.rate_limit for operation in operations], kind


@every_revision
@every_kind
def test_undeclared_parameters_are_refused(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    for name, value in undeclared(posting(revision, kind), kind):
        hold_parameter_refused(jobs.post(jobs.named("a"), query={name: value}), kind, name)
    for name, value in undeclared(listing(revision, kind), kind):
        hold_parameter_refused(jobs.list({name: value}), kind, name)
    assert jobs.list().json["data"] == []


@every_revision
@every_kind
def test_undeclared_parameters_of_one_job(shop: Shop, revision: str, kind: Kind) -> None:
    jobs = Jobs(shop.client, revision, kind)
    for name, value in undeclared(getting(revision, kind), kind):
        hold_parameter_refused(jobs.get(shop.mixed[kind], {name: value}), kind, name)


@every_revision
@every_kind
def test_both_slash_forms_answer(client: Client, revision: str, kind: Kind) -> None:
    jobs = Jobs(client, revision, kind)
    accepted = client.post(f"{kind.path}/", a_body(revision, kind), revision=revision)
    assert accepted.status == 202
    slashed = client.completed(kind.path, f"{accepted.job_id}/", revision=revision)
    assert slashed.json["data"] == jobs.get(accepted.job_id).json["data"]
    page = client.get(f"{kind.path}/", revision=revision)
    assert page.json["data"] == jobs.list().json["data"]
    assert page.json["links"]["self"] == f"{jobs.url}/"


@every_revision
def test_every_answer_has_one_media_type(client: Client, revision: str) -> None:
    for kind in KINDS:
        jobs = Jobs(client, revision, kind)
        answers = [jobs.send({}), jobs.list(), jobs.get(UNKNOWN_JOB), jobs.post(jobs.named("a"))]
        assert [answer.status for answer in answers] == [400, 200, 404, 202]
        assert {answer.headers["Content-Type"] for answer in answers} == {MEDIA_TYPE}


def hold_forbidden(answer: Answer, scope: str) -> None:
    hold_error(answer, 403, "permission_denied", FORBIDDEN, source={"pointer": "/data/"})
    assert answer.error["detail"] == f"Your API key is missing required scopes: {scope}"


def hold_parameter_refused(answer: Answer, kind: Kind, name: str) -> None:
    """A parameter is refused as `page[size]` was seen to be; `include` in words of its own."""
    if name == "include":
        hold_error(answer, 400, extra=None)
    else:
        hold_error(answer, 400, extra={"meta": {}})
        wording = f"is not a valid field for the resource '{kind.type}'."
        assert answer.error["detail"].endswith(wording)
