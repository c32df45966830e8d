"""Receive a body as its bytes arrive: decompressed, and never more than allowed.

`received` is event-loop code, which waits for them.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

from backroom.catalog.operations import body_limit
from backroom.errors import ParseFailed, TooLarge, UnsupportedMediaType

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from backroom.api.admission import Admitted
    from backroom.api.request import Request
    from backroom.revisions import Revision

_MEDIA_TYPES = frozenset({"application/json", "application/vnd.api+json"})
_GZIP = 31
"""The `wbits` by which `zlib` reads gzip, with the largest window."""
_MOST_LENGTH_DIGITS = 12
"""Digits of a Content-Length. A number with more digits is larger than any limit."""


class ClientLeft(Exception):
    """The client went away before its request was whole."""


class BodyReader:
    """Takes a body chunk by chunk, and never holds more of it than the revision allows.

    Raises `UnsupportedMediaType`, `TooLarge` or `ParseFailed` as early as possible: the first two
    already from the headers, if these say enough.
    """

    def __init__(self, request: Request, revision: Revision) -> None:
        media_type = request.header(b"content-type") or ""
        if media_type.partition(";")[0].strip().lower() not in _MEDIA_TYPES:
            raise UnsupportedMediaType(media_type)
        encoding = (request.header(b"content-encoding") or "identity").strip().lower()
        if encoding not in {"identity", "gzip", "x-gzip", ""}:
            raise UnsupportedMediaType(encoding)
        self._limit = body_limit(revision.date)
        self._unpack = zlib.decompressobj(_GZIP) if "gzip" in encoding else None
        # The limit of a revision counts decompressed bytes. There must be a limit of compressed
        # bytes too, because a client could send empty gzip members for ever. It is a 64th higher,
        # because data that can't be compressed grows a little in gzip.
        self._most_fed = self._limit + (self._limit // 64 if self._unpack else 0)
        length = (request.header(b"content-length") or "").lstrip("0")
        declared = length if length.isascii() and length.isdigit() else ""
        if len(declared) > _MOST_LENGTH_DIGITS or int(declared or "0") > self._most_fed:
            raise TooLarge(self._limit)
        self._fed = 0
        self._began = False
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk."""
        self._fed += len(chunk)
        if self._fed > self._most_fed:
            raise TooLarge(self._limit)
        if self._unpack is None:
            self._keep(chunk)
        else:
            self._inflate(chunk)

    def _keep(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._limit:
            raise TooLarge(self._limit)
        self._chunks.append(chunk)

    def _inflate(self, chunk: bytes) -> None:
        assert self._unpack is not None  # noqa: S101 - for the type checker
        while chunk:
            if self._unpack.eof:
                # A gzip stream may consist of several members, one after the other.
                self._unpack = zlib.decompressobj(_GZIP)
            self._began = True
            try:
                # At most one byte past the limit is unpacked, which shows that the body is too
                # large. So a small body that would unpack to gigabytes never takes that much
                # memory.
                self._keep(self._unpack.decompress(chunk, self._limit - self._size + 1))
            except zlib.error:
                raise ParseFailed("The body is not gzip, as its Content-Encoding says.") from None
            chunk = self._unpack.unconsumed_tail or self._unpack.unused_data

    def end(self) -> bytes:
        """Give the whole body, decompressed."""
        if self._unpack is not None and self._began and not self._unpack.eof:
            raise ParseFailed("The body ends before its gzip stream does.")
        return b"".join(self._chunks)


async def received(
    admitted: Admitted, receive: Callable[[], Awaitable[MutableMapping[str, Any]]]
) -> bytes:
    """Receive the body of a request. Raises `ClientLeft`, or a fault."""
    if not admitted.operation.has_body:
        return b""
    reader = BodyReader(admitted.request, admitted.revision)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientLeft
        reader.feed(message.get("body", b""))
        if not message.get("more_body", False):
            return reader.end()
