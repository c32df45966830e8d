"""Rates, sizes and numbers beyond which a call is refused."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from support.client import NEWEST
from support.wire_answers import MEDIA_TYPE, error_place
from support.wire_contract import CONTRACT, KIND, every_revision
from support.wire_jobs import Jobs
from support.wire_requests import a_body, operations_pointer

if TYPE_CHECKING:
    from support.client import Answer, Client

ITEMS = KIND["item-create"]
DECIMAL, BINARY = 1000 * 1000, 1024 * 1024
ENOUGH_FOR_ANY_RATE = 4000


def limits(revision: str) -> Any:
    return CONTRACT["revisions"][revision]["limits"]


def sized(client: Client, revision: str, size: int) -> Answer:
    """Post a job in a body of so many bytes."""
    body = json.dumps(a_body(revision, ITEMS)).encode().ljust(size)
    return client.post(ITEMS.path, body=body, revision=revision)


@every_revision
def test_bodies_up_to_the_limit_pass(client: Client, revision: str) -> None:
    size = limits(revision)["bulk_max_body_mb"] * DECIMAL
    assert sized(client, revision, size).status == 202


@every_revision
def test_bodies_over_the_limit_fail(client: Client, revision: str) -> None:
    size = limits(revision)["bulk_max_body_mb"] * BINARY + 1
    answer = sized(client, revision, size)
    assert answer.status == 413
    assert answer.headers["Content-Type"] == MEDIA_TYPE
    assert list(answer.error)[:5] == ["id", "status", "code", "title", "detail"]
    assert answer.error["status"] == 413


@pytest.mark.slow
def test_500_jobs_may_be_in_progress(paused_client: Client) -> None:
    jobs = Jobs(paused_client, NEWEST, KIND["item-delete"])
    operation = jobs.named("a")
    assert {jobs.post(operation).status for _ in range(500)} == {202}
    hold_throttled(jobs.post(operation))
    assert jobs.at("2024-02-15").post(operation).status == 429


def test_rates_describe_the_burst_window(limited_client: Client) -> None:
    answer = limited_client.get(ITEMS.path)
    assert answer.headers["RateLimit-Limit"] == "75, 75;w=1, 750;w=60"
    assert answer.headers["RateLimit-Remaining"] == "74"
    assert answer.headers["RateLimit-Reset"] == "0"


def test_too_many_calls_are_throttled(limited_client: Client) -> None:
    answers = (limited_client.get(ITEMS.path) for _ in range(ENOUGH_FOR_ANY_RATE))
    throttled = next(answer for answer in answers if answer.status != 200)
    hold_throttled(throttled)
    assert throttled.error["detail"].startswith("Request was throttled. Expected")


def test_throttled_posts_store_nothing(limited_client: Client) -> None:
    jobs = Jobs(limited_client, NEWEST, KIND["category-create"])
    answers = (jobs.post(jobs.named("a")) for _ in range(ENOUGH_FOR_ANY_RATE))
    accepted = 0
    for answer in answers:
        if answer.status == 429:
            break
        accepted += 1
    page = jobs.list()
    assert len(page.json["data"]) == min(accepted, 100)


@every_revision
@pytest.mark.parametrize("external_id", ["a", "7/8 \u00e9 :::", "x" * 255])
def test_external_ids_are_any_text(client: Client, revision: str, external_id: str) -> None:
    jobs = Jobs(client, revision, KIND["category-create"])
    assert jobs.applied(jobs.named(external_id)).json["data"]["attributes"]["completed_count"] == 1


@every_revision
@pytest.mark.parametrize("external_id", ["", "x" * 256])
def test_other_external_ids_are_refused(client: Client, revision: str, external_id: str) -> None:
    jobs = Jobs(client, revision, KIND["category-create"])
    start = operations_pointer(revision, jobs.kind)
    assert error_place(jobs.post(jobs.named(external_id))) == f"{start}/attributes/external_id"


@every_revision
@pytest.mark.parametrize("name", ["漢" * 1366, "🐈" * 1025])
def test_long_names_are_refused(client: Client, revision: str, name: str) -> None:
    jobs = Jobs(client, revision, KIND["category-create"])
    operation = jobs.named("a")
    operation["attributes"]["name"] = name
    place = error_place(jobs.post(operation))
    assert place == f"{operations_pointer(revision, jobs.kind)}/attributes/name"


@every_revision
def test_metadata_may_be_nested(client: Client, revision: str) -> None:
    answer = with_metadata(client, revision, {"a": {"b": [1, None, {"c": "d" * 99_000}]}})
    assert answer.status == 202


@every_revision
def test_metadata_over_100_kb_fails(client: Client, revision: str) -> None:
    place = error_place(with_metadata(client, revision, {"a": "b" * 103_000}))
    assert place == f"{operations_pointer(revision, ITEMS)}/attributes/custom_metadata"


def with_metadata(client: Client, revision: str, metadata: Any) -> Answer:
    jobs = Jobs(client, revision, ITEMS)
    operation = jobs.named("a")
    operation["attributes"]["custom_metadata"] = metadata
    return jobs.post(operation)


def hold_throttled(answer: Answer) -> None:
    """The recorded answer, whose members come in an order of their own."""
    assert answer.status == 429
    assert "Content-Type" not in answer.headers
    assert not [name for name in answer.headers if name.lower().startswith("ratelimit")]
    error = answer.error
    assert list(error) == [
        "status", "detail", "meta", "source", "code", "id", "links", "title"
    ]  # fmt: skip
    assert (error["status"], error["code"], error["meta"]) == (429, "throttled", {})
    assert error["title"] == "Request was throttled."
    assert error["source"] == {"pointer": "/data"}
    assert list(error["links"]) == ["type"]
    wait = re.fullmatch(r".*\. Expected available in (\d+) seconds?\.", error["detail"])
    assert wait
    assert answer.headers["Retry-After"] == wait[1]
    assert int(wait[1]) > 0
