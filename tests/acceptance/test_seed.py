"""Two servers with one seed, in processes of their own: all bytes of their answers are the same."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import pytest

from support.client import NEWEST

if TYPE_CHECKING:
    from support.process import Programs, ServerProgram

FLAGS = ("--ephemeral", "--limits", "off", "--seed", "7", "--public-url", "http://shop.test")
JOBS = "/api/catalog-item-bulk-create-jobs"
PAGE = "/api/catalog-items?page[size]=2&fields[catalog-item]=created,title"


def an_item(name: str) -> bytes:
    title = {"external_id": name, "title": name, "description": "d", "url": "https://x.test"}
    return msgspec.json.encode({"data": {"type": "catalog-item", "attributes": title}})


def a_job(*names: str) -> bytes:
    items = {"data": [msgspec.json.decode(an_item(name))["data"] for name in names]}
    attributes = {"items": items}
    return msgspec.json.encode(
        {"data": {"type": "catalog-item-bulk-create-job", "attributes": attributes}}
    )


class Session:
    """One connection, of which every byte is kept."""

    def __init__(self, server: ServerProgram) -> None:
        parts = urlsplit(server.url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=20)
        self._key = server.key
        self.said: list[bytes] = []

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: shop.test\r\nrevision: {NEWEST}\r\n"
            f"Authorization: Klaviyo-API-Key {self._key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(65536)
        headers, _, rest = answer.partition(b"\r\n\r\n")
        lengths = [
            int(line.split(b":")[1])
            for line in headers.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        while len(rest) < sum(lengths):
            rest += self._socket.recv(65536)
        self.said.append(headers + b"\r\n\r\n" + rest)
        return rest

    def close(self) -> None:
        self._socket.close()


def everything_said(server: ServerProgram) -> list[bytes]:
    session = Session(server)
    session.ask("POST", "/api/catalog-items", an_item("a"))
    session.ask("POST", "/api/catalog-items", an_item("a"))
    for names in (("b", "c", "a"), ("d", "b"), ("e",)):
        job = msgspec.json.decode(session.ask("POST", JOBS, a_job(*names)))["data"]["id"]
        session.ask("GET", f"{JOBS}/{job}?include=items")
    page = msgspec.json.decode(session.ask("GET", PAGE))
    session.ask("GET", page["links"]["next"].removeprefix("http://shop.test"))
    session.ask("GET", JOBS)
    session.ask("GET", "/api/nothing")
    session.ask("DELETE", "/api/catalog-items/$custom:::$default:::a")
    session.close()
    return [server.key.encode(), *session.said]


@pytest.mark.slow
def test_seeded_servers_say_the_same(programs: Programs) -> None:
    first, second = (everything_said(programs.serve(*FLAGS)) for _ in range(2))
    assert first == second
    assert b"HTTP/1.1 201" in first[1]
    assert b'"failed_count":1' in first[4]
    other = everything_said(programs.serve(*FLAGS[:-4], "--seed", "8", *FLAGS[-2:]))
    assert other[1] != first[1]


def test_seed_needs_an_empty_database(programs: Programs) -> None:
    first = programs.serve()
    assert first.announced()
    first.kill()
    refused = programs.run("serve", "--port", "0", "--seed", "7")
    assert refused.wait() == 1
    assert "needs an empty database" in refused.errors
