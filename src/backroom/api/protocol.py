"""HTTP: uvicorn's own protocol, without a task for what needs none.

An ASGI application is a task for each request, with messages between it and the connection. Reading
a job takes less time than that. So a plain GET is given to the application in the very call that
brought its head, and the answer is written as one. Everything else (bodies, old HTTP, connections
that are to be closed, clients that read too slowly, requests that come before the answer to the
last) goes uvicorn's way.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from backroom.api.headers import lines
from backroom.api.request import Request

if TYPE_CHECKING:
    from backroom.api.app import App
    from backroom.api.request import Answer

_BODIES = frozenset({b"content-length", b"transfer-encoding"})
"""Headers of a request that may have a body."""


class _Exchange:
    """A request and its answer, with what uvicorn asks and tells those that it is at."""

    __slots__ = ("_protocol", "disconnected", "keep_alive", "more_body", "response_complete")

    message_event = asyncio.Event()
    """Nobody waits for it: there is no body to come."""

    def __init__(self, protocol: HttpProtocol) -> None:
        self._protocol = protocol
        self.disconnected = False
        self.keep_alive = True
        self.response_complete = False

    def reply(self, answer: Answer) -> None:
        """Send the answer, unless nobody is there to take it."""
        self.response_complete = True
        if not self.disconnected:
            self._protocol.send(answer, keep_alive=self.keep_alive)


class HttpProtocol(HttpToolsProtocol):
    """One connection to an `App`."""

    app: App
    cycle: Any

    def on_message_begin(self) -> None:
        """Expect a request. What uvicorn prepares for each is prepared where it is needed."""
        self.url = b""
        self.expect_100_continue = False
        self.headers = []

    def on_headers_complete(self) -> None:
        """Have the request answered, here or by a task of uvicorn's."""
        if self._is_plain():
            headers = dict(self.headers)
            if _BODIES.isdisjoint(headers):
                path, _, query = self.url.partition(b"?")
                self.cycle = _Exchange(self)
                request = Request(
                    "GET", path, query, headers, self.scheme or "http", self.app.public_url
                )
                self.app.answer(request, self.cycle.reply)
                return
        url, headers_sent = self.url, self.headers
        super().on_message_begin()
        self.url = url
        self.headers += headers_sent
        super().on_headers_complete()

    def _is_plain(self) -> bool:
        """Whether this is a GET as nearly all are. What is asked first is most likely to differ."""
        parser, url = self.parser, self.url
        return (
            parser.get_method() == b"GET"
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and parser.should_keep_alive()
            and not parser.should_upgrade()
            and parser.get_http_version() == "1.1"
            and not self.expect_100_continue
            and url.startswith(b"/")
            and url.isascii()
            and b"#" not in url
        )

    def send(self, answer: Answer, *, keep_alive: bool) -> None:
        """Write an answer at once, and be ready for the next request."""
        head = (
            STATUS_LINE[answer.status],
            lines(self.server_state.default_headers),
            answer.usual.lines,
            lines(answer.headers),
            b"" if keep_alive else b"connection: close\r\n",
            b"content-length: %d\r\n\r\n" % answer.length,
        )
        self.transport.writelines((b"".join(head), *answer.parts))
        if not keep_alive:
            self.transport.close()
        self.on_response_complete()
