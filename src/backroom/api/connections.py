"""All connections of a server, and what they share: the application, the date, and a timer.

Event-loop code.
"""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from typing import TYPE_CHECKING, Protocol

from backroom import clock
from backroom.api.deadlines import Deadlines, TimedConnection
from backroom.api.headers import CLOSE, DATE, KEEP_ALIVE, NO_SNIFF, lines
from backroom.store.signals import Signal, WorstOfLate

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from backroom.api.app import App
    from backroom.api.deadlines import TimeLimits


class Stoppable(TimedConnection, Protocol):
    """A connection that a server can end."""

    def stop(self) -> None: ...
    def abort(self) -> None: ...


class Connections:
    """The open connections of one server. Its event loop runs between `begin` and `end`."""

    def __init__(self, app: App, limits: TimeLimits) -> None:
        self.app = app
        self.stopping = False
        self.kept_lines = self.last_lines = b""
        """Headers of each answer: of one that leaves its connection open, and of a last one."""
        self._open: set[Stoppable] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._deadlines = Deadlines(limits)
        # A hint of no whole second would say that the connection is closed at once.
        hint = f"timeout={int(limits.idle)}".encode()
        self._keep_alive = [(KEEP_ALIVE, hint)] if limits.idle >= 1 else []
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._lag = WorstOfLate()

    def begin(self) -> None:
        """Begin to look at the clock. The event loop runs."""
        self.loop = asyncio.get_running_loop()
        # This runs in the thread that moves the clock, so that the next answer shows the new date.
        # A call that is handed to the loop may come after a request.
        clock.watch(self._write_lines)
        self._due = self.loop.time()
        self._tick()

    def _tick(self) -> None:
        now = self.loop.time()
        self._lag.add(now, now - self._due)
        self._write_lines()
        self._deadlines.look()
        self._due = now + self._deadlines.interval
        self._timer = self.loop.call_at(self._due, self._tick)

    def signals(self) -> list[Signal]:
        """Give the number of open connections, and the latest lag of the event loop."""
        return [
            Signal("http_connections_open", len(self._open)),
            Signal("event_loop_lag_seconds", self._lag.worst),
        ]

    def _write_lines(self) -> None:
        always = [(DATE, format_datetime(clock.now(), usegmt=True).encode()), NO_SNIFF]
        self.kept_lines = lines(always + self._keep_alive)
        self.last_lines = lines([*always, CLOSE])

    def add(self, connection: Stoppable) -> None:
        """Take in a connection that a client has opened."""
        self._open.add(connection)
        self._deadlines.watch(connection)

    def remove(self, connection: Stoppable) -> None:
        """Forget a connection that is lost."""
        self._open.discard(connection)
        self._deadlines.forget(connection)

    def run(self, work: Coroutine[None, None, None]) -> None:
        """Run a task that answers a request."""
        task = self.loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def busy(self) -> bool:
        """Whether a connection is open, or a request is at work."""
        return bool(self._open or self._tasks)

    def stop(self) -> None:
        """Close idle connections now, and the others after the answers that are due."""
        self.stopping = True
        for each in list(self._open):
            each.stop()

    async def end(self) -> None:
        """Close the connections that are still open, and end the tasks that still run."""
        clock.unwatch(self._write_lines)
        if self._timer is not None:
            self._timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # Each connection has answered that the server stops. The loop sends that in its next turn.
        await asyncio.sleep(0)
        for connection in list(self._open):
            connection.abort()
