"""An ASGI application beside the API, made when it is first asked for.

Event-loop code. The server's own HTTP writes an answer in one piece. So the messages of the
application become an `Answer`, or a `Stream` where its body comes bit by bit.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from backroom.api.request import Answer, Stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping

    from backroom.api.request import Request

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Asgi = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_ASGI_VERSION = {"version": "3.0", "spec_version": "2.4"}
_LENGTH_HEADER = b"content-length"


class NoAnswer(Exception):
    """The application ended without an answer."""


class Mounted:
    """Answers requests with the application that `make` makes, in a thread, at the first one."""

    def __init__(self, make: Callable[[], Asgi]) -> None:
        self._make = make
        self._made: asyncio.Future[Asgi] | None = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request of another ASGI server."""
        app = await self._application()
        await app(scope, receive, send)

    async def answer(self, request: Request, receive: Receive | None) -> Answer:
        """Answer a request. Without `receive` it has no body. Raises errors of the application."""
        app = await self._application()
        return await _Call(
            app, request.scope(_ASGI_VERSION), receive or _Nothing().receive
        ).answer()

    async def _application(self) -> Asgi:
        if self._made is None:
            self._made = asyncio.ensure_future(asyncio.to_thread(self._make))
        # If this client leaves, the application is made all the same: others wait for it too.
        return await asyncio.shield(self._made)


class _Nothing:
    """The body of a request that has none. Whoever asks again waits for the client to leave."""

    def __init__(self) -> None:
        self._given = False

    async def receive(self) -> Message:
        if self._given:
            await asyncio.Event().wait()
        self._given = True
        return {"type": "http.request", "body": b"", "more_body": False}


class _Call:
    """One call of an application. It goes on only as fast as its messages are taken."""

    def __init__(self, app: Asgi, scope: MutableMapping[str, Any], receive: Receive) -> None:
        self._messages: asyncio.Queue[Message | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(1)
        self._running = asyncio.ensure_future(self._run(app, scope, receive))

    async def _run(self, app: Asgi, scope: MutableMapping[str, Any], receive: Receive) -> None:
        try:
            await app(scope, receive, self._send)
        finally:
            self._messages.put_nowait(None)

    async def _send(self, message: Message) -> None:
        await self._room.acquire()
        self._messages.put_nowait(message)

    async def _next(self) -> Message | None:
        """Give the next message, or None at the end. Raises the error that ended the call."""
        message = await self._messages.get()
        if message is None:
            await self._running
        self._room.release()
        return message

    async def _first(self) -> Message:
        """Give a message that every answer has."""
        message = await self._next()
        if message is None:
            raise NoAnswer
        return message

    async def answer(self) -> Answer:
        """Give the answer, as soon as the beginning of its body is known."""
        try:
            start, body = await self._first(), await self._first()
            status: int = start["status"]
            headers = [
                each for each in start.get("headers", []) if each[0].lower() != _LENGTH_HEADER
            ]
            first: bytes = body.get("body", b"")
            if body.get("more_body", False):
                rest, leave = self._rest(), self._running.cancel
                return Stream(status, [first], headers, rest=rest, leave=leave)
            # The application may answer 500 and raise the error afterwards.
            await self._next()
        except BaseException:
            self._running.cancel()
            raise
        return Answer(status, [first], headers)

    async def _rest(self) -> AsyncIterator[bytes]:
        while (message := await self._next()) is not None:
            yield message.get("body", b"")
