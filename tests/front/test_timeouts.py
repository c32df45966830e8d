"""Clients that keep a connection waiting are let go, each with one line in the log."""

from __future__ import annotations

import itertools
import re
import socket
import time
from typing import TYPE_CHECKING

import pytest

from conftest import client_of, running
from front.connection import answer, connected, item, posted, refusal, status, written
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import NewDatabase
    from support.client import Client

pytestmark = pytest.mark.slow

ITEMS = "/api/catalog-items"
TYPED = "Content-Type: application/json"
_names = itertools.count()


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level("DEBUG", logger="backroom.api"):
        yield caplog


def assert_let_go(caplog: pytest.LogCaptureFixture, why: str, level: str = "INFO") -> None:
    """A line says why, without a traceback. Connections of other tests may be idle meanwhile."""
    closed = re.compile(rf"the connection of 127\.0\.0\.1:\d+ was closed: {why}")
    lines = [each for each in caplog.records if closed.fullmatch(each.message)]
    assert {(each.levelname, each.exc_info) for each in lines} == {(level, None)}


def trickled(connection: socket.socket, part: bytes, within: float = 10) -> None:
    """Send a part again and again, slowly, until the other side answers or hangs up."""
    connection.settimeout(0.05)
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            connection.sendall(part)
            if connection.recv(1, socket.MSG_PEEK) is not None:
                break
        except TimeoutError:
            continue
    else:
        pytest.fail("the client was never let go")
    connection.settimeout(10)


def test_silent_clients_are_let_go(hasty: Client, said: pytest.LogCaptureFixture) -> None:
    with connected(hasty) as connection:
        assert connection.recv(1) == b""
    assert_let_go(said, "the head of its request did not come in time")


@pytest.mark.parametrize("start", [b"GET /", b"GET /api/ HTTP/1.1\r\nHost: a\r\nX: "])
def test_heads_that_never_end_are_408(
    hasty: Client, said: pytest.LogCaptureFixture, start: bytes
) -> None:
    with connected(hasty) as connection:
        connection.sendall(start)
        trickled(connection, b"E")
        assert refusal(connection) == b"408"
    assert_let_go(said, "the head of its request did not come in time")


def test_second_head_that_never_ends_is_408(hasty: Client) -> None:
    with connected(hasty) as connection:
        connection.sendall(written(hasty, "GET", ITEMS) + b"GET /")
        assert status(connection) == b"200"
        assert refusal(connection) == b"408"


@pytest.mark.parametrize("framing", ["Content-Length: 4000", "Transfer-Encoding: chunked"])
def test_bodies_that_never_end_are_408(
    hasty: Client, said: pytest.LogCaptureFixture, framing: str
) -> None:
    with connected(hasty) as connection:
        connection.sendall(written(hasty, "POST", ITEMS, TYPED, framing))
        trickled(connection, b" " if "Length" in framing else b"1\r\n \r\n")
        assert refusal(connection) == b"408"
    assert_let_go(said, "the body of its request came too slowly")


def test_unread_bodies_that_never_end_are_cut(
    hasty: Client, said: pytest.LogCaptureFixture
) -> None:
    with connected(hasty) as connection:
        connection.sendall(written(hasty, "GET", ITEMS, "Content-Length: 4000"))
        assert status(connection) == b"200"
        assert connection.recv(1) == b""
    assert_let_go(said, "the body of its request came too slowly")


def test_steady_bodies_may_take_their_time(hasty: Client) -> None:
    body = item(f"steady {next(_names)}")
    length = f"Content-Length: {len(body) + 4000}"
    with connected(hasty) as connection:
        connection.sendall(written(hasty, "POST", ITEMS, TYPED, length))
        began = time.monotonic()
        # Three times as long as a body has, and three times as fast as it must be.
        for number in range(20):
            connection.sendall(b" " * 200)
            pause = began + 0.03 * (number + 1) - time.monotonic()
            connection.settimeout(max(pause, 0.001))
            with pytest.raises(TimeoutError):
                connection.recv(1)
        connection.settimeout(10)
        connection.sendall(body)
        assert status(connection) == b"201"


def test_idle_connections_are_closed(hasty: Client, said: pytest.LogCaptureFixture) -> None:
    with connected(hasty) as connection:
        connection.sendall(posted(hasty, ITEMS, b"{}") + written(hasty, "GET", ITEMS))
        assert [status(connection), status(connection)] == [b"400", b"200"]
        began = time.monotonic()
        assert connection.recv(1) == b""
        assert time.monotonic() - began > 0.3
    assert_let_go(said, "it was idle", "DEBUG")


def test_hint_says_when_idle_connections_close(new_database: NewDatabase) -> None:
    with running(new_database(), limits="off", idle_timeout=7.5) as server:
        client = client_of(server)
        assert client.get("/health").headers["Keep-Alive"] == "timeout=7"
        last = client.get("/health", headers={"Connection": "close"})
        assert "Keep-Alive" not in last.headers


def test_default_hint_is_75_seconds(either: Client) -> None:
    assert either.get(ITEMS).headers["Keep-Alive"] == "timeout=75"


def test_plain_server_limits_bodies_and_idleness(new_database: NewDatabase) -> None:
    times = {"body_timeout": 0.2, "idle_timeout": 1.0}
    with running(new_database(), limits="off", http="plain", **times) as server:
        client = client_of(server)
        with connected(client) as connection:
            connection.sendall(written(client, "POST", ITEMS, TYPED, "Content-Length: 9"))
            assert status(connection) == b"408"
        with connected(client) as connection:
            connection.sendall(written(client, "GET", ITEMS))
            assert status(connection) == b"200"
            assert connection.recv(1) == b""


def test_answers_that_nobody_reads_are_given_up(
    hasty: Client, said: pytest.LogCaptureFixture
) -> None:
    large = written(hasty, "GET", f"/_backroom/openapi/{hasty.revision}.json")
    with connected(hasty) as connection:
        connection.sendall(large)
        answer(connection)
        connection.sendall(large * 400)
        until(lambda: "was closed" in said.text, "an unread answer to be given up")
    assert_let_go(said, "it did not read its answer")


def test_slow_readers_get_their_answers(hasty: Client) -> None:
    large = written(hasty, "GET", f"/_backroom/openapi/{hasty.revision}.json")
    with connected(hasty) as connection:
        connection.sendall(large)
        whole = len(b"".join(answer(connection)))
        connection.sendall(large * 60)
        left, began = whole * 60, time.monotonic()
        with connection.makefile("rb") as file:
            while left > 0:
                left -= len(file.read(min(left, whole))) or pytest.fail("hung up")
                pause = began + 2 * (1 - left / whole / 60) - time.monotonic()
                if pause > 0:
                    time.sleep(pause)


def test_refused_clients_may_not_linger(hasty: Client, said: pytest.LogCaptureFixture) -> None:
    with connected(hasty) as connection:
        connection.sendall(b"garbage\r\n\r\n")
        assert refusal(connection) == b"400"
        until(lambda: "was closed" in said.text, "a lingering client to be let go", 15)
    assert_let_go(said, "it did not close after it was refused")


def test_late_answers_are_not_late_clients(hasty: Client) -> None:
    # A client has done its part when it asked: the server may take as long as it needs.
    with connected(hasty) as connection:
        connection.sendall(written(hasty, "GET", "/_backroom/docs") * 3)
        assert [status(connection) for _ in range(3)] == [b"200"] * 3
