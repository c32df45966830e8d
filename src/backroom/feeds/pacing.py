"""How fast requests may go: the two windows of each operation, as a client keeps within them.

A server counts the requests of an account in fixed windows of a second and of a minute, for each
operation. A client does not know when a window begins. So it never sends more requests in any
second and in any minute than a window has. A request counts from its answer on: the server may have
counted it at any moment before that.

The rates are those in the tables of the catalog, until an answer says others in `RateLimit-Limit`.
A server whose answers don't have this header has no limits.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backroom.catalog.operations import OPERATIONS, Rate

if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT_HEADER = "RateLimit-Limit"
SECOND, MINUTE = 1.0, 60.0
_WINDOW = re.compile(r"(\d+);w=(\d+)")
_LEAST_SEGMENTS = 3


def operation_of(method: str, path: str) -> str:
    """Name the operation of a request as its method and its path, with `{id}` for an id."""
    segments = path.partition("?")[0].strip("/").split("/")
    if len(segments) >= _LEAST_SEGMENTS:
        segments[2] = "{id}"
    return f"{method} /{'/'.join(segments)}"


def official_rates(revision: str) -> dict[str, Rate]:
    """Give the rates of all operations of the real service in a revision."""
    return {f"{each.method} {each.path}": each.rates.at(revision) for each in OPERATIONS}


def rate_in(header: str) -> Rate | None:
    """Read `350, 350;w=1, 3500;w=60`. None unless it has both windows."""
    windows = {int(length): int(most) for most, length in _WINDOW.findall(header)}
    burst, steady = windows.get(int(SECOND), 0), windows.get(int(MINUTE), 0)
    return Rate(burst, steady) if burst and steady else None


@dataclass
class OwnWindows:
    """The requests of one operation that may still count. Without a rate, all may go at once."""

    rate: Rate | None
    _moments: deque[float] = field(default_factory=deque)

    def earliest(self, now: float) -> float:
        """Give when the next request may be sent: `now`, or a later moment."""
        if self.rate is None:
            return now
        sent = len(self._moments)
        moments = [now]
        if sent >= self.rate.burst:
            moments.append(self._moments[-self.rate.burst] + SECOND)
        if sent >= self.rate.steady:
            moments.append(self._moments[-self.rate.steady] + MINUTE)
        return max(moments)

    def count(self, moment: float) -> None:
        """Count a request that was answered at a moment."""
        self._moments.append(moment)
        most = max(self.rate) if self.rate else 0
        while len(self._moments) > most:
            self._moments.popleft()

    def copy(self) -> OwnWindows:
        """Give the same windows, for a prediction to count in."""
        return OwnWindows(self.rate, self._moments.copy())


class Pacer:
    """The windows of all operations that a client uses."""

    def __init__(self, revision: str) -> None:
        self._official = official_rates(revision)
        self._windows: dict[str, OwnWindows] = {}
        self._scale: float | None = 1.0
        """By how much the rates of this server differ from the official ones. None: no limits."""

    def windows(self, operation: str) -> OwnWindows:
        """Give the windows of an operation."""
        if operation not in self._windows:
            self._windows[operation] = OwnWindows(self._expected(operation))
        return self._windows[operation]

    def answered(
        self, operation: str, headers: Mapping[str, str], moment: float, *, succeeded: bool = True
    ) -> None:
        """Count a request that was answered, and take the rate that its answer says.

        A refused request counts too, and says no rate. Nor does a failure without the header: what
        answers may be something before the server.
        """
        windows = self.windows(operation)
        if LIMIT_HEADER in headers or (succeeded and "Retry-After" not in headers):
            windows.rate = rate_in(headers.get(LIMIT_HEADER, ""))
            if official := self._official.get(operation):
                rate = windows.rate
                self._scale = rate and rate.steady / official.steady
        windows.count(moment)

    def _expected(self, operation: str) -> Rate | None:
        """Give the rate of an operation of which no answer came yet, by those of the others."""
        official = self._official.get(operation)
        if official is None or self._scale is None:
            return None
        burst, steady = (max(1, round(each * self._scale)) for each in official)
        return Rate(burst, steady)
