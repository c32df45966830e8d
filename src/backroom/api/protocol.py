"""One connection: its requests in order, and their answers as bytes.

Event-loop code. An ASGI server starts a task for each request and passes messages between the task
and the connection. Reading one job takes less time than that. So a request without a body is
answered in the very call of the parser that completed its head, and the answer is written in one
piece. Only a request whose body is needed gets a task.

What happens, in order, for each request of a connection:

1. `data_received` feeds the parser, which calls `take_head` with the head of a request. The request
   is answered at once if no other answer is due, and the client reads. Otherwise it waits in
   `_waiting`, and the connection is not read meanwhile.
2. `_reply` writes the answer: within step 1, or in a later turn of the event loop.
3. The parser puts the body into a `RequestBody`, which the task of the request reads. Where nobody
   reads the body, it is dropped.

Answers keep the order of their requests: one is under way at a time. A fault of HTTP becomes the
last request of its connection, and waits for its turn like any other.

A connection that is closed while its client still sends would be reset, and the client would not
see its answer. So after such an answer the connection lingers: it is closed on our side, and reads
and drops what comes, up to a limit (`deadlines.Wait.CLOSE`, `_MOST_DROPPED`).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from backroom import events
from backroom.api import damage
from backroom.api.answer_head import answer_head
from backroom.api.app import BODILESS
from backroom.api.damage import DamagedAnswer, Harm
from backroom.api.deadlines import Progress, Wait
from backroom.api.request import Request, Stream
from backroom.api.request_body import RequestBody
from backroom.api.request_head import address_of
from backroom.api.request_parser import RequestParser, Stage
from backroom.errors import Fault, RequestTimeout, TooLarge

if TYPE_CHECKING:
    from backroom.api.connections import Connections
    from backroom.api.request import Answer
    from backroom.api.request_head import Target

log = logging.getLogger(__name__)

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_MOST_DROPPED = 64 * 1024 * 1024
"""Bytes that a client may still send after it was answered."""
_MOST_COPIED = 2**18
"""Bytes of an answer that are copied into one buffer. More would be in memory twice."""
_MOST_STARTED = 32
"""Requests of one connection that start before other connections have their turn."""
_STREAM_PAUSE_SECONDS = 0.02
"""Seconds between two looks at whether the reader of a stream has caught up."""
_LONGEST_LENGTH = 18
"""Digits of a `Content-Length` that need no counting to be too large."""


class _Pending(NamedTuple):
    """A request that has come, or the fault that it is refused with. `body` is for a task."""

    request: Request
    body: RequestBody | None = None
    keep_alive: bool = False
    fault: Fault | None = None


class HttpProtocol(asyncio.Protocol):
    """One connection of a server."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._app = connections.app
        self._parser = RequestParser(self)
        # Of the request that arrives. At this count of received bytes its client waits for a
        # `100 Continue`.
        self._expects_at: int | None = None
        self._is_large = False
        # Of the one that is being answered.
        self._answering = False
        self._keep_alive = True
        self._method = ""
        # Of the connection.
        self._waiting: deque[_Pending] = deque()
        self._starts = self._read_paused = self._write_paused = False
        self._ends = self._over = False
        self._pours: asyncio.Task[None] | None = None
        self._dropped = self._begun = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve a client."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Drop what the client has asked for."""
        self._connections.remove(self)
        if self._answering and not self._over:
            log.debug(events.CLIENT_HUNG_UP, self._client(), exc or "it was closed")
        self._over = True
        if self._pours is not None:
            self._pours.cancel()
        for body in (self._parser.body, *(each.body for each in self._waiting)):
            if body is not None:
                body.leave()
        self._parser.close()
        self._waiting.clear()

    def _client(self) -> str:
        name: Any = self._transport.get_extra_info("peername")
        return f"{name[0]}:{name[1]}" if name else "a client"

    def data_received(self, data: bytes) -> None:
        """Take what the client sent."""
        self._begun = 0
        try:
            unread = self._parser.feed(data)
        except Fault as fault:
            self._refuse(fault)
            return
        if unread:
            self._drop(unread)

    def take_head(
        self, method: str, target: Target, headers: dict[bytes, bytes], *, keep_alive: bool
    ) -> None:
        """Answer a request, or let it wait for its turn."""
        if b"host" not in headers:
            headers[b"host"] = address_of(self._transport.get_extra_info("sockname"))
        request = Request(method, target.path, target.query, headers, "http", self._app.public_url)
        self._dropped = 0
        if self._parser.stage is Stage.BODY:
            length = headers.get(b"content-length", b"0")
            self._is_large = len(length) > _LONGEST_LENGTH or int(length) > _MOST_DROPPED
            expects = headers.get(b"expect", b"").lower() == b"100-continue"
            self._expects_at = self._parser.received if expects else None
        body = None
        if method not in BODILESS:
            body = self._parser.body = RequestBody(self._want_body, self._pause_reading)
        if self._answering or self._waiting or self._write_paused or self._starts:
            self._waiting.append(_Pending(request, body, keep_alive))
            self._pause_reading()
            return
        self._begin(request, body, keep_alive=keep_alive)
        self._begun += 1
        if self._begun == _MOST_STARTED:
            self._let_others_begin()

    @property
    def _expects(self) -> bool:
        """Whether the client waits for a `100 Continue`, and has sent nothing of the body yet."""
        return self._expects_at == self._parser.received

    def _want_body(self) -> None:
        if self._expects and not self._over:
            self._expects_at = None
            self._transport.write(_CONTINUE)
        self._resume_reading()

    def _begin(self, request: Request, body: RequestBody | None, *, keep_alive: bool) -> None:
        self._answering = True
        self._method = request.method
        self._keep_alive = keep_alive
        if body is None:
            self._app.answer(request, self._reply)
        else:
            self._connections.run(self._app.answer_with_body(request, body.receive, self._reply))

    def _reply(self, answer: Answer) -> None:
        """Write the answer that is due, unless the client has gone."""
        if self._over or not self._answering:
            if isinstance(answer, Stream):
                answer.leave()
            return
        if isinstance(answer, Stream):
            self._pours = asyncio.ensure_future(self._pour(answer))
            return
        if isinstance(answer, DamagedAnswer):
            self._reply_damaged(answer)
            return
        self._answering = False
        unread = self._parser.stage is not Stage.BETWEEN and not self._waiting
        last = (
            not self._keep_alive
            or (not self._waiting and (self._ends or self._connections.stopping))
            or (unread and self._is_unwelcome(answer))
        )
        connection = self._connections.last_lines if last else self._connections.kept_lines
        head = answer_head(answer, connection, answer.length)
        parts = () if self._method == "HEAD" else answer.parts
        if answer.length > _MOST_COPIED:
            self._transport.writelines((head, *parts))
        else:
            # One buffer is sent at once; several take a request of the event loop, and cost more
            # than the copy does.
            self._transport.write(b"".join((head, *parts)))
        if last:
            self._end(lingers=unread)
            return
        if unread:
            self._parser.body = None
        if self._waiting:
            self._continue()
        elif self._read_paused:
            self._resume_reading()

    def _reply_damaged(self, answer: DamagedAnswer) -> None:
        """Write an answer as its damage says, and end the connection with it."""
        self._parser.deaf = True
        self._over = answer.damage.harm is Harm.RESET
        self._waiting.clear()
        head = answer_head(answer, self._connections.last_lines, answer.length)
        body = b"" if self._method == "HEAD" else b"".join(answer.parts)
        end = partial(self._end, lingers=False)
        damage.write(self._transport, head, body, answer.damage, end)

    async def _pour(self, answer: Stream) -> None:
        """Write an answer whose length nobody knows: the connection ends with it."""
        head = answer_head(answer, self._connections.last_lines, None)
        self._transport.write(b"".join((head, *answer.parts)))
        try:
            async for part in answer.rest:
                self._transport.write(part)
                while self._write_paused:  # noqa: ASYNC110 - the transport says no more
                    await asyncio.sleep(_STREAM_PAUSE_SECONDS)
        finally:
            answer.leave()
            self._answering = False
            self._end(lingers=False)

    def _is_unwelcome(self, answer: Answer) -> bool:
        """Whether the rest of a body is not worth waiting for, or may never come."""
        return self._parser.stage is Stage.BODY and (
            self._expects or self._is_large or answer.status == TooLarge.status
        )

    def _continue(self) -> None:
        """Begin what waits for its turn. A loop, so that calls do not nest."""
        if self._starts:
            return
        self._starts, begun = True, 0
        while self._waiting and not (self._answering or self._write_paused or self._over):
            if begun == _MOST_STARTED:
                self._let_others_begin()
                return
            begun += 1
            pending = self._waiting.popleft()
            if pending.fault is None:
                self._begin(pending.request, pending.body, keep_alive=pending.keep_alive)
            else:
                self._answering, self._keep_alive, self._method = True, False, "GET"
                self._reply(self._app.refuse(pending.request, pending.fault))
        self._starts = False
        if not self._waiting:
            self._resume_reading()

    def _let_others_begin(self) -> None:
        """Begin no further request in this turn of the event loop."""
        self._starts = True
        self._connections.loop.call_soon(self._go_on)

    def _go_on(self) -> None:
        self._starts = False
        self._continue()

    def _refuse(self, fault: Fault) -> None:
        """Have the request that arrives refused when its turn comes, and hear no more."""
        log.debug(events.REQUEST_MALFORMED, self._client(), fault)
        self._parser.deaf = True
        if self._parser.stage is Stage.BODY and not self._forget_unfinished():
            # It was answered before it came as a whole.
            self._end(lingers=True)
            return
        path, _, query = self._parser.url.partition(b"?")
        request = Request("GET", path, query, {}, "http", self._app.public_url)
        self._waiting.append(_Pending(request, fault=fault))
        self._continue()

    def _forget_unfinished(self) -> bool:
        """Give up the request whose body has not ended. False if it was answered already."""
        if self._parser.body is not None:
            self._parser.body.leave()
            self._parser.body = None
        if self._waiting:
            self._waiting.pop()
        elif self._answering:
            self._answering = False
        else:
            return False
        return True

    def _end(self, *, lingers: bool) -> None:
        """Close the connection when all is written, and the client has had time to read it."""
        self._parser.deaf = self._over = True
        self._parser.body = None
        if self._transport.is_closing():
            return
        if lingers and not self._ends:
            self._transport.write_eof()
            self._resume_reading()
        else:
            self._transport.close()

    def _drop(self, size: int) -> None:
        self._dropped += size
        if self._dropped > _MOST_DROPPED:
            self._transport.abort()

    def eof_received(self) -> bool:
        """Answer what was asked, though the client sends no more. False closes the connection."""
        self._ends = self._parser.deaf = True
        if self._parser.stage is Stage.BODY:
            # Nobody can answer a request that will never be whole.
            self._forget_unfinished()
        if self._pours is not None:
            # Whoever follows a stream has left, and what is written next may be long in coming.
            return False
        return not self._over and (self._answering or bool(self._waiting))

    def pause_writing(self) -> None:
        """Begin no further request: the client reads too slowly."""
        self._write_paused = True

    def resume_writing(self) -> None:
        """Go on with what has waited."""
        self._write_paused = False
        self._continue()

    def _pause_reading(self) -> None:
        if not self._read_paused:
            self._read_paused = True
            self._transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._read_paused and not self._transport.is_closing():
            self._read_paused = False
            self._transport.resume_reading()

    def progress(self) -> Progress:
        """Say what this connection waits for."""
        buffered = self._transport.get_write_buffer_size()
        if buffered:
            return Progress(Wait.READER, self._parser.turn, -buffered)
        if self._over:
            return Progress(Wait.CLOSE, self._parser.turn, self._dropped)
        if self._parser.stage is Stage.BODY and not self._read_paused:
            return Progress(Wait.BODY, self._parser.turn, self._parser.received)
        if self._answering or self._waiting:
            return Progress(Wait.ANSWER, self._parser.turn)
        if self._parser.stage is Stage.HEAD or not self._parser.turn:
            return Progress(Wait.HEAD, self._parser.turn)
        return Progress(Wait.IDLE, self._parser.turn)

    def let_go(self, wait: Wait) -> None:
        """End a connection whose client has let it wait for too long."""
        level = logging.DEBUG if wait is Wait.IDLE else logging.INFO
        log.log(level, events.CLIENT_LET_GO, self._client(), wait.value)
        if wait in {Wait.READER, Wait.CLOSE}:
            self._transport.abort()
        elif self._parser.stage is Stage.BETWEEN:
            self._end(lingers=False)
        else:
            self._refuse(RequestTimeout())

    def stop(self) -> None:
        """Close the connection, unless an answer is due that has an end."""
        if self._pours is not None:
            self._pours.cancel()
        if not (self._answering or self._waiting or self._over):
            self._end(lingers=False)

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()
