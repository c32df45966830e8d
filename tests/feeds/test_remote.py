from __future__ import annotations

import io
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from backroom import outgoing
from backroom.feeds import remote
from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import open_feed
from backroom.feeds.remote import fetch, is_url
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = b'{"type":"item","external_id":"C1"}\n'


class _Shop(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/to"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to="))
            self.end_headers()
            return
        self.send_response(404 if self.path == "/none" else 200)
        self.send_header("Content-Length", "999" if self.path == "/cut" else str(len(LINE)))
        self.end_headers()
        self.wfile.write(LINE)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Shop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetched(url: str) -> bytes:
    into = io.BytesIO()
    fetch(url, into, private_addresses=True)
    return into.getvalue()


def test_feed_is_fetched(shop: str) -> None:
    feed = open_feed(f"{shop}/shop.jsonl?key=1", options=FeedOptions(private_addresses=True))
    assert (feed.name, len(list(feed.rows()))) == ("shop.jsonl", 1)


def test_redirects_are_followed(shop: str) -> None:
    assert fetched(f"{shop}/to=/to=/feed") == LINE


def test_private_addresses_are_off(shop: str) -> None:
    with pytest.raises(
        FeedError, match=r"is the private address 127\.0\.0\.1; --private-addresses"
    ):
        fetch(shop, io.BytesIO())


@pytest.mark.parametrize(
    "host",
    [
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[fe80::1]",
        "0.0.0.0",
        "localhost",
    ],
)
def test_all_private_addresses_are_off(host: str) -> None:
    with pytest.raises(FeedError, match="is the private address"):
        fetch(f"http://{host}/", io.BytesIO())


def test_redirects_are_checked(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "is_public", lambda address: address == "127.0.0.1")
    with pytest.raises(FeedError, match=r"is the private address 127\.0\.0\.2"):
        fetch(f"{shop}/to=http://127.0.0.2/", io.BytesIO())


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/none", "the server answered 404"),
        ("/cut", "is cut off|can't be fetched"),
        ("/to=ftp://a.example/", "leads to an address that is not http"),
        ("/to=" * 9 + "/", "leads on more than 5 times"),
        ("/to=file:///etc/hostname", "is not http"),
    ],
)
def test_broken_answers_are_refused(shop: str, path: str, reason: str) -> None:
    with pytest.raises(FeedError, match=reason):
        fetched(shop + path)


def test_large_answers_are_refused(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LARGEST_FEED", 10)
    with pytest.raises(FeedError, match="is larger than"):
        fetched(shop)


def test_slow_answers_are_refused(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_LONGEST_FETCH_SECONDS", 0)
    with pytest.raises(FeedError, match="it takes longer"):
        fetched(shop)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(FeedError, match="is not known"):
        fetched("http://no.such.name.invalid/")


def test_only_http_is_a_url() -> None:
    assert is_url("HTTPS://a.example")
    assert not is_url("ftp://a.example")
    assert not is_url("file:///etc/hostname")
