"""uvicorn with h11, by their public interfaces: the other way to serve.

Event-loop code.
Time limits of heads and of answers that nobody reads can't be had in this way. A head that is too
large, or is no HTTP, is refused by uvicorn, in plain text.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import uvicorn

from backroom.api import request_head
from backroom.api.deadlines import SLOWEST
from backroom.api.headers import KEEP_ALIVE, NO_SNIFF
from backroom.api.request import Request
from backroom.errors import Fault, RequestTimeout
from backroom.store.signals import Signal

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from backroom.api.app import App, Message, Receive, Send
    from backroom.api.deadlines import TimeLimits


class PlainServer:
    """Serves an `App` with uvicorn. `grace` is in seconds."""

    def __init__(self, app: App, limits: TimeLimits, grace: int) -> None:
        # uvicorn warns of each offer to speak another protocol, and advises to install more.
        logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
        self._asgi = _Asgi(app, limits)
        self._uvicorn = uvicorn.Server(configured(self._asgi, limits, grace))

    def run(self, listening: socket.socket, when_ready: Callable[[], None]) -> None:
        """Serve on a socket that listens already, until `stop`. Raises what `when_ready` raises."""
        self._asgi.when_ready = when_ready
        try:
            self._uvicorn.run(sockets=[listening])
        finally:
            # uvicorn only logs the exception; some versions then raise `SystemExit`.
            if self._asgi.failure is not None:
                raise self._asgi.failure

    def stop(self) -> None:
        """Take no new requests, and end `run` when open ones are answered.

        Called again, don't wait for open ones.
        """
        self._uvicorn.force_exit = self._uvicorn.should_exit
        self._uvicorn.should_exit = True

    def signals(self) -> list[Signal]:
        """Give how many connections are open."""
        return [Signal("http_connections_open", len(self._uvicorn.server_state.connections))]


def configured(asgi: _Asgi, limits: TimeLimits, grace: int) -> uvicorn.Config:
    """Configure uvicorn for an application."""
    hint = [(KEEP_ALIVE, f"timeout={int(limits.idle)}".encode())] if limits.idle >= 1 else []
    return uvicorn.Config(
        asgi,
        http="h11",
        h11_max_incomplete_event_size=request_head.MOST_HEAD,
        interface="asgi3",
        loop="auto",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        headers=[(name.decode(), value.decode()) for name, value in [NO_SNIFF, *hint]],
        timeout_keep_alive=max(1, round(limits.idle)),
        timeout_graceful_shutdown=grace,
    )


class _Asgi:
    """The application as uvicorn calls it.

    uvicorn starts the ASGI lifespan when its event loop runs. The socket has listened since before
    then, so connections are not refused, and requests are answered as soon as uvicorn accepts them:
    the server is ready.
    """

    def __init__(self, app: App, limits: TimeLimits) -> None:
        self._app = app
        self._limits = limits
        self.when_ready: Callable[[], None] = lambda: None
        self.failure: BaseException | None = None

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            return self._live(receive, send)
        try:
            _check(scope)
        except Fault as fault:
            return self._refuse(scope, send, fault)
        return self._answer(scope, _Timed(receive, self._limits.body), send)

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except Fault as fault:
            await self._refuse(scope, send, fault)

    async def _refuse(self, scope: Message, send: Send, fault: Fault) -> None:
        answer = self._app.refuse(Request.of_scope(scope, self._app.public_url), fault)
        headers = [*answer.usual.pairs, *answer.headers, (b"connection", b"close")]
        headers.append((b"content-length", str(answer.length).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"".join(answer.parts)})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.when_ready()
        except BaseException as error:  # noqa: BLE001 - `PlainServer.run` raises it
            self.failure = error
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        # A server that stops without waiting for open requests sends no shutdown: it cancels.
        with contextlib.suppress(asyncio.CancelledError):
            await receive()
            await send({"type": "lifespan.shutdown.complete"})


class _Timed:
    """Receives a body by the same rule as the server's own HTTP.

    Whoever asks for more after its end waits for the client to leave, for as long as that takes.
    """

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._until: float | None = asyncio.get_running_loop().time() + seconds
        self._size = 0

    async def __call__(self) -> Message:
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise RequestTimeout from None
        self._size += len(message.get("body", b""))
        if not message.get("more_body", False):
            self._until = None
        elif self._size >= SLOWEST * self._seconds:
            self._size = 0
            self._until = asyncio.get_running_loop().time() + self._seconds
        return message


def _check(scope: Message) -> None:
    """Check the head of a request, and set its host. Raises a fault. h11 has counted the hosts."""
    headers, path, query = scope["headers"], scope["raw_path"], scope["query_string"]
    request_head.check_headers(len(headers))
    request_head.check_url(path + query)
    target = request_head.read_target(path + b"?" + query if query else path)
    scope["raw_path"], scope["query_string"] = target.path, target.query
    hosts = [value for name, value in headers if name == b"host"]
    for host in hosts:
        request_head.check_host(host)
    if target.host is not None or not hosts:
        headers.append((b"host", target.host or request_head.address_of(scope["server"])))
