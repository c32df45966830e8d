from __future__ import annotations

import time
from typing import Any

import pytest

from backroom.catalog.kinds import ITEM, JobKind, Verb
from backroom.feeds.client_errors import LostAnswerError, RefusedError, UnreachableError
from backroom.feeds.paced_client import PacedClient
from backroom.revisions import NEWEST
from feeds.scripted_server import Answer, Script, scripted

CREATION = JobKind(ITEM, Verb.CREATE)
EMPTY = Answer(200, {"data": []})
NONSENSE = Answer(200, b"<html>")


def client_of(script: Script, timeout: float = 10) -> PacedClient:
    return PacedClient(script.url, "pk", NEWEST, timeout)


def job(number: int, status: str = "complete", **more: Any) -> dict[str, Any]:
    attributes = {"status": status, "completed_count": 1, "failed_count": 0, "errors": [], **more}
    return {"id": f"J{number}", "attributes": attributes}


def accepted(number: int) -> Answer:
    return Answer(202, {"data": job(number, "processing")})


@pytest.mark.slow
def test_requests_keep_within_a_second() -> None:
    limited = Answer(200, {"data": []}, {"RateLimit-Limit": "2, 2;w=1, 100;w=60"})
    with scripted(limited) as script:
        client = client_of(script)
        began = time.monotonic()
        for _ in range(3):
            client.page("catalog-items", {})
    assert 1 <= time.monotonic() - began < 5


def test_many_jobs_are_read_from_their_list() -> None:
    listed = Answer(200, {"data": [job(number) for number in range(9, -1, -1)]})
    with scripted(*map(accepted, range(10)), listed) as script:
        client = client_of(script)
        jobs = [client.submit(CREATION, []) for _ in range(10)]
        assert client.in_flight == 10
        ended = [client.wait(CREATION, each) for each in jobs]
    assert [each.id for each in ended] == jobs
    assert len(script.requests) == 11
    assert client.in_flight == 0


def test_list_without_errors_is_not_enough() -> None:
    bad = job(0, failed_count=1)
    whole = job(0, failed_count=1, errors=[{"detail": "No.", "meta": {"external_id": "a"}}])
    jobs = Answer(200, {"data": [bad, *(job(number) for number in range(1, 6))]})
    answers = [*map(accepted, range(6)), jobs, Answer(200, {"data": whole})]
    with scripted(*answers) as script:
        client = client_of(script)
        posted = [client.submit(CREATION, []) for _ in range(6)]
        (fault,) = client.wait(CREATION, posted[0]).faults
    assert (fault.external_id, fault.detail) == ("a", "No.")


def test_few_jobs_are_asked_one_by_one() -> None:
    with scripted(accepted(0), Answer(200, {"data": job(0)})) as script:
        client = client_of(script)
        client.wait(CREATION, client.submit(CREATION, []))
    assert script.requests[-1][1].endswith("/J0")


@pytest.mark.slow
def test_damaged_read_is_repeated() -> None:
    with scripted(NONSENSE, NONSENSE, EMPTY) as script:
        assert client_of(script).page("catalog-items", {}).resources == []


@pytest.mark.slow
def test_nonsense_for_ever_is_refused() -> None:
    with scripted(NONSENSE) as script, pytest.raises(RefusedError, match="no document"):
        client_of(script).page("catalog-items", {})


def test_damaged_answer_to_a_post_is_lost() -> None:
    with scripted(Answer(202, b"{")) as script, pytest.raises(LostAnswerError):
        client_of(script).submit(CREATION, [])


def test_throttling_is_waited_for_again_and_again() -> None:
    throttled = Answer(429, {"errors": [{"detail": "Slow."}]}, {"Retry-After": "0"})
    with scripted(*[throttled] * 30, EMPTY) as script:
        assert client_of(script, timeout=5).page("catalog-items", {}).resources == []


def test_long_throttling_ends_it() -> None:
    throttled = Answer(429, {"errors": [{"detail": "Slow."}]}, {"Retry-After": "3600"})
    with scripted(throttled) as script, pytest.raises(UnreachableError, match="3600"):
        client_of(script, timeout=5).page("catalog-items", {})


def test_account_may_be_unknown() -> None:
    with scripted(Answer(403, {"errors": [{"detail": "No."}]})) as script:
        assert client_of(script).account() == ""
    with scripted(Answer(200, {"data": [{"id": "Ab3dEf"}]})) as script:
        assert client_of(script).account() == "Ab3dEf"


def test_errors_name_the_server() -> None:
    refused = Answer(401, {"errors": [{"detail": "Wrong key."}]})
    with scripted(refused) as script, pytest.raises(RefusedError) as error:
        client_of(script).account()
    assert str(error.value) == f"{script.url}: the server refused (401): Wrong key."


def test_earlier_jobs_are_measured() -> None:
    times = {"created_at": "2026-01-01T00:00:00+00:00", "completed_at": "2026-01-01T00:00:04+00:00"}
    odd = job(1, created_at="?", completed_at="?")
    with scripted(Answer(200, {"data": [odd, job(0, **times)]})) as script:
        client = client_of(script)
        client.measure_jobs(CREATION)
    assert client.measures.shortest_job == pytest.approx(4)
