"""Parts of pages that keep themselves up to date by server-sent events.

Event-loop code. A part is rendered again every few seconds while somebody watches it, once for all
who do, in a thread. It is sent if it has changed. If it can't be rendered, readers get one event
that says so. A reader who comes back, after a night or a restart, begins with the present part: so
the server remembers nothing for a reader.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from backroom import events
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

LIVE_EVERY_SECONDS = 2.0
"""Between two looks at what a part shows."""
MOST_PARTS = 200
"""How many different parts are watched at the same time."""
_KEEP_ALIVE = 15.0
"""Seconds. What says nothing for longer is cut by some proxies, and taken for lost by a page."""
_EVENT = "part"
_STALE = "stale"
_NO_DATABASE = (
    "The server can't reach its database. This page shows what was before,"
    " and goes on by itself once the database is back."
)
_FAILED = (
    "The server could not make this page anew, and tries again."
    " The log of the server has the reason."
)

log = logging.getLogger(__name__)


class TooManyParts(Exception):
    """More different parts would be watched than one server renders."""


def event(html: str, name: str = _EVENT) -> bytes:
    """Give an event as it is sent."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() or [""])
    return f"event: {name}\n{lines}\n".encode()


_ALIVE = event("", "alive")


class LivePart:
    """One part, watched by some. `make` renders it, in a thread."""

    def __init__(self, make: Callable[[], str], seconds: float = LIVE_EVERY_SECONDS) -> None:
        self._make = make
        self._seconds = seconds
        self._event: bytes | None = None
        self._changed = asyncio.Event()
        self._watchers = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def watched(self) -> bool:
        """Whether somebody watches it."""
        return self._watchers > 0

    async def watch(self) -> AsyncGenerator[bytes]:
        """Give the part now, and again whenever it has changed."""
        self._watchers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._render())
        try:
            seen: bytes | None = None
            while True:
                changed = self._changed
                if self._event is not None and self._event != seen:
                    seen = self._event
                    yield seen
                    continue
                try:
                    await asyncio.wait_for(changed.wait(), _KEEP_ALIVE)
                except TimeoutError:
                    yield _ALIVE
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._task.cancel()
                self._task = None
                # Whoever watches next must not begin with what it was long ago.
                self._event = None

    async def _render(self) -> None:
        while True:
            try:
                self._say(event(await asyncio.to_thread(self._make)))
            except StoreUnavailable as error:
                if self._say(event(_NO_DATABASE, _STALE)):
                    log.warning(events.PART_WITHOUT_DATABASE, error)
            except Exception:
                if self._say(event(_FAILED, _STALE)):
                    log.exception(events.PART_NOT_RENDERED)
            await asyncio.sleep(self._seconds)

    def _say(self, latest: bytes) -> bool:
        """Send an event to all, unless it is what was sent last. Say whether it is new."""
        if latest == self._event:
            return False
        self._event = latest
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return True


class LiveParts:
    """All parts that are watched, by name: readers who look at the same share it."""

    def __init__(self) -> None:
        self._parts: dict[str, LivePart] = {}

    def __len__(self) -> int:
        """How many parts are watched."""
        return sum(part.watched for part in self._parts.values())

    async def watch(self, name: str, make: Callable[[], str]) -> AsyncGenerator[bytes]:
        """Watch the part with this name, which says all that it depends on.

        Raises `TooManyParts`.
        """
        part = self._parts.get(name)
        if part is None:
            if len(self._parts) >= MOST_PARTS:
                raise TooManyParts
            part = self._parts[name] = LivePart(make)
        watching = part.watch()
        try:
            async for each in watching:
                yield each
        finally:
            await watching.aclose()
            if not part.watched:
                self._parts.pop(name, None)
