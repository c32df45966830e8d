"""Names of answer headers, written as the service writes them.

Names of headers have no case, but some official SDKs hand them over as a plain dict, whose users
look for `X-Klaviyo-Api-Revision`. uvicorn writes every name in lower case, unless the name has it
otherwise.
"""

from __future__ import annotations

from typing import NamedTuple


class Name(bytes):
    """A header's name that stays as it is written."""

    __slots__ = ()

    def lower(self) -> Name:
        return self


ALLOW = Name(b"Allow")
API_REVISION = Name(b"X-Klaviyo-Api-Revision")
CID = Name(b"CID")
CONTENT_LANGUAGE = Name(b"Content-Language")
CONTENT_TYPE = Name(b"Content-Type")
RATE_LIMIT = Name(b"RateLimit-Limit")
RATE_REMAINING = Name(b"RateLimit-Remaining")
RATE_RESET = Name(b"RateLimit-Reset")
REQUEST_ID = Name(b"X-Klaviyo-Req-Id")
RETIREMENT_DATE = Name(b"X-Klaviyo-Api-Retirement-Date")
RETRY_AFTER = Name(b"Retry-After")
VARY = Name(b"Vary")
WWW_AUTHENTICATE = Name(b"WWW-Authenticate")

Headers = list[tuple[bytes, bytes]]


class Usual(NamedTuple):
    """Headers that many answers have in common, also as the lines that go over the wire."""

    pairs: Headers
    lines: bytes


def usual(pairs: Headers) -> Usual:
    """Write headers once for many answers."""
    return Usual(pairs, lines(pairs))


def lines(pairs: Headers) -> bytes:
    """Write headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % each for each in pairs])


NONE = usual([])
