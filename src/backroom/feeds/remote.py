"""Feeds at a URL: fetched once, within bounds of size and time, and from public addresses alone.

`outgoing.py` resolves and checks the name. Each redirect is checked the same way.
"""

from __future__ import annotations

import time
from typing import IO
from urllib.parse import urljoin

import urllib3

from backroom import outgoing
from backroom.feeds.rows import FeedError

LARGEST_FEED = 4_000_000_000
_LONGEST_FETCH_SECONDS = 600.0
_MOST_REDIRECTS = 5
_DOWNLOAD_BYTES = 1 << 18
_FOLLOWED_REDIRECTS = {301, 302, 303, 307, 308}
_OK = 200
_DOWNLOAD_TIMEOUT = urllib3.Timeout(connect=10, read=60)


def is_url(place: str) -> bool:
    """Whether a text names a feed by its URL."""
    return place.lower().startswith(("http://", "https://"))


def fetch(url: str, into: IO[bytes], *, private_addresses: bool = False) -> None:
    """Write the answer of a URL into a file. Raises `FeedError`."""
    end = time.monotonic() + _LONGEST_FETCH_SECONDS
    for _ in range(_MOST_REDIRECTS + 1):
        response = _answer(url, private_addresses=private_addresses)
        try:
            if response.status in _FOLLOWED_REDIRECTS:
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
    while chunk := response.read1(_DOWNLOAD_BYTES, decode_content=False):
        received += len(chunk)
        if received > LARGEST_FEED:
            raise FeedError(f"is larger than {LARGEST_FEED // 1_000_000:,} MB")
        if time.monotonic() > end:
            raise FeedError(
                f"can't be fetched: it takes longer than {_LONGEST_FETCH_SECONDS:.0f} s"
            )
        into.write(chunk)
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) != received:
        raise FeedError(f"is cut off: {received:,} of {int(announced):,} bytes came")


def _answer(url: str, *, private_addresses: bool) -> urllib3.BaseHTTPResponse:
    try:
        target = outgoing.target_of(url)
        address = outgoing.resolved(target, private=private_addresses)
    except outgoing.PrivateAddress as error:
        raise FeedError(f"is not fetched: {error}; --private-addresses allows it") from None
    except outgoing.NotConnected as error:
        raise FeedError(f"can't be fetched: {error}") from None
    headers = {"Host": target.named, "Accept-Encoding": "identity", "User-Agent": "backroom"}
    try:
        return outgoing.pool_to(target, address).urlopen(
            "GET",
            target.path,
            headers=headers,
            redirect=False,
            retries=False,
            timeout=_DOWNLOAD_TIMEOUT,
            preload_content=False,
        )
    except urllib3.exceptions.HTTPError as error:
        raise FeedError(f"can't be fetched: {error}") from None
