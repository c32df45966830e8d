"""Bodies: offers of another protocol, expectations, trailers, and answers before the end."""

from __future__ import annotations

import socket
import subprocess
import threading
from shutil import which
from typing import TYPE_CHECKING

import pytest

from front.connection import (
    answer,
    connected,
    document,
    item,
    posted,
    refusal,
    status,
    written,
)

if TYPE_CHECKING:
    import pathlib

    from support.client import Client

ITEMS = "/api/catalog-items"
JOBS = "/api/catalog-item-bulk-create-jobs"
TYPED = "Content-Type: application/json"
LARGE = 6_000_000
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

# What the HttpClient of JDK 21 and `curl --http2` send besides.
JAVA = [
    "Connection: Upgrade, HTTP2-Settings",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
    "Upgrade: h2c",
    "User-Agent: Java-http-client/21.0.2",
]
CURL = [
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA",
]
OFFERS = pytest.mark.parametrize(
    "offer", [JAVA, CURL, ["Connection: Upgrade", "Upgrade: websocket"]]
)


def created(name: str, caller: Client, *more: str) -> tuple[bytes, bytes]:
    """The head and the body of a POST that creates an item."""
    body = item(name)
    return written(caller, "POST", ITEMS, TYPED, f"Content-Length: {len(body)}", *more), body


@OFFERS
def test_other_protocols_are_passed_over(either: Client, offer: list[str]) -> None:
    head, body = created(f"upgrade {offer}", either, *offer)
    with connected(either) as connection:
        connection.sendall(head)
        connection.sendall(body)
        assert status(connection) == b"201"
        connection.sendall(written(either, "GET", ITEMS, *offer))
        assert status(connection) == b"200"


@OFFERS
def test_requests_behind_an_offer_are_answered(shop: Client, offer: list[str]) -> None:
    first, second = (b"".join(created(f"{n} {offer}", shop, *offer)) for n in range(2))
    get = written(shop, "GET", ITEMS, *offer)
    with connected(shop) as connection:
        connection.sendall(first + second + get + written(shop, "GET", ITEMS) + get)
        assert [status(connection) for _ in range(5)] == [b"201", b"201", b"200", b"200", b"200"]


def test_offer_with_a_chunked_body_is_passed_over(shop: Client) -> None:
    body = item("chunked offer")
    head = written(shop, "POST", ITEMS, TYPED, "Transfer-Encoding: chunked", *JAVA)
    with connected(shop) as connection:
        for part in (
            head,
            b"%x\r\n" % len(body),
            body,
            b"\r\n0\r\n\r\n",
            written(shop, "GET", ITEMS),
        ):
            connection.sendall(part)
        assert [status(connection), status(connection)] == [b"201", b"200"]


def test_offer_on_a_last_request_ends(shop: Client) -> None:
    head, body = created("last offer", shop, "Connection: close", *JAVA)
    with connected(shop) as connection:
        connection.sendall(
            head.replace(b"Connection: Upgrade", b"Connection: close, Upgrade") + body
        )
        assert status(connection) == b"201"
        assert connection.recv(1) == b""


def test_nothing_is_logged_of_an_offer(either: Client, caplog: pytest.LogCaptureFixture) -> None:
    assert either.get(ITEMS, headers={"Connection": "Upgrade", "Upgrade": "h2c"}).status == 200
    assert not [each for each in caplog.records if each.levelname != "DEBUG"]


JAVA_CLIENT = """
import java.net.URI;
import java.net.http.*;
public class Post {
    public static void main(String[] given) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        for (int turn = 0; turn < 2; turn++) {
            HttpRequest request = HttpRequest.newBuilder(URI.create(given[0]))
                .header("Authorization", "Klaviyo-API-Key " + given[1]).header("revision", given[2])
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(given[3 + turn])).build();
            var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
            System.out.println(answer.statusCode());
        }
    }
}
"""


@pytest.mark.slow
@pytest.mark.skipif(which("java") is None, reason="no JDK is installed")
def test_client_of_a_jdk_posts(shop: Client, tmp_path: pathlib.Path) -> None:
    source = tmp_path / "Post.java"
    source.write_text(JAVA_CLIENT)
    bodies = [item(f"java {turn}").decode() for turn in range(2)]
    command = ["java", str(source), shop.url + ITEMS, shop.key, shop.revision, *bodies]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if "Compiler" in done.stderr and done.returncode:
        pytest.skip("this Java has no compiler")
    assert done.stdout.split() == ["201", "201"], done.stderr


@pytest.mark.skipif(which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("more", [["--http2"], ["-H", "Expect: 100-continue"], ["--http1.0"]])
def test_curl_posts_at_once(shop: Client, more: list[str]) -> None:
    headers = [f"Authorization: Klaviyo-API-Key {shop.key}", f"revision: {shop.revision}", TYPED]
    given = [part for each in headers for part in ("-H", each)]
    # The time for which curl waits before it sends a body without having been asked to.
    asked = ["curl", "-s", "-w", "%{http_code}", "--expect100-timeout", "20", "--max-time", "10"]
    command = [*asked, *given, *more, "-d", item(f"curl {more}").decode(), shop.url + ITEMS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.endswith("201"), done.stdout


def test_expectations_are_answered_at_once(either: Client) -> None:
    head, body = created("expected", either, "Expect: 100-continue")
    with connected(either) as connection:
        connection.sendall(head)
        assert connection.recv(len(CONTINUE)).startswith(b"HTTP/1.1 100")
        connection.sendall(body)
        assert b"HTTP/1.1 201" in connection.recv(1000)


def test_old_http_gets_no_continue(shop: Client, connection: socket.socket) -> None:
    body = item("old and expected")
    more = (TYPED, f"Content-Length: {len(body)}", "Expect: 100-continue")
    connection.sendall(written(shop, "POST", ITEMS, *more, version="1.0"))
    connection.sendall(body)
    assert status(connection) == b"201"


def test_expected_bodies_keep_order(shop: Client, connection: socket.socket) -> None:
    head, body = created("expected later", shop, "Expect: 100-continue")
    connection.sendall(written(shop, "GET", ITEMS) + head)
    assert status(connection) == b"200"
    assert connection.recv(100) == CONTINUE
    connection.sendall(body + written(shop, "GET", ITEMS))
    assert [status(connection), status(connection)] == [b"201", b"200"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (["revision: none"], b"400"),
        (["Authorization: Klaviyo-API-Key none"], b"401"),
        ([f"Content-Length: {LARGE}"], b"413"),
        (["Content-Type: text/plain"], b"415"),
    ],
)
def test_refused_expectations_get_no_continue(
    shop: Client, connection: socket.socket, more: list[str], code: bytes
) -> None:
    length = [] if code == b"413" else ["Content-Length: 10"]
    connection.sendall(written(shop, "POST", ITEMS, TYPED, "Expect: 100-continue", *length, *more))
    assert refusal(connection) == code


def test_body_that_came_needs_no_continue(shop: Client, connection: socket.socket) -> None:
    connection.sendall(b"".join(created("not expected", shop, "Expect: 100-continue")))
    assert status(connection) == b"201"


@pytest.mark.parametrize("trailer", ["Host: evil.test", "Authorization: Klaviyo-API-Key {key}"])
def test_trailers_are_dropped(either: Client, trailer: str) -> None:
    body = item(f"trailer {len(trailer)}")
    head = written(either, "POST", ITEMS, TYPED, "Transfer-Encoding: chunked")
    if "key" in trailer:
        head = head.replace(either.key.encode(), b"none")
    chunks = b"%x\r\n%b\r\n0\r\n%b\r\n\r\n" % (
        len(body),
        body,
        trailer.format(key=either.key).encode(),
    )
    with connected(either) as connection:
        connection.sendall(head + chunks)
        answered, shown = answer(connection)
    assert answered.split()[1] == (b"401" if "key" in trailer else b"201")
    assert b"evil" not in shown


def test_endless_trailers_are_431(shop: Client, connection: socket.socket) -> None:
    head = written(shop, "POST", ITEMS, TYPED, "Transfer-Encoding: chunked")
    connection.sendall(head + b"2\r\n{}\r\n0\r\na: ")
    for _ in range(8):
        connection.sendall(b"b" * 30_000)
    assert refusal(connection) == b"431"


def test_tiny_chunks_are_read(shop: Client, connection: socket.socket) -> None:
    body = b" " * 30_000 + item("tiny")
    head = written(shop, "POST", ITEMS, TYPED, "Transfer-Encoding: chunked")
    chunks = b"".join(b"1;x=y\r\n%c\r\n" % each for each in body)
    connection.sendall(head + chunks + b"0\r\n\r\n" + written(shop, "GET", ITEMS))
    assert [status(connection), status(connection)] == [b"201", b"200"]


def test_broken_chunks_are_400(shop: Client, connection: socket.socket) -> None:
    head = written(shop, "POST", ITEMS, TYPED, "Transfer-Encoding: chunked")
    connection.sendall(head + b"2\r\n{}\r\nnone\r\n")
    assert refusal(connection) == b"400"


@pytest.mark.parametrize("length", [LARGE, 20_000_000])
def test_who_reads_late_sees_a_413(shop: Client, connection: socket.socket, length: int) -> None:
    connection.sendall(written(shop, "POST", JOBS, TYPED, f"Content-Length: {length}"))
    connection.sendall(b" " * length)
    assert refusal(connection) == b"413"


def test_chunked_413_is_seen_late(shop: Client, connection: socket.socket) -> None:
    connection.sendall(written(shop, "POST", JOBS, TYPED, "Transfer-Encoding: chunked"))
    for _ in range(LARGE // 100_000):
        connection.sendall(b"186a0\r\n%b\r\n" % (b" " * 100_000))
    connection.sendall(b"0\r\n\r\n")
    assert refusal(connection) == b"413"


@pytest.mark.parametrize(
    ("more", "code"),
    [("Authorization: Klaviyo-API-Key none", b"401"), ("revision: none", b"400")],
)
def test_refused_bodies_leave_the_connection(
    shop: Client, connection: socket.socket, more: str, code: bytes
) -> None:
    head = written(shop, "POST", JOBS, TYPED, "Content-Length: 4000000", more)
    connection.sendall(head + b" " * 4_000_000 + written(shop, "GET", ITEMS))
    assert [status(connection), status(connection)] == [code, b"200"]


def test_endless_bodies_are_cut(shop: Client, connection: socket.socket) -> None:
    connection.sendall(written(shop, "POST", JOBS, TYPED, "Transfer-Encoding: chunked"))
    chunk = b"186a0\r\n%b\r\n" % (b" " * 100_000)
    sent = 0
    with pytest.raises(ConnectionError):  # noqa: PT012 - which of them fails is not ours
        while sent < 200_000_000:
            connection.sendall(chunk)
            sent += len(chunk)
    assert sent < 100_000_000


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_half_closed_clients_are_answered(shop: Client, method: str) -> None:
    request = written(shop, "GET", ITEMS)
    if method == "POST":
        request = posted(shop, ITEMS, item(f"half closed {shop.key}"))
    with connected(shop) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        assert status(connection) == (b"201" if method == "POST" else b"200")
        assert connection.recv(1) == b""


def test_half_closed_pipelines_are_answered(shop: Client, connection: socket.socket) -> None:
    get, post = written(shop, "GET", ITEMS), posted(shop, ITEMS, b"{}")
    connection.sendall((get + post) * 10 + get[:20])
    connection.shutdown(socket.SHUT_WR)
    assert [status(connection) for _ in range(20)] == [b"200", b"400"] * 10
    assert connection.recv(1) == b""


def test_half_a_body_is_not_answered(shop: Client, connection: socket.socket) -> None:
    connection.sendall(posted(shop, ITEMS, b"{}" * 9)[:-3])
    connection.shutdown(socket.SHUT_WR)
    assert connection.recv(1) == b""


@pytest.mark.parametrize("reset", [True, False])
def test_hanging_up_is_no_trouble(
    shop: Client, caplog: pytest.LogCaptureFixture, *, reset: bool
) -> None:
    requests = [
        written(shop, "GET", ITEMS),
        written(shop, "GET", ITEMS) * 5,
        written(shop, "POST", ITEMS, TYPED, "Content-Length: 100") + b"{",
        posted(shop, ITEMS, b"{}"),
        b"GET /api/ HTTP/1.1\r\nHost",
    ]
    with caplog.at_level("DEBUG"):
        for request in requests * 20:
            with connected(shop) as connection:
                if reset:
                    linger = (1).to_bytes(4, "little") + bytes(4)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                connection.sendall(request)
        assert shop.get(ITEMS).status == 200
    said = [each for each in caplog.records if each.name.startswith(("backroom", "asyncio"))]
    assert all(each.levelname == "DEBUG" and each.exc_info is None for each in said), said
    assert len(said) <= len(requests) * 20


def test_refused_garbage_is_a_document(shop: Client) -> None:
    done: list[str] = []

    def ask() -> None:
        with connected(shop) as connection:
            connection.sendall(b"\x00" * 1_000_000)
            done.append(document(answer(connection)[1])["code"])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert done == ["bad_request"] * 4
