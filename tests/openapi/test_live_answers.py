"""Real answers against the server's own documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openapi import described
from openapi.described import own
from openapi.tour import Tour
from support.wire_contract import OPERATIONS, every_revision

if TYPE_CHECKING:
    from support.client import Answer, Client


@every_revision
def test_answers_are_as_described(client: Client, revision: str) -> None:
    stops = Tour(client, revision).stops()
    assert set(stops) == set(OPERATIONS[revision])
    for place, stop in stops.items():
        status, response = described.success(revision, own(place))
        schema = described.answer_schema(revision, own(place))
        for answer in stop():
            assert answer.status == status
            assert bool(answer.body) == (schema is not None)
            hold_headers(revision, response, answer)
            if schema is not None:
                assert described.faults(schema, answer.json) == []


@every_revision
def test_limits_are_told_as_described(limited_client: Client, revision: str) -> None:
    answer = limited_client.get("/api/catalog-items", revision=revision)
    _, response = described.success(revision, ("GET", "/api/catalog-items"))
    hold_headers(revision, response, answer)
    assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(answer.headers)


def hold_headers(revision: str, response: Any, answer: Answer) -> None:
    for name, header in response["headers"].items():
        said = described.resolved(revision, header)
        if name not in answer.headers:
            assert not said.get("required")
            continue
        value = answer.headers[name]
        whole = said["schema"]["type"] == "integer"
        assert described.faults(said["schema"], int(value) if whole else value) == []
