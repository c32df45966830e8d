"""HTTP as bytes over one connection: requests as they are sent, answers as they arrive."""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import msgspec
import pytest

from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator


class Caller(Protocol):
    """Who asks: a client, or a server that has said its first key."""

    @property
    def url(self) -> str: ...
    @property
    def key(self) -> str: ...


@contextmanager
def connected(caller: Caller) -> Iterator[socket.socket]:
    """A connection to a server."""
    address = urlsplit(caller.url)
    with socket.create_connection((address.hostname, address.port), 10) as opened:
        yield opened


def written(caller: Caller, method: str, target: str, *more: str, version: str = "1.1") -> bytes:
    """A request as it goes over the wire; `more` are further headers."""
    lines = [
        f"{method} {target} HTTP/{version}",
        "Host: shop.test",
        f"Authorization: Klaviyo-API-Key {caller.key}",
        f"revision: {NEWEST}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def posted(caller: Caller, target: str, body: bytes) -> bytes:
    """A POST as it goes over the wire."""
    typed = "Content-Type: application/vnd.api+json"
    return written(caller, "POST", target, f"Content-Length: {len(body)}", typed) + body


def answer(connection: socket.socket, *, has_body: bool = True) -> tuple[bytes, bytes]:
    """The head and body of the next answer, read no further."""
    with connection.makefile("rb", buffering=0) as file:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += file.read(1) or pytest.fail(f"hung up after {head!r}")
        length = re.search(rb"(?i)content-length: (\d+)", head)
        assert length, head
        body = b""
        while has_body and len(body) < int(length[1]):
            body += file.read(int(length[1]) - len(body)) or pytest.fail("hung up")
        return head, body


def status(connection: socket.socket) -> bytes:
    return answer(connection)[0].split()[1]


def names(head: bytes) -> set[bytes]:
    """The names of an answer's headers, in the case in which they came."""
    return set(re.findall(rb"(?m)^([A-Za-z-]+): ", head))


def document(body: bytes) -> Any:
    """The only error of an error document."""
    (error,) = msgspec.json.decode(body)["errors"]
    return error


def refusal(connection: socket.socket) -> bytes:
    """The status of an error document that is the last answer of its connection."""
    head, body = answer(connection)
    code = head.split()[1]
    assert document(body)["status"] == int(code)
    assert b"connection: close" in head.lower()
    assert b"x-content-type-options: nosniff" in head.lower()
    assert connection.recv(1) == b""
    return code


def item(name: str) -> bytes:
    """The body that creates an item."""
    attributes = {"external_id": name, "title": name, "description": name, "url": "https://a.test"}
    return msgspec.json.encode({"data": {"type": "catalog-item", "attributes": attributes}})
