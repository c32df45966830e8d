from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from backroom.feeds.query_connection import query_pool, without_query

if TYPE_CHECKING:
    from collections.abc import Iterator


class Echo(BaseHTTPRequestHandler):
    """Answers with the target of each request, and the names of its headers."""

    def do_GET(self) -> None:
        said = f"{self.path} {sorted(self.headers)}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def echo() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def asked(url: str, target: str) -> str:
    path, headers = without_query(target, {"Accept": "text/plain"})
    return query_pool(url).urlopen("GET", path, headers=headers).data.decode()


def test_query_is_sent_as_given(echo: str) -> None:
    said = asked(echo, "/api/items?filter=any(ids,%5B%22$custom:::1%22%5D)")
    assert said.startswith("/api/items?filter=any(ids,%5B%22$custom:::1%22%5D) [")
    assert "query" not in said


def test_path_is_escaped(echo: str) -> None:
    assert asked(echo, "/a shop/items?x=1").startswith("/a%20shop/items?x=1 [")


@pytest.mark.parametrize("query", ["a b", "a\r\nX: 1", "ä"])
def test_unescaped_query_is_refused(query: str) -> None:
    with pytest.raises(ValueError, match="not escaped"):
        without_query(f"/items?{query}", {})


def test_secure_server_has_secure_connections() -> None:
    pool = query_pool("https://shop.example")
    assert pool.ConnectionCls.default_port == 443
    assert pool.scheme == "https"
