"""A server of either kind, started and stopped."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from backroom.api.deadlines import TimeLimits
from backroom.api.http_server import server_for
from conftest import client_of, running
from front.connection import answer, connected, written
from support.process import until

if TYPE_CHECKING:
    from conftest import NewDatabase

WAYS = pytest.mark.parametrize("plain", [True, False])


class OwnError(Exception):
    """What is raised by whoever hears that the server is ready."""


@WAYS
def test_failure_when_ready_is_raised(*, plain: bool) -> None:
    def fail() -> None:
        raise OwnError

    app: Any = object()
    with socket.create_server(("127.0.0.1", 0)) as listening, pytest.raises(OwnError):
        server_for(app, TimeLimits(), plain=plain).run(listening, fail)


@WAYS
def test_stopped_server_can_be_stopped_again(*, plain: bool) -> None:
    app: Any = object()
    server = server_for(app, TimeLimits(), plain=plain)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server.run(listening, server.stop)
        server.stop()


def test_stopping_closes_what_is_idle(new_database: NewDatabase) -> None:
    with running(new_database(), limits="off") as server:
        client = client_of(server)
        with connected(client) as idle, connected(client) as silent:
            idle.sendall(written(client, "GET", "/health"))
            answer(idle)
            server.stop()
            assert (idle.recv(1), silent.recv(1)) == (b"", b"")


@pytest.mark.slow
def test_second_stop_waits_for_nobody(new_database: NewDatabase) -> None:
    before = set(threading.enumerate())
    with running(new_database(), limits="off") as server:
        client = client_of(server)
        with connected(client) as unfinished:
            unfinished.sendall(written(client, "POST", "/api/catalog-items", "Content-Length: 9"))
            server.stop()
            server.stop()
            until(lambda: unfinished.recv(1) == b"", "the connection to be closed")
    until(lambda: set(threading.enumerate()) <= before, "the server's threads to end")


@pytest.mark.slow
def test_uvicorn_is_left_alone() -> None:
    asking = "import sys, backroom.server; print('uvicorn' in sys.modules)"
    command = [sys.executable, "-c", asking]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "False"
