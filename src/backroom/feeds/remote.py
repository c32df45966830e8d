"""Feeds at a URL: fetched once, within bounds of size and time, and from public addresses alone.

The name is resolved once, all its addresses are checked, and the connection goes to one of them. So
a name that changes between check and connection reaches nothing else. Each redirect is checked the
same way.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from typing import IO
from urllib.parse import urljoin, urlsplit

import urllib3

from backroom.feeds.rows import FeedError

LARGEST_FEED = 4_000_000_000
_SECONDS = 600.0
_MOST_REDIRECTS = 5
_CHUNK = 1 << 18
_REDIRECTS = {301, 302, 303, 307, 308}
_OK = 200
_TIMEOUT = urllib3.Timeout(connect=10, read=60)


def is_url(place: str) -> bool:
    """Whether a text names a feed by its URL."""
    return place.lower().startswith(("http://", "https://"))


def fetch(url: str, into: IO[bytes], *, private_addresses: bool = False) -> None:
    """Write what a URL answers into a file. Raises `FeedError`."""
    end = time.monotonic() + _SECONDS
    for _ in range(_MOST_REDIRECTS + 1):
        response = _answer(url, private_addresses=private_addresses)
        try:
            if response.status in _REDIRECTS:
                url = urljoin(url, response.headers.get("Location", ""))
                if not is_url(url):
                    raise FeedError("can't be fetched: it leads to an address that is not http")
                continue
            if response.status != _OK:
                raise FeedError(f"can't be fetched: the server answered {response.status}")
            _receive(response, into, end)
        except urllib3.exceptions.HTTPError as error:
            raise FeedError(f"can't be fetched: {error}") from None
        else:
            return
        finally:
            response.close()
    raise FeedError(f"can't be fetched: it leads on more than {_MOST_REDIRECTS} times")


def _receive(response: urllib3.BaseHTTPResponse, into: IO[bytes], end: float) -> None:
    received = 0
    while chunk := response.read1(_CHUNK, decode_content=False):
        received += len(chunk)
        if received > LARGEST_FEED:
            raise FeedError(f"is larger than {LARGEST_FEED // 1_000_000:,} MB")
        if time.monotonic() > end:
            raise FeedError(f"can't be fetched: it takes longer than {_SECONDS:.0f} s")
        into.write(chunk)
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) != received:
        raise FeedError(f"is cut off: {received:,} of {int(announced):,} bytes came")


def _answer(url: str, *, private_addresses: bool) -> urllib3.BaseHTTPResponse:
    try:
        parts = urlsplit(url)
        secure = parts.scheme.lower() == "https"
        port = parts.port or (443 if secure else 80)
    except ValueError:
        raise FeedError("can't be fetched: it is not a URL") from None
    host = parts.hostname or ""
    address = _address_of(host, port, private_addresses=private_addresses)
    path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    headers = {
        "Host": parts.netloc.rpartition("@")[2],
        "Accept-Encoding": "identity",
        "User-Agent": "backroom",
    }
    pool: urllib3.HTTPConnectionPool
    if secure:
        # The connection goes to the checked address. The certificate has to be the name's.
        pool = urllib3.HTTPSConnectionPool(
            address,
            port,
            server_hostname=host,
            assert_hostname=host,
            ssl_context=ssl.create_default_context(),
        )
    else:
        pool = urllib3.HTTPConnectionPool(address, port)
    try:
        return pool.urlopen(
            "GET",
            path,
            headers=headers,
            redirect=False,
            retries=False,
            timeout=_TIMEOUT,
            preload_content=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise FeedError(f"can't be fetched: {error}") from None


def _address_of(host: str, port: int, *, private_addresses: bool) -> str:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FeedError(f"can't be fetched: the name {host!r} is not known") from None
    addresses = [str(each[4][0]) for each in found]
    if not private_addresses:
        for address in addresses:
            if not _is_public(address):
                raise FeedError(
                    f"is not fetched: {host!r} is the private address {address};"
                    " --private-addresses allows it"
                )
    return addresses[0]


def _is_public(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if mapped is not None:
        found = mapped
    return found.is_global and not found.is_multicast
