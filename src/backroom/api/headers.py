"""Names of answer headers, in the case in which the service writes them, and headers as bytes."""

from __future__ import annotations

from typing import NamedTuple

ALLOW = b"Allow"
ALLOW_HEADERS = b"Access-Control-Allow-Headers"
ALLOW_METHODS = b"Access-Control-Allow-Methods"
ALLOW_ORIGIN = b"Access-Control-Allow-Origin"
API_REVISION = b"X-Klaviyo-Api-Revision"
CID = b"CID"
CONTENT_LANGUAGE = b"Content-Language"
CONTENT_TYPE = b"Content-Type"
RATE_LIMIT = b"RateLimit-Limit"
RATE_REMAINING = b"RateLimit-Remaining"
RATE_RESET = b"RateLimit-Reset"
REQUEST_ID = b"X-Klaviyo-Req-Id"
RETIREMENT_DATE = b"X-Klaviyo-Api-Retirement-Date"
RETRY_AFTER = b"Retry-After"
VARY = b"Vary"
WWW_AUTHENTICATE = b"WWW-Authenticate"

DATE = b"date"
KEEP_ALIVE = b"Keep-Alive"
CONNECTION = b"connection"
CONTENT_TYPE_OPTIONS = b"X-Content-Type-Options"

Headers = list[tuple[bytes, bytes]]


class Usual(NamedTuple):
    """Headers that many answers share: as pairs for ASGI, and as the bytes of their lines."""

    pairs: Headers
    lines: bytes


def usual(pairs: Headers) -> Usual:
    """Encode headers once for many answers."""
    return Usual(pairs, lines(pairs))


def lines(pairs: Headers) -> bytes:
    """Encode headers as the lines that go over the wire."""
    return b"".join([b"%b: %b\r\n" % each for each in pairs])


NONE = usual([])
CLOSE = (CONNECTION, b"close")
NO_SNIFF = (CONTENT_TYPE_OPTIONS, b"nosniff")
"""A browser must believe the `Content-Type`, and not guess from the body."""
