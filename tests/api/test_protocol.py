"""Connections: whatever way a request goes, it is answered alike and in its turn."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import TYPE_CHECKING, Any

import pytest

from backroom.api.connections import Connections
from backroom.api.deadlines import TimeLimits
from backroom.api.protocol import HttpProtocol
from backroom.api.request import Answer
from backroom.revisions import NEWEST
from front.connection import answer, connected, names, posted, status, written
from support.factories import a_kind_of_job

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.api.request import Request
    from support.client import Client

PATH = f"/api/{a_kind_of_job('item', 'create').collection}"
NONE_SUCH = f"{PATH}/none-such"
CHANGING = re.compile(rb"(?im)^(date|x-klaviyo-req-id|ratelimit-remaining): .*\r\n")
KEPT_OR_NOT = re.compile(rb"(?im)^(connection: close|keep-alive: timeout=75)\r\n")
ERROR_ID = re.compile(rb'"id":"[^"]*"')


@pytest.fixture
def client(either: Client) -> Client:
    return either


@pytest.fixture
def connection(client: Client) -> Iterator[socket.socket]:
    with connected(client) as opened:
        yield opened


def is_over(connection: socket.socket) -> bool:
    return connection.recv(1) == b""


BODILESS = [
    pytest.param([], "1.1", id="plain"),
    pytest.param(["Content-Length: 0"], "1.1", id="empty body"),
    pytest.param(["Expect: 100-something"], "1.1", id="expectation"),
    pytest.param(["Connection: close"], "1.1", id="last request"),
    pytest.param([], "1.0", id="old http"),
    pytest.param(["Connection: Upgrade", "Upgrade: h2c"], "1.1", id="upgrade"),
]


@pytest.mark.parametrize("path", [PATH, NONE_SUCH, "/api/none-such", "/elsewhere", "/health"])
@pytest.mark.parametrize(("more", "version"), BODILESS)
def test_every_way_gives_the_same(
    client: Client, connection: socket.socket, path: str, more: list[str], version: str
) -> None:
    connection.sendall(written(client, "GET", path))
    expected = answer(connection)
    connection.sendall(written(client, "GET", path, *more, version=version))
    head, body = answer(connection)
    assert ERROR_ID.sub(b"", body) == ERROR_ID.sub(b"", expected[1])
    assert steady(head) == steady(expected[0])


def steady(head: bytes) -> bytes:
    return KEPT_OR_NOT.sub(b"", CHANGING.sub(b"", head))


def test_requests_at_once_keep_order(client: Client, connection: socket.socket) -> None:
    paths = (PATH, "/elsewhere", NONE_SUCH, PATH) * 25
    connection.sendall(b"".join(written(client, "GET", path) for path in paths))
    assert [status(connection) for _ in paths] == [b"200", b"404", b"404", b"200"] * 25


def test_writes_between_reads_keep_order(client: Client, connection: socket.socket) -> None:
    post = posted(client, PATH, b"{}")
    get = written(client, "GET", PATH)
    connection.sendall(b"".join([get, post, get, get, post, get]))
    statuses = [status(connection) for _ in range(6)]
    assert statuses == [b"200", b"400", b"200", b"200", b"400", b"200"]


def test_body_of_a_get_is_passed_over(client: Client, connection: socket.socket) -> None:
    get = written(client, "GET", PATH, "Content-Length: 5") + b"hello"
    chunked = written(client, "GET", PATH, "Transfer-Encoding: chunked")
    chunked += b"5\r\nhello\r\n0\r\n\r\n"
    connection.sendall(get + chunked + written(client, "GET", PATH))
    assert [status(connection) for _ in range(3)] == [b"200"] * 3


def test_whole_urls_are_understood(client: Client, connection: socket.socket) -> None:
    connection.sendall(written(client, "GET", f"http://shop.test{PATH}"))
    assert status(connection) == b"200"


def test_names_of_headers_keep_their_case(client: Client, connection: socket.socket) -> None:
    for request in (written(client, "GET", PATH), posted(client, PATH, b"{}")):
        connection.sendall(request)
        # uvicorn writes those that it adds itself in lower case.
        own = {b"keep-alive": b"Keep-Alive", b"x-content-type-options": b"X-Content-Type-Options"}
        found = {own.get(name, name) for name in names(answer(connection)[0])}
        # The newest revision has a date of retirement once it is old.
        assert found - {b"X-Klaviyo-Api-Retirement-Date"} == {
            b"Allow",
            b"CID",
            b"Content-Language",
            b"Content-Type",
            b"Keep-Alive",
            b"Vary",
            b"X-Content-Type-Options",
            b"X-Klaviyo-Api-Revision",
            b"X-Klaviyo-Req-Id",
            b"content-length",
            b"date",
        }


def test_last_request_ends_the_connection(client: Client, connection: socket.socket) -> None:
    connection.sendall(written(client, "GET", PATH, "Connection: close"))
    head, _ = answer(connection)
    assert b"connection: close" in head.lower()
    assert is_over(connection)


@pytest.mark.parametrize("sent", [b"no http\r\n\r\n", b"GET /api\x80 HTTP/1.1\r\n\r\n"])
def test_what_is_no_http_is_refused(connection: socket.socket, sent: bytes) -> None:
    connection.sendall(sent)
    assert connection.recv(12) == b"HTTP/1.1 400"


def test_requests_in_pieces_are_understood(client: Client, connection: socket.socket) -> None:
    request = written(client, "GET", PATH)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for place in range(0, len(request), 7):
        connection.send(request[place : place + 7])
    assert status(connection) == b"200"


def test_late_readers_get_every_answer(client: Client, connection: socket.socket) -> None:
    # More than all buffers between the two hold, and nothing of it is read until all is asked for.
    request = written(client, "GET", f"/_backroom/openapi/{NEWEST}.json")
    connection.sendall(request)
    whole = answer(connection)[1]
    assert len(whole) * 100 > 2**24
    connection.sendall(request * 100)
    assert all(answer(connection)[1] == whole for _ in range(100))


class Written(asyncio.Transport):
    """A transport that counts the answers that are written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.answers += bytes(data).count(b"HTTP/1.1 200")

    def get_extra_info(self, name: str, default: object = None) -> object:
        return ("127.0.0.1", 80) if name == "sockname" else default

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Nothing is read."""

    def resume_reading(self) -> None:
        """Nothing is read."""


class Prompt:
    """An application that answers at once."""

    public_url = ""

    def answer(self, _: Request, reply: Callable[[Answer], None]) -> None:
        reply(Answer(200, [], []))


def test_many_requests_let_others_have_their_turn() -> None:
    async def answered() -> list[int]:
        app: Any = Prompt()
        connections, transport = Connections(app, TimeLimits()), Written()
        connections.begin()
        opened = HttpProtocol(connections)
        opened.connection_made(transport)
        opened.data_received(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 100)
        counts = []
        for _ in range(5):
            counts.append(transport.answers)
            await asyncio.sleep(0)
        opened.connection_lost(None)
        await connections.end()
        return counts

    assert asyncio.run(answered()) == [32, 64, 96, 100, 100]
