"""The body of a request, between the connection on which it arrives and the task that reads it.

Event-loop code.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    Message = MutableMapping[str, Any]

MOST_HELD = 64 * 1024
"""Bytes that wait to be read before the connection is asked to stop."""


class RequestBody:
    """The parts of a body that nobody has read yet.

    `wanted` is called when more is needed, `full` when more than `MOST_HELD` bytes wait.
    """

    __slots__ = ("_ended", "_full", "_left", "_parts", "_waiter", "_wanted", "size")

    def __init__(self, wanted: Callable[[], None], full: Callable[[], None]) -> None:
        self._wanted = wanted
        self._full = full
        self._parts: list[bytes] = []
        self._ended = self._left = False
        self._waiter: asyncio.Future[None] | None = None
        self.size = 0

    def feed(self, part: bytes) -> None:
        """Take a part that has arrived."""
        self._parts.append(part)
        self.size += len(part)
        self._wake()
        if self.size > MOST_HELD:
            self._full()

    def end(self) -> None:
        """Say that the body has arrived as a whole."""
        self._ended = True
        self._wake()

    def leave(self) -> None:
        """Say that no more of the body will arrive."""
        self._left = True
        self._parts.clear()
        self._wake()

    async def receive(self) -> Message:
        """Wait for more of the body, and give it as a message of ASGI."""
        if not (self._parts or self._ended or self._left):
            self._waiter = asyncio.get_running_loop().create_future()
            self._wanted()
            await self._waiter
        if self._left:
            return {"type": "http.disconnect"}
        body = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return {"type": "http.request", "body": body, "more_body": not self._ended}

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
