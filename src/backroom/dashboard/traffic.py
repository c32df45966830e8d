"""The requests of the last minutes, as the overview shows them: their number, pace and failures.

Requests are noted by the thread that serves them, and read in others. A server whose dashboard
nobody has opened counts nothing.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from backroom import clock

if TYPE_CHECKING:
    from datetime import datetime

    from backroom.api.observer import Exchange
    from backroom.api.request import Answer

SLICE = 2
"""Seconds that are counted together."""
SLICES = 90
MOST_REFUSALS = 50
"""How many kinds of refusals are remembered."""
_FAILURE = 400
_AGAIN = 60
"""Seconds without a refusal, after which another of the same kind is news."""


@dataclass
class Slice:
    """The requests of some seconds. `seconds` are those that each answer took."""

    number: int
    requests: int = 0
    failures: int = 0
    seconds: list[float] = field(default_factory=list)


class Refused(NamedTuple):
    """Requests that were refused alike, in the same operation. `detail` is of the last one."""

    status: int
    operation: str
    kind: str
    detail: str
    times: int
    last: datetime


_MOST_SECONDS = 500
"""How many durations are kept of one slice: enough for its percentiles."""


class Traffic:
    """Counts the requests of one server. It is an observer of them."""

    def __init__(self) -> None:
        self.since = clock.now()
        self._slices: deque[Slice] = deque(maxlen=SLICES)
        self._begin_slice(int(time.monotonic()) // SLICE)
        self._refused: dict[tuple[int, str, str], Refused] = {}

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Count one request."""
        now = time.monotonic()
        if now >= self._ends:
            self._begin_slice(int(now) // SLICE)
        current = self._current
        current.requests += 1
        if current.requests <= _MOST_SECONDS:
            current.seconds.append(exchange.seconds)
        if answer.status >= _FAILURE:
            current.failures += 1
            self._note(exchange, answer.status)

    def _begin_slice(self, number: int) -> None:
        self._current = Slice(number)
        self._slices.append(self._current)
        self._ends = (number + 1) * SLICE

    def _note(self, exchange: Exchange, status: int) -> None:
        fault = exchange.fault
        operation = exchange.operation
        name = operation.name if operation else exchange.known.request.method
        detail = "" if fault is None else fault.detail
        kind = (status, name, type(fault).__name__)
        now, times = clock.now(), 1
        before = self._refused.get(kind)
        if before is not None:
            times = before.times + 1
            # What comes again and again keeps its place: lines would change places all the time.
            if (now - before.last).total_seconds() >= _AGAIN:
                del self._refused[kind]
        elif len(self._refused) >= MOST_REFUSALS:
            del self._refused[min(self._refused, key=lambda each: self._refused[each].last)]
        self._refused[kind] = Refused(*kind, detail, times, now)

    def slices(self) -> list[Slice]:
        """Give all slices of the time that is kept, oldest first, empty ones too.

        The slice that still runs is not among them.
        """
        now = int(time.monotonic()) // SLICE
        kept = {each.number: each for each in list(self._slices)}
        return [kept.get(each) or Slice(each) for each in range(now - SLICES + 1, now)]

    def refused(self) -> list[Refused]:
        """Give what was refused. What began last is first."""
        return list(self._refused.values())[::-1]


def percentile(values: list[float], share: float) -> float | None:
    """Give the value below which a share of all values lies, None where there are none."""
    if not values:
        return None
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]
