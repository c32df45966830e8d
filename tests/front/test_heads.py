"""Heads that are too large, or name no host, or are no HTTP: refused in the API's words."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conftest import client_of, running
from front.connection import answer, connected, document, posted, refusal, status, written

if TYPE_CHECKING:
    import socket

    from conftest import NewDatabase
    from support.client import Client
    from support.process import Programs

ITEMS = "/api/catalog-items"
START = b"GET /api/catalog-items HTTP/1.1\r\nHost: shop.test\r\n"


def flooded(connection: socket.socket, piece: bytes, most: int) -> int:
    """Send one piece again and again until the other side wants no more, at most so many bytes."""
    sent = 0
    connection.settimeout(10)
    while sent < most:
        try:
            sent += connection.send(piece)
        except (BrokenPipeError, ConnectionResetError):
            break
    return sent


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        pytest.param(b"a: b\r\n" * 101, b"431", id="headers"),
        pytest.param(b"a: " + b"b" * 70_000, b"431", id="a value"),
        pytest.param(b"a" * 70_000, b"431", id="a name"),
    ],
)
def test_large_heads_are_431(connection: socket.socket, sent: bytes, code: bytes) -> None:
    connection.sendall(START + sent)
    assert refusal(connection) == code


def test_head_in_pieces_is_431(connection: socket.socket) -> None:
    connection.sendall(START)
    for _ in range(7):
        connection.sendall(b"a: " + b"b" * 10_000 + b"\r\n")
    assert refusal(connection) == b"431"


def test_heads_behind_others_are_431(shop: Client, connection: socket.socket) -> None:
    whole = written(shop, "GET", ITEMS)
    connection.sendall(whole * 3 + START + b"a: " + b"b" * 140_000)
    assert [status(connection) for _ in range(3)] == [b"200"] * 3
    assert refusal(connection) == b"431"


def test_head_of_60_kb_is_read(shop: Client, connection: socket.socket) -> None:
    connection.sendall(written(shop, "GET", ITEMS, f"X-Long: {'b' * 60_000}") * 2)
    assert [status(connection), status(connection)] == [b"200", b"200"]


def test_large_body_behind_a_head_is_read(shop: Client, connection: socket.socket) -> None:
    connection.sendall(posted(shop, ITEMS, b" " * 1_000_000 + b"{}") + written(shop, "GET", ITEMS))
    assert [status(connection), status(connection)] == [b"400", b"200"]


def test_hundred_headers_are_read(shop: Client, connection: socket.socket) -> None:
    own = written(shop, "GET", ITEMS).count(b"\r\n") - 2
    connection.sendall(written(shop, "GET", ITEMS, *["a: b"] * (100 - own)))
    assert status(connection) == b"200"


@pytest.mark.parametrize("start", ["/api/", "http://shop.test/api/", "/", "*"])
def test_long_urls_are_414(either: Client, start: str) -> None:
    with connected(either) as connection:
        connection.sendall(written(either, "GET", start + "a" * 17_000))
        assert refusal(connection) == b"414"


@pytest.mark.parametrize("host", ["a" * 256, ".".join(["shop"] * 60)])
def test_long_hosts_are_431(either: Client, host: str) -> None:
    with connected(either) as connection:
        connection.sendall(f"GET {ITEMS} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        assert refusal(connection) == b"431"


def test_too_many_headers_are_431(either: Client) -> None:
    with connected(either) as connection:
        connection.sendall(written(either, "GET", ITEMS, *["a: b"] * 101))
        assert refusal(connection) == b"431"


@pytest.mark.slow
def test_endless_heads_cost_no_memory(programs: Programs) -> None:
    server = programs.serve("--ephemeral")
    with connected(server) as connection:
        connection.sendall(written(server, "GET", ITEMS))
        assert status(connection) == b"200"
    before = resident(server.process.pid)
    for piece in (b"a: b\r\n" * 10_000, b"b" * 65_536, b"%41" * 20_000):
        with connected(server) as connection:
            connection.sendall(START + b"a: ")
            # What is refused is still read for a while, so that the client sees why.
            assert flooded(connection, piece, 100_000_000) < 80_000_000
    assert resident(server.process.pid) - before < 4_000_000


def resident(process: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) * 1000


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param([], id="none"),
        pytest.param(["Host: a.test", "Host: b.test"], id="two"),
        pytest.param(["Host: a.test", "host: a.test"], id="twice"),
        *(
            pytest.param([f"Host:{each}"], id=each or "empty")
            for each in (
                "",
                " a b",
                " a/b",
                " a@b",
                " a?b",
                " a:b",
                " a:65536",
                " [::1",
                ' a"',
                " é",
            )
        ),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_one_host_is_400(shop: Client, method: str, hosts: list[str]) -> None:
    key = f"Authorization: Klaviyo-API-Key {shop.key}"
    lines = [f"{method} {ITEMS} HTTP/1.1", *hosts, key, "", ""]
    with connected(shop) as connection:
        connection.sendall("\r\n".join(lines).encode())
        assert refusal(connection) == b"400"


@pytest.mark.parametrize("host", ["a.test", "a_b", "A.test:80", "10.0.0.1:7227", "[::1]:80", "a:"])
def test_host_is_what_links_begin_with(shop: Client, host: str) -> None:
    assert first_link(shop, ITEMS, f"Host: {host}") == f"http://{host}{ITEMS}"


def first_link(shop: Client, target: str, *more: str, version: str = "1.1") -> str:
    key = f"Authorization: Klaviyo-API-Key {shop.key}"
    lines = [f"GET {target} HTTP/{version}", *more, key, f"revision: {shop.revision}", "", ""]
    with connected(shop) as connection:
        connection.sendall("\r\n".join(lines).encode())
        found = re.search(rb'"self":"([^"]*)"', answer(connection)[1])
    assert found
    return found[1].decode()


def test_host_of_a_target_wins(either: Client) -> None:
    link = first_link(either, f"http://b.test:81{ITEMS}", "Host: a.test")
    assert link == f"http://b.test:81{ITEMS}"


@pytest.mark.parametrize("authority", ["", "a@b.test", "a b", "a:b", "a" * 300])
def test_targets_without_a_host_are_refused(either: Client, authority: str) -> None:
    with connected(either) as connection:
        connection.sendall(f"GET http://{authority}/ HTTP/1.1\r\nHost: a.test\r\n\r\n".encode())
        assert connection.recv(12) in {b"HTTP/1.1 400", b"HTTP/1.1 431"}


def test_old_http_links_to_the_address(either: Client) -> None:
    assert first_link(either, ITEMS, version="1.0") == f"{either.url}{ITEMS}"


def test_old_http_links_to_the_public_url(new_database: NewDatabase) -> None:
    with running(new_database(), limits="off", public_url="https://pub.test") as server:
        assert first_link(client_of(server), ITEMS, version="1.0") == f"https://pub.test{ITEMS}"


@pytest.mark.parametrize(
    "sent",
    [
        "GET /api/catalog-items?filter=é HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
        b"GET /api/\xff HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /api/ catalog HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /api/ HTTP/3.1\r\nHost: a\r\n\r\n",
        b"GET /api/ HTTP/1.1\r\nHost a\r\n\r\n",
        b"GET /api/ HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"POST /api/ HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /api/ HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT a.test:80 HTTP/1.1\r\nHost: a.test\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n",
    ],
)
def test_what_is_no_http_is_400(connection: socket.socket, sent: bytes) -> None:
    connection.sendall(sent)
    assert refusal(connection) == b"400"


def test_faults_wait_for_earlier_answers(shop: Client, connection: socket.socket) -> None:
    connection.sendall(written(shop, "GET", ITEMS) * 2 + b"garbage\r\n\r\n")
    assert [status(connection), status(connection)] == [b"200", b"200"]
    assert refusal(connection) == b"400"


def test_refusals_have_the_headers_of_errors(connection: socket.socket) -> None:
    connection.sendall(b"garbage\r\n\r\n")
    head, body = answer(connection)
    assert b"Content-Type: application/vnd.api+json" in head
    assert (document(body)["code"], document(body)["title"]) == ("bad_request", "Bad request.")
    assert document(body)["id"].encode() in head


@pytest.mark.parametrize(
    "path", ["/health", "/_backroom/docs", "/elsewhere", ITEMS, "/_backroom/openapi/none.json"]
)
def test_nothing_is_sniffed(either: Client, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        assert either.request(method, path).headers["X-Content-Type-Options"] == "nosniff"
