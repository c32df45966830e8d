"""A server that is asked to stop."""

from __future__ import annotations

import signal
import socket
import time
from typing import TYPE_CHECKING

import msgspec
import pytest

from support.client import NEWEST, Client
from support.process import DEADLINE, connects, until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation
from support.wire_requests import a_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.process import Programs, ServerProgram

ITEMS = KIND["item-create"]
BODY = msgspec.json.encode(a_body(NEWEST, ITEMS))
BACKLOG = 100
GRACE_SECONDS = 10
"""How long a server waits for requests that are being answered."""


def items_of(server: ServerProgram, key: str) -> Jobs:
    return Jobs(Client(server.url, key), NEWEST, ITEMS)


def status(items: Jobs, job_id: str) -> str:
    return str(items.get(job_id).json["data"]["attributes"]["status"])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_idle_server_stops_with_0(programs: Programs, how: signal.Signals) -> None:
    server = programs.serve()
    assert server.announced()
    assert server.stop(how) == 0
    assert "Traceback" not in server.errors


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_waiting_job_is_finished_later(programs: Programs, how: signal.Signals) -> None:
    # 1. A job waits when the server is asked to stop.
    server = programs.serve("--job-delay", "3600")
    key = server.key
    items = items_of(server, key)
    job_id = items.post(creation(items, "a")).job_id
    assert server.stop(how) == 0
    # 2. It waits on while the next server has it wait.
    server = programs.serve(BACKROOM_JOB_DELAY="3600")
    assert status(items_of(server, key), job_id) == "processing"
    assert server.stop(how) == 0
    # 3. The one after that finishes it.
    attributes = items_of(programs.serve(), key).completed(job_id).json["data"]["attributes"]
    assert (attributes["completed_count"], attributes["failed_count"]) == (1, 0)


@pytest.mark.slow
def test_busy_server_stops_between_jobs(programs: Programs) -> None:
    # 1. The server stops with a backlog that it has begun.
    server = programs.serve()
    key = server.key
    items = items_of(server, key)
    operations = [[creation(items, f"{job} {n}") for n in range(100)] for job in range(BACKLOG)]
    job_ids = [items.post(*each).job_id for each in operations]
    assert server.stop() == 0
    assert "Traceback" not in server.errors
    # 2. The next one applies the rest, and nothing twice.
    items = items_of(programs.serve(), key)
    ended = [items.completed(job_id).json["data"]["attributes"] for job_id in job_ids]
    assert {(each["completed_count"], each["failed_count"]) for each in ended} == {(100, 0)}


def test_stopped_server_leaves_one_file(programs: Programs) -> None:
    server = programs.serve()
    items = items_of(server, server.key)
    items.applied(creation(items, "a"))
    assert server.stop() == 0
    assert [file.name for file in programs.home.glob("backroom.db*")] == ["backroom.db"]


@pytest.fixture
def server(programs: Programs) -> ServerProgram:
    return programs.serve()


@pytest.fixture
def half_sent(server: ServerProgram) -> Iterator[socket.socket]:
    """A connection on which a job was sent all but the last byte."""
    head = (
        f"POST {ITEMS.path} HTTP/1.1\r\nHost: backroom\r\nContent-Length: {len(BODY)}\r\n"
        f"Authorization: Klaviyo-API-Key {server.key}\r\nrevision: {NEWEST}\r\n"
        "Content-Type: application/vnd.api+json\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE) as connection:
        connection.sendall(head.encode() + BODY[:-1])
        # Whoever is answered came after the half request, so that was taken up as well.
        Client(server.url, server.key).get("/health")
        yield connection


def close_doors(server: ServerProgram) -> None:
    """Tell a server to stop, and wait until it takes no more connections."""
    server.process.send_signal(signal.SIGTERM)
    until(lambda: not connects("127.0.0.1", server.port), "the server to take no more")


def test_request_in_flight_is_answered(server: ServerProgram, half_sent: socket.socket) -> None:
    close_doors(server)
    half_sent.sendall(BODY[-1:])
    assert half_sent.recv(100).startswith(b"HTTP/1.1 202 ")
    assert server.wait() == 0


def test_second_signal_does_not_wait(server: ServerProgram, half_sent: socket.socket) -> None:
    close_doors(server)
    asked = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - asked < GRACE_SECONDS
    assert half_sent.recv(100).startswith(b"HTTP/1.1 503 ")
    assert "Traceback" not in server.errors
