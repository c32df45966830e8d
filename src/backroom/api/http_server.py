"""The HTTP server: connections of `protocol` on an event loop, which runs all of the API."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from typing import TYPE_CHECKING, Protocol

from backroom.api.connections import Connections
from backroom.api.protocol import HttpProtocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from backroom.api.app import App
    from backroom.api.deadlines import TimeLimits
    from backroom.store.signals import Signal

log = logging.getLogger(__name__)

GRACE_SECONDS = 10
"""How long a request that is being answered may still take when the server stops."""
_STOP_PAUSE_SECONDS = 0.02
"""Seconds between two looks at what is still open, when the server stops."""
_BACKLOG = 2048


class AnyServer(Protocol):
    """Serves on a socket until it is stopped."""

    def run(self, listening: socket.socket, when_ready: Callable[[], None]) -> None: ...
    def stop(self) -> None: ...
    def signals(self) -> list[Signal]: ...


def server_for(app: App, limits: TimeLimits, *, plain: bool) -> AnyServer:
    """Make the server of an application."""
    if plain:
        # Only `PlainServer` needs uvicorn. Importing it takes a third of a start.
        from backroom.api.plain_server import PlainServer

        return PlainServer(app, limits, GRACE_SECONDS)
    return HttpServer(app, limits)


class HttpServer:
    """Serves an `App`."""

    def __init__(self, app: App, limits: TimeLimits) -> None:
        self._connections = Connections(app, limits)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._asked = self._forced = False

    def run(self, listening: socket.socket, when_ready: Callable[[], None]) -> None:
        """Serve on a socket that listens already, until `stop`. Raises what `when_ready` raises."""
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(self._serve(listening, when_ready))

    def stop(self) -> None:
        """Take no new requests, and end `run` when open ones are answered.

        Called again, don't wait for open ones. Threads and signal handlers may call it.
        """
        self._forced = self._asked
        self._asked = True
        loop = self._loop
        # The loop may just have ended.
        with contextlib.suppress(RuntimeError):
            if loop is not None:
                loop.call_soon_threadsafe(self._stop.set)

    def signals(self) -> list[Signal]:
        """Give the values that operators watch of its connections."""
        return self._connections.signals()

    async def _serve(self, listening: socket.socket, when_ready: Callable[[], None]) -> None:
        self._loop = loop = asyncio.get_running_loop()
        connections = self._connections
        connections.begin()
        # The socket has listened since before, so clients were not refused, only late.
        server = await loop.create_server(
            lambda: HttpProtocol(connections), sock=listening, backlog=_BACKLOG
        )
        try:
            when_ready()
            if not self._asked:
                await self._stop.wait()
            server.close()
            connections.stop()
            end = loop.time() + GRACE_SECONDS
            # The stop may be forced from another thread at any time.
            while connections.busy and not self._forced and loop.time() < end:  # noqa: ASYNC110
                await asyncio.sleep(_STOP_PAUSE_SECONDS)
        finally:
            self._loop = None
            # uvloop may wait for ever to close a loop whose server is open.
            server.close()
            await connections.end()


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Make the fastest event loop that is there."""
    if sys.platform == "win32":
        return asyncio.new_event_loop()
    import uvloop

    return uvloop.new_event_loop()
