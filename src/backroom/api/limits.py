"""Burst and steady windows for each account and operation, and the headers that tell of them.

The windows are fixed ones of a second and a minute, counted by the `limits` library. Each request
counts in both; one that is refused by either counts as well, as fixed windows do.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, NamedTuple

from limits.storage import MemoryStorage

from backroom.api import headers
from backroom.catalog.operations import Operation, Rate
from backroom.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

_SECOND = 1
_MINUTE = 60


class Allowance(NamedTuple):
    """What is left after a request: of the burst window, as recorded answers from 2024 on tell."""

    rate: Rate
    remaining: int
    reset: int

    def headers(self) -> headers.Headers:
        """Write it as the service does: `350, 350;w=1, 3500;w=60`."""
        burst, steady = self.rate.burst, self.rate.steady
        limit = f"{burst}, {burst};w={_SECOND}, {steady};w={_MINUTE}"
        return [
            (headers.RATE_LIMIT, limit.encode()),
            (headers.RATE_REMAINING, str(self.remaining).encode()),
            (headers.RATE_RESET, str(self.reset).encode()),
        ]


class Limiter:
    """Counts requests. `scale` multiplies the real rates."""

    def __init__(self, scale: float, now: Callable[[], float] = time.time) -> None:
        self._scale = scale
        self._now = now
        self._storage = MemoryStorage()

    def take(self, caller: str, operation: Operation, revision: str) -> Allowance:
        """Count a request. Raises `Throttled` where a window is used up."""
        rate = self._scaled(operation.rates.at(revision))
        key = f"{caller}/{operation.name}"
        burst_key, steady_key = f"{key}/1", f"{key}/60"
        burst = self._storage.incr(burst_key, _SECOND)
        steady = self._storage.incr(steady_key, _MINUTE)
        if steady > rate.steady:
            raise Throttled(self._seconds_left(steady_key))
        if burst > rate.burst:
            raise Throttled(self._seconds_left(burst_key))
        reset = max(0, int(self._storage.get_expiry(burst_key) - self._now()))
        return Allowance(rate, rate.burst - burst, reset)

    def _scaled(self, rate: Rate) -> Rate:
        if self._scale == 1:
            return rate
        return Rate(
            max(1, round(rate.burst * self._scale)), max(1, round(rate.steady * self._scale))
        )

    def _seconds_left(self, key: str) -> int:
        return max(1, math.ceil(self._storage.get_expiry(key) - self._now()))
