"""Refusals that read alike at every revision and of every kind, to the letter."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from support.wire_answers import UUID, hold_error
from support.wire_contract import KIND, KINDS, every_revision
from support.wire_jobs import Jobs, all_jobs
from support.wire_requests import a_body, operations_pointer

if TYPE_CHECKING:
    from support.client import Answer, Client
    from support.wire_contract import Kind
    from support.wire_jobs import Shop

UNKNOWN_JOB = "01J00000000000000000000001"
AT_DATA = {"pointer": "/data/"}


@every_revision
def test_unknown_job_is_not_found(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        named = f"catalog-{jobs.kind.resource} bulk {jobs.kind.verb}"
        detail = f"A {named} job with id {UNKNOWN_JOB} does not exist."
        hold_not_found(jobs.get(UNKNOWN_JOB), detail)


@every_revision
def test_foreign_job_is_not_found(shop: Shop, client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        named = f"catalog-{jobs.kind.resource} bulk {jobs.kind.verb}"
        job_id = shop.mixed[jobs.kind]
        hold_not_found(jobs.get(job_id), f"A {named} job with id {job_id} does not exist.")


@every_revision
def test_job_has_only_one_kind(shop: Shop, revision: str) -> None:
    for kind, other in pairwise(KINDS):
        answer = Jobs(shop.client, revision, kind).get(shop.mixed[other])
        hold_error(answer, 404, "not_found", "Not found.", source=AT_DATA)


@every_revision
def test_page_size_is_never_taken(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        detail = f"'page_size' is not a valid field for the resource '{jobs.kind.type}'."
        source = {"pointer": "/data/attributes/page_size"}
        answer = jobs.list({"page[size]": "10"})
        hold_error(answer, 400, detail=detail, source=source, extra={"meta": {}})


@every_revision
def test_missing_attribute_is_named(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        name = jobs.kind.plural
        answer = jobs.send({"data": {"type": jobs.kind.type, "attributes": {}}})
        detail = f"'{name}' is a required field for the resource '{jobs.kind.type}'."
        hold_error(answer, 400, detail=detail, source={"pointer": f"/data/attributes/{name}"})


@every_revision
def test_missing_external_id_is_named(client: Client, revision: str) -> None:
    for resource in ("item", "variant", "category"):
        jobs = Jobs(client, revision, KIND[f"{resource}-create"])
        operation = jobs.named("a")
        del operation["attributes"]["external_id"]
        detail = f"'external_id' is a required field for the resource 'catalog-{resource}'."
        hold_error(jobs.post(operation), 400, detail=detail)


@every_revision
def test_operations_need_a_type(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        operation = jobs.named("a")
        del operation["type"]
        answer = jobs.post(operation)
        hold_error(answer, 400)
        assert answer.error["detail"].startswith("'type' is a required field for the resource '")


@every_revision
def test_empty_resource_is_refused(client: Client, revision: str) -> None:
    names = "`attributes`, `relationships` or `id`"
    detail = f"One of {names} must be included in the request payload."
    for jobs in all_jobs(client, revision):
        answer = jobs.send({"data": {"type": jobs.kind.type}})
        hold_error(answer, 400, detail=detail, source={"pointer": "/data"})


@every_revision
def test_another_type_is_refused(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        body = a_body(revision, jobs.kind)
        body["data"]["type"] = jobs.kind.resource_type
        hold_error(jobs.send(body), 400, source={"pointer": "/data/type"})


@every_revision
def test_jobs_without_operations_are_refused(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        hold_error(jobs.post(), 400)
        assert jobs.list().json["data"] == []


@every_revision
def test_over_a_hundred_operations_are_refused(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        answer = jobs.post(*[jobs.named(f"n{n}") for n in range(101)])
        hold_error(answer, 400, source={"pointer": operations_pointer(revision, jobs.kind)})


@every_revision
def test_include_on_lists_is_refused(client: Client, revision: str) -> None:
    for jobs in all_jobs(client, revision):
        hold_include_refused(jobs.list({"include": jobs.kind.plural}), jobs.kind)


@every_revision
def test_include_on_deletes_is_refused(shop: Shop, revision: str) -> None:
    for kind in KINDS:
        if not kind.reads_can_include:
            jobs = Jobs(shop.client, revision, kind)
            answer = jobs.get(shop.mixed[kind], {"include": kind.plural})
            hold_include_refused(answer, kind)


@every_revision
def test_unknown_include_is_refused(shop: Shop, revision: str) -> None:
    detail = "'profiless' is not an allowed include parameter for this resource."
    for kind in KINDS:
        if kind.reads_can_include:
            jobs = Jobs(shop.client, revision, kind)
            answer = jobs.get(shop.mixed[kind], {"include": "profiless"})
            hold_error(answer, 400, detail=detail, source={"parameter": "include"}, extra=None)


@every_revision
@pytest.mark.parametrize("operator", ["contains", "any", "greater-than"])
def test_foreign_operators_are_refused(client: Client, revision: str, operator: str) -> None:
    refused = f"'{operator}' is not an allowed filter operator for status."
    detail = f"{refused}  Allowed operators are equals"
    for jobs in all_jobs(client, revision):
        answer = jobs.list({"filter": f'{operator}(status,"complete")'})
        hold_error(answer, 400, detail=detail, source={"parameter": "filter"})


@every_revision
@pytest.mark.parametrize("text", ["status", "equals(status", "equals(status,complete", "("])
def test_broken_filters_are_refused(client: Client, revision: str, text: str) -> None:
    source = {"parameter": "filter"}
    for jobs in all_jobs(client, revision):
        answer = jobs.list({"filter": text})
        hold_error(answer, 400, detail="Invalid filter provided", source=source, extra=None)


@every_revision
@pytest.mark.parametrize("field", ["colour", "created_at", "ids", "id"])
def test_foreign_filter_fields_are_refused(client: Client, revision: str, field: str) -> None:
    for jobs in all_jobs(client, revision):
        answer = jobs.list({"filter": f'equals({field},"a")'})
        detail = (
            f"'{field}' is not a filterable field for this resource."
            " The filterable fields on this resource are: status."
        )
        hold_error(answer, 400, detail=detail, source={"parameter": "filter"}, extra=None)


@every_revision
@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b'{"data": NaN}'])
def test_broken_json_is_refused(client: Client, revision: str, body: bytes) -> None:
    for kind in KINDS:
        answer = client.post(kind.path, body=body, revision=revision)
        hold_error(answer, 400, "parse_error", "Malformed request.", source=AT_DATA)


@every_revision
@pytest.mark.parametrize("body", [b"[]", b"7", b"null", b'{"data": []}', b'{"data": 7}', b"{}"])
def test_bodies_without_resource_are_refused(client: Client, revision: str, body: bytes) -> None:
    for kind in KINDS:
        answer = client.post(kind.path, body=body, revision=revision)
        hold_error(answer, 400)
        assert answer.error["source"]["pointer"].startswith("/data")


@every_revision
def test_absent_bodies_are_refused(client: Client, revision: str) -> None:
    for kind in KINDS:
        assert client.post(kind.path, body=b"", revision=revision).status == 400


@every_revision
def test_unknown_methods_are_refused(client: Client, revision: str) -> None:
    for kind in KINDS:
        one = f"{kind.path}/{UNKNOWN_JOB}"
        for method, path in (("PUT", kind.path), ("DELETE", kind.path), ("PATCH", one)):
            answer = client.request(method, path, revision=revision)
            text = f'Method "{method}" not allowed.'
            hold_error(answer, 405, "method_not_allowed", text, detail=text, source=AT_DATA)


@every_revision
def test_unknown_media_types_are_refused(client: Client, revision: str) -> None:
    text = 'Unsupported media type "text/plain" in request.'
    headers = {"Content-Type": "text/plain"}
    for kind in KINDS:
        answer = client.post(kind.path, a_body(revision, kind), headers=headers, revision=revision)
        hold_error(answer, 415, "unsupported_media_type", text, detail=text, source=AT_DATA)


@every_revision
def test_calls_without_key_are_refused(client: Client, revision: str) -> None:
    headers = {"Authorization": None}
    for kind in KINDS:
        one = f"{kind.path}/{UNKNOWN_JOB}"
        for method, path in (("GET", kind.path), ("POST", kind.path), ("GET", one)):
            hold_unauthenticated(client.request(method, path, headers=headers, revision=revision))


@every_revision
@pytest.mark.parametrize("key", ["Klaviyo-API-Key", "Klaviyo-API-Key invalid", ""])
def test_calls_with_wrong_key_are_refused(client: Client, revision: str, key: str) -> None:
    answer = client.get(KINDS[0].path, headers={"Authorization": key}, revision=revision)
    hold_unauthenticated(answer)


@every_revision
@pytest.mark.parametrize("key", ["{}", "Basic {}", "Klaviyo-API-Key-{}"])
def test_other_schemes_are_refused(client: Client, revision: str, key: str) -> None:
    headers = {"Authorization": key.format(client.key)}
    answer = client.get(KINDS[0].path, headers=headers, revision=revision)
    detail = "Missing or invalid authorization scheme. Please use Klaviyo-API-Key."
    hold_unauthenticated(answer, detail)


@every_revision
@pytest.mark.parametrize("key", ["Bearer nonsense", "Klaviyo-API-Key pk_none"])
def test_unknown_keys_are_refused(client: Client, revision: str, key: str) -> None:
    headers = {"Authorization": key}
    answer = client.get(KINDS[0].path, headers=headers, revision=revision)
    text = "Incorrect authentication credentials."
    hold_error(answer, 401, "authentication_failed", text, detail=text, source=AT_DATA)


def hold_not_found(answer: Answer, detail: str) -> None:
    hold_error(answer, 404, "not_found", "Not found.", detail=detail, source=AT_DATA)


def hold_include_refused(answer: Answer, kind: Kind) -> None:
    wording = "include is not currently supported for the requested operation on this resource."
    detail = f"'{kind.plural}' {wording}"
    hold_error(answer, 400, detail=detail, extra=None)


def hold_unauthenticated(answer: Answer, detail: str = "Missing or invalid private key.") -> None:
    title = "Authentication credentials were not provided."
    hold_error(answer, 401, "not_authenticated", title, detail=detail, source=AT_DATA)
    assert answer.headers["WWW-Authenticate"] == "Bearer, Klaviyo-API-Key"
    assert UUID.fullmatch(answer.headers["X-Klaviyo-Req-Id"])
    assert answer.headers["X-Klaviyo-Req-Id"] == answer.error["id"]
    assert "Allow" in answer.headers
    assert not [name for name in answer.headers if name.lower().startswith("ratelimit")]
    assert "X-Klaviyo-Api-Revision" not in answer.headers
