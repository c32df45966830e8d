"""An HTTP request as the handlers see it, and the answer they give."""

from __future__ import annotations

import binascii
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote_to_bytes

from backroom import clock
from backroom.api.headers import NONE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, MutableMapping

    from backroom.api.headers import Headers, Usual
    from backroom.api.wire import Parts

# These characters stand in a URL as they are. All others that a client sent are percent-encoded in
# links, brackets too.
_URL_SAFE = "%/:@!$&'()*+,;=-._~?"
_AS_IT_IS = (string.ascii_letters + string.digits + _URL_SAFE).encode()


def unquoted(text: str) -> str:
    """Decode a percent-encoded part of a URL, in which a character stands for each byte.

    Raises `UnicodeError` if the bytes are not UTF-8. Replacing them would name another resource.
    """
    if "%" not in text and text.isascii():
        return text
    # `unquote` reads one escape after the other in Python, and a filter by a hundred ids has a
    # thousand escapes. Quoted-printable has the same escapes with `=` instead of `%`, and the
    # standard library reads it in C.
    printable = text.replace("=", "=3D").replace("%", "=").encode("latin-1")
    decoded = binascii.a2b_qp(printable)
    # A broken escape means different things in the two. Each whole one takes two letters from the
    # text, a broken one takes at most one: so the lengths tell whether there is any. Only a line
    # break could take more, and no URL has one.
    if len(decoded) != len(text) - 2 * text.count("%") or "\n" in text or "\r" in text:
        decoded = unquote_to_bytes(text.encode("latin-1"))
    return decoded.decode()


class Request:
    """The head of an HTTP request. The names of its headers are in lower case.

    `target` is the part of its URL after the base. `request_id` is new with each request.
    """

    __slots__ = (
        "_headers",
        "base",
        "method",
        "query_string",
        "raw_path",
        "request_id",
        "target",
    )

    def __init__(
        self,
        method: str,
        raw_path: bytes,
        query_string: bytes,
        headers: dict[bytes, bytes],
        scheme: str,
        public_url: str,
    ) -> None:
        self.request_id = clock.new_uuid()
        self.method = method
        self.raw_path = raw_path.decode("latin-1")
        self.query_string = query_string.decode("latin-1")
        self._headers = headers
        self.base = public_url or f"{scheme}://{self.header(b'host') or ''}"
        self.target = _quoted(raw_path)
        if query_string:
            self.target += f"?{_quoted(query_string)}"

    @classmethod
    def of_scope(cls, scope: MutableMapping[str, Any], public_url: str) -> Self:
        """Read an ASGI scope."""
        return cls(
            scope["method"],
            scope["raw_path"],
            scope["query_string"],
            dict(scope["headers"]),
            scope["scheme"],
            public_url,
        )

    def header(self, name: bytes) -> str | None:
        """Give the header with `name`, which is in lower case, or None if the request lacks it."""
        value = self._headers.get(name)
        return None if value is None else value.decode("latin-1")

    def raw_header(self, name: bytes) -> bytes | None:
        """Give the header with `name` as it came."""
        return self._headers.get(name)

    def scope(self, version: dict[str, str]) -> dict[str, Any]:
        """Give the ASGI scope of this request, for an application of that version of ASGI."""
        raw = self.raw_path.encode("latin-1")
        return {
            "type": "http",
            "asgi": version,
            "http_version": "1.1",
            "method": self.method,
            "scheme": self.base.partition(":")[0],
            "path": unquote_to_bytes(raw).decode(errors="replace"),
            "raw_path": raw,
            "query_string": self.query_string.encode("latin-1"),
            "root_path": "",
            "headers": list(self._headers.items()),
        }

    @property
    def url(self) -> str:
        """The URL as it was called, percent-encoded (observed in `links.self`)."""
        return self.base + self.target


def _quoted(raw: bytes) -> str:
    if raw.translate(None, _AS_IT_IS):
        return quote(raw, safe=_URL_SAFE)
    return raw.decode("latin-1")


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, the parts of a body, and headers. Those of `usual` are sent first."""

    status: int
    parts: Parts
    headers: Headers
    usual: Usual = NONE

    @property
    def length(self) -> int:
        """How many bytes the body has."""
        return sum(map(len, self.parts))


@dataclass(frozen=True, slots=True)
class Stream(Answer):
    """An answer whose body goes on after `parts`, for as long as `rest` has more of it.

    A reader that stops before the end calls `leave`.
    """

    rest: AsyncIterator[bytes] = field(kw_only=True)
    leave: Callable[[], object] = field(kw_only=True)
