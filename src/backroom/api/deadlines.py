"""How long a client may keep its connection waiting, and which connections have waited too long.

One look at all connections in each second is cheaper than a timer for each. What a connection does
between two looks costs it nothing but the counters that it has anyway.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self

if TYPE_CHECKING:
    from backroom.settings import Settings

SLOWEST = 1000
"""Bytes of a body in a second, on the average of the seconds that a body has in any case."""
_LINGER = 5.0
"""Seconds that a client has to read a refusal, and to stop sending."""
_LONGEST_LOOK_SECONDS = 1.0
_LOOKS = 4
"""How often a connection is looked at before the shortest limit is over."""


class Wait(Enum):
    """What a connection waits for, with the words of the log."""

    HEAD = "the head of its request did not come in time"
    BODY = "the body of its request came too slowly"
    READER = "it did not read its answer"
    IDLE = "it was idle"
    CLOSE = "it did not close after it was refused"
    ANSWER = "the server is at work"
    """No limit of a client applies."""


class Progress(NamedTuple):
    """What a connection waits for, in which of its requests, and how many bytes have moved."""

    wait: Wait
    request: int
    amount: int = 0


class TimeLimits(NamedTuple):
    """Limits in seconds."""

    head: float = 10.0
    body: float = 10.0
    answer: float = 60.0
    idle: float = 75.0

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Read the settings."""
        return cls(
            settings.head_timeout,
            settings.body_timeout,
            settings.answer_timeout,
            settings.idle_timeout,
        )


class TimedConnection(Protocol):
    """What a client keeps waiting."""

    def progress(self) -> Progress: ...
    def let_go(self, wait: Wait) -> None: ...


class _Watch:
    """A connection as it was when it last got on, and the seconds since then."""

    __slots__ = ("age", "seen")

    def __init__(self, seen: Progress) -> None:
        self.seen = seen
        self.age = 0.0


class Deadlines:
    """Watches connections. `interval` is the time in seconds between two calls of `look`."""

    def __init__(self, limits: TimeLimits) -> None:
        self._limits = {
            Wait.HEAD: limits.head,
            Wait.BODY: limits.body,
            Wait.READER: limits.answer,
            Wait.IDLE: limits.idle,
            Wait.CLOSE: _LINGER,
        }
        # An answer gets on by any byte that the client reads. A body must keep its rate.
        self._enough = {
            Wait.BODY: limits.body * SLOWEST,
            Wait.CLOSE: _LINGER * SLOWEST,
            Wait.READER: 1,
        }
        self.interval = min(_LONGEST_LOOK_SECONDS, *(each / _LOOKS for each in limits))
        self._watched: dict[TimedConnection, _Watch] = {}

    def watch(self, connection: TimedConnection) -> None:
        """Begin to watch a connection."""
        self._watched[connection] = _Watch(connection.progress())

    def forget(self, connection: TimedConnection) -> None:
        """Watch a connection no longer."""
        self._watched.pop(connection, None)

    def look(self) -> None:
        """Look at all connections, and let those go that have waited too long.

        Time passes by calls, not by the clock: while the event loop stood still, clients may have
        sent what is not read yet.
        """
        for connection, watch in list(self._watched.items()):
            now, seen = connection.progress(), watch.seen
            if now.wait is not seen.wait or now.request != seen.request:
                watch.seen, watch.age = now, 0.0
                continue
            # A buffer may grow before the client drains it. Progress counts from its greatest size
            # on.
            least = min(now.amount, seen.amount)
            if now.amount - least >= self._enough.get(now.wait, float("inf")):
                watch.seen, watch.age = now, 0.0
                continue
            watch.seen = seen._replace(amount=least)
            watch.age += self.interval
            if watch.age >= self._limits.get(now.wait, float("inf")):
                watch.age = 0.0
                connection.let_go(now.wait)
