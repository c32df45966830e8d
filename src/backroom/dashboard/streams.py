"""The event streams that are open, by session. Event-loop code.

A stream ends with its session: when somebody signs out, and when the time of the session is over.
Its last event says so in words, which the page shows, and the browser then asks for no other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from backroom.dashboard.live import TooManyParts, event

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

MOST_STREAMS = 20
"""How many streams one session has. The oldest ends when one more begins."""
_SIGN_IN = "Your session has ended. This page no longer follows the server.\nSign in again"
"""The words of a last event, and below them those of a link that loads the page."""
_TOO_MANY = "Too many pages are open. This one no longer follows the server.\nLoad it again"


def last_event(words: str) -> bytes:
    """Give the event after which a browser asks for no other. `words` say why."""
    return event(words, "ended")


async def ended_stream() -> AsyncGenerator[bytes]:
    """Give the stream for a browser without a session: it has the last event alone."""
    yield last_event(_SIGN_IN)


class Streams:
    """Passes events on, for as long as the session lasts that asked for them."""

    def __init__(self) -> None:
        self._open: dict[str, dict[asyncio.Future[str], None]] = {}

    def __len__(self) -> int:
        """How many streams are open."""
        return sum(map(len, self._open.values()))

    async def follow(
        self, session: str, seconds: float, events: AsyncGenerator[bytes]
    ) -> AsyncGenerator[bytes]:
        """Give `events`, and a last one if the session ends, which it does after `seconds`."""
        loop = asyncio.get_running_loop()
        over: asyncio.Future[str] = loop.create_future()
        timer = loop.call_later(seconds, _end_stream, over, _SIGN_IN)
        ours = self._open.setdefault(session, {})
        ours[over] = None
        if len(ours) > MOST_STREAMS:
            _end_stream(next(iter(ours)), _TOO_MANY)
        try:
            async for each in _until(over, events):
                yield each
            if over.done():
                yield last_event(over.result())
        except TooManyParts:
            yield last_event(_TOO_MANY)
        finally:
            timer.cancel()
            ours.pop(over, None)
            if not ours and self._open.get(session) is ours:
                del self._open[session]
            await events.aclose()

    def end(self, session: str) -> None:
        """End the streams of a session."""
        for over in self._open.get(session, {}):
            _end_stream(over, _SIGN_IN)


def _end_stream(over: asyncio.Future[str], words: str) -> None:
    if not over.done():
        over.set_result(words)


async def _until(over: asyncio.Future[str], events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Give events until `over` is done."""
    while True:
        following: asyncio.Future[bytes | None] = asyncio.ensure_future(anext(events, None))
        both: set[asyncio.Future[Any]] = {following, over}
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not following.done():
                following.cancel()
                await asyncio.wait({following})
        if over.done() or (each := following.result()) is None:
            return
        yield each
