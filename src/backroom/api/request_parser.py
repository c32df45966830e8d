"""Bytes to requests: the parser of httptools, with limits and the rules of HTTP that it leaves out.

The parser is fed never more at once than a head may have. So the limits of `request_head` hold
while a head arrives, and neither this class nor the parser of httptools keeps more of one.
"""

from __future__ import annotations

import logging
from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

import httptools

from backroom import events
from backroom.api import request_head
from backroom.api.headers import lines
from backroom.api.request_head import MOST_HEAD, MOST_HEADERS
from backroom.errors import Fault, MalformedRequest, ServerError

if TYPE_CHECKING:
    from backroom.api.request_body import RequestBody
    from backroom.api.request_head import Target

log = logging.getLogger(__name__)

_FRAMING = frozenset({b"content-length", b"transfer-encoding"})
"""Headers of a request that may have a body."""


class Stage(Enum):
    """The part of a request that a parser reads."""

    BETWEEN = auto()
    HEAD = auto()
    BODY = auto()


class Receiver(Protocol):
    """Takes requests, within the calls of `feed`. What it raises as a `Fault` ends the parser."""

    def take_head(
        self, method: str, target: Target, headers: dict[bytes, bytes], *, keep_alive: bool
    ) -> None: ...


class RequestParser:
    """Parses the bytes that arrive on one connection.

    `turn` is the number of requests that have begun, `received` the bytes of all their bodies.
    `body` is where the body of the present request goes, as long as somebody reads it: the receiver
    sets it. A `deaf` parser reads nothing more: the last request or a fault has come.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._parser = httptools.HttpRequestParser(self)
        self.stage = Stage.BETWEEN
        self.deaf = False
        self.turn = self.received = 0
        self.url = b""
        self.body: RequestBody | None = None
        self._headers: list[tuple[bytes, bytes]] = []
        self._head_size = self._unused = self._unread = 0
        self._host: bytes | None = None
        self._keep_alive = True
        self._upgrade: list[tuple[bytes, bytes]] | None = None
        """The headers of a request that offers another protocol, until its body is parsed."""

    def close(self) -> None:
        """Parse nothing more. Breaks the reference circle with the parser of httptools."""
        self.deaf = True
        self.body = None
        del self._parser, self._receiver

    def feed(self, data: bytes) -> int:
        """Parse bytes that have arrived, and give how many of them nobody reads.

        Raises the `Fault` for which the last request is refused.
        """
        self._unread = 0
        if len(data) <= MOST_HEAD and not self._head_size and not self.deaf:
            self._feed(data)
            return self._unread
        view = memoryview(data)
        while view and not self.deaf:
            size = MOST_HEAD - self._head_size
            self._feed(view[:size])
            view = view[size:]
        return self._unread + len(view)

    def _feed(self, data: bytes | memoryview) -> None:
        stage, turn, received = self.stage, self.turn, self.received
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as error:
            self._pass_over_upgrade(data[error.args[0] :])
        except httptools.HttpParserError as error:
            if not self.deaf:
                self.deaf = True
                raise _fault_of(error) from None
            return
        if self.stage is Stage.BETWEEN:
            return
        if self.stage is Stage.HEAD:
            if self.turn == turn or (stage is Stage.BETWEEN and self.turn == turn + 1):
                self._head_size += len(data)
        elif stage is Stage.BODY:
            # Trailers bring nothing of a body, however long they are.
            self._unused = self._unused + len(data) if self.received == received else 0
        if self._head_size >= MOST_HEAD or self._unused >= MOST_HEAD:
            self.deaf = True
            raise request_head.too_large()

    def _pass_over_upgrade(self, rest: bytes | memoryview) -> None:
        """Go on as if the client had not offered another protocol.

        httptools takes all that follows such an offer for the other protocol. A new parser gets the
        headers that say how long the body is, and then the rest.
        """
        offer, self._parser = self._upgrade or [], httptools.HttpRequestParser(self)
        if self.stage is Stage.BODY:
            framing = lines([each for each in offer if each[0] in _FRAMING])
            self._parser.feed_data(b"POST / HTTP/1.1\r\n" + framing + b"\r\n")
        self._upgrade = None
        if rest and not self.deaf:
            self._feed(rest)

    def on_message_begin(self) -> None:
        """Reset what the head of a request is collected in."""
        if self.deaf:
            raise _Unheard
        if self._upgrade is None:
            self.stage = Stage.HEAD
            self.turn += 1
        self.url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        self.url += url
        request_head.check_url(self.url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, or a trailer, which is counted and never used."""
        headers = self._headers
        headers.append((name.lower(), value))
        if len(headers) > MOST_HEADERS:
            request_head.check_headers(len(headers))

    def on_headers_complete(self) -> None:
        """Hand over the head, after all checks."""
        if self._upgrade is not None:
            # This is the head that `_pass_over_upgrade` feeds, on the way to the body.
            self._upgrade = None
            return
        parser, received = self._parser, self._headers
        self._headers = []
        headers = dict(received)
        if len(headers) != len(received):
            request_head.check_hosts(received)
        target = request_head.read_target(self.url)
        host = headers.get(b"host")
        if host is None or host != self._host:
            self._check_host(host)
        if target.host is not None:
            # HTTP says that the host of the target is right where the two differ.
            headers[b"host"] = target.host
        keep_alive = parser.should_keep_alive()
        if (not keep_alive or b"connection" in headers) and parser.get_http_version() != "1.1":
            # Clients of HTTP 1.0 know neither open connections nor `Expect`.
            keep_alive = False
            headers.pop(b"expect", None)
        if parser.should_upgrade():
            self._upgrade = received
        self._keep_alive = keep_alive
        self._head_size = self._unused = 0
        self.stage = Stage.BETWEEN if _FRAMING.isdisjoint(headers) else Stage.BODY
        method = parser.get_method().decode()
        self._receiver.take_head(method, target, headers, keep_alive=keep_alive)

    def _check_host(self, host: bytes | None) -> None:
        """Check a host that is not that of the request before."""
        if host is not None:
            request_head.check_host(host)
            self._host = host
        elif self._parser.get_http_version() == "1.1":
            raise request_head.missing_host()

    def on_body(self, part: bytes) -> None:
        """Pass on a part of the body, if somebody reads it."""
        self.received += len(part)
        if self.body is None:
            self._unread += len(part)
        else:
            self.body.feed(part)

    def on_message_complete(self) -> None:
        """Take note of the end of a request."""
        if self._upgrade is not None and self.stage is Stage.BODY:
            # The body is still to be parsed.
            return
        self.stage = Stage.BETWEEN
        if not self._keep_alive:
            self.deaf = True
        if self.body is not None:
            self.body.end()
            self.body = None


class _Unheard(Exception):
    """A request follows one that was the last of its connection."""


def _fault_of(error: httptools.HttpParserError) -> Fault:
    """Give the fault that the parser met, or that one of its callbacks raised."""
    cause = error.__context__
    if isinstance(cause, Fault):
        return cause
    if isinstance(error, httptools.HttpParserCallbackError):
        log.error(events.REQUEST_UNREADABLE, exc_info=cause)
        return ServerError()
    return MalformedRequest(f"The request is not HTTP: {error}.")
