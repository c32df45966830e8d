"""The HTTP server: uvicorn, by its public interface; the short way of `protocol` where it works.

Its event loop runs all of the API.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from backroom.api import protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable

    from backroom.api.app import App, Message, Receive, Send

log = logging.getLogger(__name__)

_GRACE_SECONDS = 10
"""How long a request that is being answered may still take when the server stops."""


class HttpServer:
    """Serves an `App`. A `plain` server uses uvicorn's public interface alone."""

    def __init__(self, app: App, *, plain: bool) -> None:
        self._asgi = _Asgi(app)
        self._uvicorn = uvicorn.Server(configured(self._asgi, app, plain=plain))

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


def configured(asgi: _Asgi, app: App, *, plain: bool) -> uvicorn.Config:
    """Configure uvicorn for an application, and log why if the short way can't be used."""
    fault = None if plain else protocol.fault()
    if fault:
        log.warning(
            "uvicorn %s is served by its public interface alone, which is slower: %s",
            uvicorn.__version__,
            fault,
        )
    return uvicorn.Config(
        asgi,
        http="auto" if plain or fault else protocol.protocol_for(app),
        interface="asgi3",
        loop="auto",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


class _Asgi:
    """The application as uvicorn calls it.

    uvicorn starts the ASGI lifespan when its event loop runs. The socket has listened since before
    then, so connections are not refused, and requests are answered as soon as uvicorn accepts them:
    the server is ready.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self.when_ready: Callable[[], None] = lambda: None
        self.failure: BaseException | None = None

    def __call__(self, scope: Message, receive: Receive, send: Send) -> Awaitable[None]:
        if scope["type"] == "lifespan":
            return self._live(receive, send)
        return self._app(scope, receive, partial(_send, send))

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self.when_ready()
        except BaseException as error:  # noqa: BLE001 - `HttpServer.run` raises it
            self.failure = error
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        # A server that stops without waiting for open requests sends no shutdown: it cancels.
        with contextlib.suppress(asyncio.CancelledError):
            await receive()
            await send({"type": "lifespan.shutdown.complete"})


def _send(send: Send, message: Message) -> Awaitable[None]:
    if message["type"] == "http.response.start":
        message["headers"] = protocol.as_written(message["headers"])
    return send(message)
