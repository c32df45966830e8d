from __future__ import annotations

import gzip
import socket
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import ITEM, JobKind, Verb
from backroom.feeds import api_client
from backroom.feeds.api_client import ApiClient, JobFault
from backroom.feeds.client_errors import RefusedError, UnreachableError
from backroom.revisions import NEWEST
from feeds.scripted_server import Answer, scripted, served

if TYPE_CHECKING:
    from collections.abc import Iterator

DELETES = JobKind(ITEM, Verb.DELETE)
ACCEPTED = Answer(202, {"data": {"id": "J1", "attributes": {"status": "processing"}}})
PROCESSING = Answer(200, {"data": {"attributes": {"status": "processing"}}})


def server(url: str, timeout: float = 10) -> ApiClient:
    return ApiClient(url, "pk_test", NEWEST, timeout)


def complete(**attributes: Any) -> Answer:
    return Answer(200, {"data": {"attributes": {"status": "complete", **attributes}}})


def refusal(pointer: str | None, detail: str = "This field may not be null.") -> Answer:
    return Answer(400, {"errors": [{"detail": detail, "source": {"pointer": pointer}}]})


def refused(answer: Answer) -> RefusedError:
    with scripted(answer) as script, pytest.raises(RefusedError) as caught:
        server(script.url).submit(DELETES, [])
    return caught.value


def test_job_is_handed_in() -> None:
    with scripted(ACCEPTED) as script:
        assert server(script.url + "/").submit(DELETES, []) == "J1"
    ((method, path, headers),) = script.requests
    assert (method, path) == ("POST", "/api/catalog-item-bulk-delete-jobs")
    assert headers["Authorization"] == "Klaviyo-API-Key pk_test"
    assert headers["revision"] == NEWEST
    assert headers["Content-Type"] == "application/vnd.api+json"


def test_old_revisions_name_jobs_elsewhere() -> None:
    with scripted(Answer(202, {"data": {"attributes": {"status": "", "job_id": "J2"}}})) as script:
        assert server(script.url).submit(DELETES, []) == "J2"


def test_job_is_waited_for() -> None:
    with scripted(PROCESSING, PROCESSING, complete(completed_count=3)) as script:
        job = server(script.url).wait(DELETES, "J1")
    assert (job.status, job.completed, job.faults) == ("complete", 3, [])
    assert {path for _, path, _ in script.requests} == {"/api/catalog-item-bulk-delete-jobs/J1"}


@pytest.mark.parametrize(
    ("pointer", "member"),
    [
        ("/data/attributes/items/data/attributes/price", "price"),
        ("/data/attributes/items/data/3/attributes/price", "price"),
        ("/data/attributes/variants/data/relationships/item/data/id", "item/data/id"),
        ("/data/attributes/items/data", ""),
        ("/data", ""),
    ],
)
def test_errors_of_jobs_name_the_member(pointer: str, member: str) -> None:
    errors = [{"detail": "No.", "source": {"pointer": pointer}, "meta": {"external_id": "C1"}}]
    with scripted(complete(errors=errors)) as script:
        (fault,) = server(script.url).wait(DELETES, "J1").faults
    assert fault.member == member


def test_errors_name_their_row() -> None:
    errors = [
        {"detail": "exists", "meta": {"external_id": "C1"}},
        {"detail": "does not", "meta": {"id": "$custom:::$default:::C2"}},
        {"detail": "neither"},
    ]
    with scripted(complete(errors=errors)) as script:
        job = server(script.url).wait(DELETES, "J1")
    assert job.faults == [
        JobFault("C1", "exists"),
        JobFault("C2", "does not"),
        JobFault("", "neither"),
    ]


def test_waiting_has_an_end() -> None:
    with scripted(PROCESSING) as script, pytest.raises(UnreachableError) as caught:
        server(script.url, timeout=0.1).wait(DELETES, "J1")
    assert str(caught.value) == (
        "job J1 (catalog-item bulk delete job) was not complete after 0.1 s"
    )


@pytest.mark.slow
@pytest.mark.parametrize("status", [429, 503])
def test_throttled_request_is_repeated(status: int) -> None:
    slower = Answer(status, {"errors": []}, {"Retry-After": "1"})
    began = time.monotonic()
    with scripted(slower, ACCEPTED) as script:
        assert server(script.url).submit(DELETES, []) == "J1"
    assert time.monotonic() - began >= 1


@pytest.mark.parametrize(
    ("pointer", "detail"),
    [
        ("/data/attributes/items/data/7/attributes/price", "price: This field may not be null."),
        ("/data/attributes/items/7/attributes/images/0", "images/0: This field may not be null."),
        ("/data/attributes/items/data/7", "This field may not be null."),
        ("/data/attributes/items/data/7/relationships/item", "item: This field may not be null."),
    ],
)
def test_refusal_names_the_operation(pointer: str, detail: str) -> None:
    assert {7: str(refused(refusal(pointer)).faulty[7])} == {7: detail}


def test_named_members_are_told_once() -> None:
    pointer = "/data/attributes/items/data/0/attributes/title"
    error = refused(refusal(pointer, "'title' is a required field."))
    assert str(error.faulty[0]) == "'title' is a required field."


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [("/data/", ""), (None, ""), ("/data/attributes/items", " (/data/attributes/items)")],
)
def test_other_refusals_name_no_operation(pointer: str | None, shown: str) -> None:
    error = refused(refusal(pointer))
    assert error.faulty == {}
    assert str(error) == f"the server refused (400): This field may not be null.{shown}"


@pytest.mark.parametrize("body", [b"<html>", b"\xff", [], {"errors": []}, {"errors": {}}, b""])
def test_other_servers_are_recognised(body: Any) -> None:
    assert str(refused(Answer(404, body))) == (
        "POST /api/catalog-item-bulk-delete-jobs was answered with status 404 "
        "and no document of this API"
    )


@pytest.mark.parametrize("body", [b"fine", {"data": []}, {"data": {}}, []])
def test_other_answers_are_recognised(body: Any) -> None:
    assert str(refused(Answer(202, body))).endswith("status 202 and no document of this API")


def test_redirects_are_not_followed() -> None:
    assert refused(Answer(307, b"", {"Location": "/elsewhere"})).faulty == {}


@pytest.mark.slow
def test_nobody_listening_is_told() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(UnreachableError) as caught:
            server(url).submit(DELETES, [])
    assert str(caught.value) == f"no answer from {url}: nothing is listening there"


@pytest.mark.slow
@contextmanager
def cutting_off(times: int) -> Iterator[str]:
    """Run a server that closes so many connections without an answer, before it gives answers."""
    asked = count(1)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if next(asked) > times:
                body = b'{"data": []}'
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as url:
        yield url


def test_first_answer_may_be_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "_FIRST_BACKOFF_SECONDS", 0.01)
    with cutting_off(2) as url:
        assert server(url).page("catalog-items", {}).resources == []


def test_server_that_only_cuts_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "_FIRST_BACKOFF_SECONDS", 0.01)
    with cutting_off(99) as url, pytest.raises(UnreachableError, match="no answer from"):
        server(url).page("catalog-items", {})


def test_unknown_name_is_told() -> None:
    with pytest.raises(UnreachableError, match="its name is not known"):
        server("http://backroom.invalid").submit(DELETES, [])


@pytest.mark.parametrize("asked", ["86400", "9" * 30, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_long_pauses_end_the_wait(asked: str) -> None:
    began = time.monotonic()
    later = Answer(503, {"errors": []}, {"Retry-After": asked})
    with scripted(later) as script, pytest.raises(UnreachableError) as caught:
        server(script.url).submit(DELETES, [])
    assert time.monotonic() - began < 5
    assert str(caught.value) == (
        f"the server answered 503 and asks to wait (Retry-After: {asked}), longer than the time-out"
        " of 10 s allows"
    )


@pytest.mark.slow
def test_endless_refusals_end_too() -> None:
    with scripted(Answer(503, {"errors": []})) as script, pytest.raises(UnreachableError) as caught:
        server(script.url, timeout=0.5).submit(DELETES, [])
    assert str(caught.value) == (
        "the server answered 503, longer than the time-out of 0.5 s allows"
    )


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["soon", "9" * 5000, ""])
def test_unreadable_pauses_are_passed_over(asked: str) -> None:
    with scripted(Answer(429, {"errors": []}, {"Retry-After": asked}), ACCEPTED) as script:
        assert server(script.url).submit(DELETES, []) == "J1"


def test_large_answers_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_client, "_LARGEST_ANSWER", 1_000_000)
    with (
        scripted(Answer(200, bytes(2_000_000))) as script,
        pytest.raises(UnreachableError, match="is larger than 1 MB"),
    ):
        server(script.url).wait(DELETES, "J1")


def test_answers_are_not_decompressed() -> None:
    bomb = gzip.compress(bytes(10_000_000))
    answer = Answer(200, bomb, {"Content-Encoding": "gzip"})
    assert str(refused(answer)).endswith("no document of this API")


def test_deep_answers_are_no_documents() -> None:
    assert "no document of this API" in str(refused(Answer(400, b'{"errors":' + b"[" * 100_000)))


def test_odd_job_ids_are_quoted() -> None:
    with scripted(complete()) as script:
        server(script.url).wait(DELETES, "../a b\r\n")
    ((_, path, _),) = script.requests
    assert path == "/api/catalog-item-bulk-delete-jobs/..%2Fa%20b%0D%0A"
