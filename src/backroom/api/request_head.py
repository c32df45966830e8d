"""The rules for the head of a request: its size, its target and its host.

The server's own HTTP checks the sizes while a head still arrives, so it never holds more of one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from backroom.addresses import is_ipv6
from backroom.errors import HeadTooLarge, MalformedRequest, UrlTooLong

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_HEAD = 64 * 1024
"""Bytes of a head. Trailers after a chunked body may have as many."""
MOST_URL = 16 * 1024
"""Bytes of a request's target."""
MOST_HEADERS = 100
MOST_HOST = 255
"""Bytes. A name in the DNS has no more."""

_HOST = re.compile(
    rb"(?:[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*\.?|\[([0-9A-Fa-f:.]+)\])(?::(\d{0,5}))?"
)
_MOST_PORT = 65535
_WHOLE_URL = re.compile(rb"(?i:https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?")


class Target(NamedTuple):
    """The target of a request: the path and the query, and the host where it names one."""

    path: bytes
    query: bytes
    host: bytes | None = None


def check_url(url: bytes) -> None:
    """Raise `UrlTooLong` if the target of a request is too long."""
    if len(url) > MOST_URL:
        raise UrlTooLong(MOST_URL)


def check_headers(count: int) -> None:
    """Raise `HeadTooLarge` if a head has too many headers."""
    if count > MOST_HEADERS:
        raise HeadTooLarge(f"A request may not have more than {MOST_HEADERS} headers.")


def too_large() -> HeadTooLarge:
    """Give the fault of a request whose head has more bytes than a head may have."""
    return HeadTooLarge(f"The head of a request may not exceed {MOST_HEAD:,} bytes.")


def read_target(url: bytes) -> Target:
    """Read the target of a request. Raises `MalformedRequest`."""
    if not url.isascii():
        raise MalformedRequest("The URL must be percent-encoded: it has bytes that are not ASCII.")
    if url.startswith(b"/"):
        if b"#" in url:
            url = url.partition(b"#")[0]
        path, _, query = url.partition(b"?")
        return Target(path, query)
    whole = _WHOLE_URL.match(url)
    if whole is None:
        raise MalformedRequest("The target of the request is not a path, and not a URL of HTTP.")
    check_host(whole[1])
    return Target(whole[2] or b"/", whole[3] or b"", whole[1])


def check_hosts(headers: Sequence[tuple[bytes, bytes]]) -> None:
    """Raise `MalformedRequest` if a request has more than one `Host`."""
    if sum(name == b"host" for name, _ in headers) > 1:
        raise MalformedRequest("The request has more than one Host header.")


def check_host(host: bytes) -> None:
    """Raise `HeadTooLarge` or `MalformedRequest` if this is not the name of a host."""
    if len(host) > MOST_HOST:
        raise HeadTooLarge(f"A Host header may not exceed {MOST_HOST} bytes.")
    found = _HOST.fullmatch(host)
    if (
        found is None
        or int(found[2] or 0) > _MOST_PORT
        or not (found[1] is None or is_ipv6(found[1].decode()))
    ):
        raise MalformedRequest("The Host header is not the name of a host.")


def missing_host() -> MalformedRequest:
    """Give the fault of a request of HTTP 1.1 without a host."""
    return MalformedRequest("The request has no Host header.")


def address_of(socket_name: tuple[str, int] | Sequence[object]) -> bytes:
    """Write the address that a client connected to as it stands in a URL."""
    host, port = str(socket_name[0]), socket_name[1]
    return f"{f'[{host}]' if ':' in host else host}:{port}".encode()
