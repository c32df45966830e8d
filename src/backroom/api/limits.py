"""Burst and steady windows for each account and operation, and the headers that tell of them.

The windows are fixed ones of a second and a minute, counted in this process, or in a Redis or
Valkey that several servers share. Each request counts in both windows; one that is refused by
either counts as well, as fixed windows do.
"""

from __future__ import annotations

import logging
import math
import time
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from backroom import clock
from backroom.api import headers
from backroom.catalog.operations import Operation, Rate
from backroom.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

    from limits.storage import Storage

log = logging.getLogger(__name__)
T = TypeVar("T")

_SECOND = 1
_MINUTE = 60
_MOST_WINDOWS = 10_000
"""Windows in memory, from which on those that have ended are dropped."""
_SHARED_SECONDS = 0.2
"""How long a shared store may take to answer before it is counted as gone."""
_APART_SECONDS = 5.0
"""How long requests are counted here alone before a shared store that was gone is tried again."""


class Allowance(NamedTuple):
    """What is left after a request: of the burst window, as recorded answers from 2024 on tell."""

    rate: Rate
    remaining: int

    def headers(self) -> headers.Headers:
        """Write it as the service does: `350, 350;w=1, 3500;w=60`."""
        return [
            (headers.RATE_LIMIT, _written(self.rate)),
            (headers.RATE_REMAINING, str(self.remaining).encode()),
            # Of a window of one second less than a whole second is always left.
            (headers.RATE_RESET, b"0"),
        ]


@lru_cache(maxsize=64)
def _written(rate: Rate) -> bytes:
    return f"{rate.burst}, {rate.burst};w={_SECOND}, {rate.steady};w={_MINUTE}".encode()


@lru_cache(maxsize=64)
def _times(rate: Rate, scale: float) -> Rate:
    return Rate(max(1, round(rate.burst * scale)), max(1, round(rate.steady * scale)))


class Windows:
    """Counters of this process that start again after their time.

    Our own, for what the library that counts in a shared store does in memory takes longer than
    reading a job, and starts threads all the time.
    """

    shared = False
    """Whether counting means asking another process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: dict[str, tuple[int, float]] = {}

    def count(self, key: str, seconds: int) -> int:
        """Count one more in a window and give how many there are."""
        now = clock.epoch()
        with self._lock:
            count, end = self._open.get(key, (0, 0.0))
            if end <= now:
                count, end = 0, now + seconds
                if len(self._open) >= _MOST_WINDOWS:
                    self._drop_ended(now)
            self._open[key] = (count + 1, end)
        return count + 1

    def _drop_ended(self, now: float) -> None:
        self._open = {key: window for key, window in self._open.items() if window[1] > now}

    def ends(self, key: str) -> float:
        """Give the time at which a window starts again."""
        return self._open.get(key, (0, 0.0))[1]


class SharedWindows:
    """Counters in a Redis or Valkey, as `redis://host:6379`; in this process while it is gone."""

    shared = True

    def __init__(self, store: str) -> None:
        # Only those who share their windows need the library.
        from limits.errors import StorageError
        from limits.storage import Storage, storage_from_string

        shared = storage_from_string(
            store,
            wrap_exceptions=True,
            socket_timeout=_SHARED_SECONDS,
            socket_connect_timeout=_SHARED_SECONDS,
        )
        assert isinstance(shared, Storage)  # noqa: S101 - only `async+…` gives the other kind
        self._store = shared
        self._gone = StorageError
        self._here = Windows()
        self._apart_until = 0.0

    def count(self, key: str, seconds: int) -> int:
        """Count one more in a window and give how many there are."""
        return self._ask(
            lambda store: store.incr(key, seconds), lambda: self._here.count(key, seconds)
        )

    def ends(self, key: str) -> float:
        """Give the time at which a window starts again."""
        return self._ask(lambda store: store.get_expiry(key), lambda: self._here.ends(key))

    def _ask(self, there: Callable[[Storage], T], here: Callable[[], T]) -> T:
        """Ask the shared store, or this process's own where it is gone: requests go on."""
        if time.monotonic() >= self._apart_until:
            try:
                return there(self._store)
            except self._gone as error:
                self._apart_until = time.monotonic() + _APART_SECONDS
                log.warning(
                    "the store of limits is gone, counting in this process alone: %s", error
                )
        return here()


class Limiter:
    """Counts requests. `scale` multiplies the real rates."""

    def __init__(self, scale: float, windows: Windows | SharedWindows | None = None) -> None:
        self._scale = scale
        self._windows = windows or Windows()

    @property
    def inline(self) -> bool:
        """Whether counting takes less time than reaching another thread."""
        return not self._windows.shared

    def take(self, caller: str, operation: Operation, revision: str) -> Allowance:
        """Count a request. Raises `Throttled` where a window is used up."""
        rate = self._scaled(operation.rates.at(revision))
        key = f"backroom/{caller}/{operation.name}"
        burst_key, steady_key = f"{key}/{_SECOND}", f"{key}/{_MINUTE}"
        burst = self._windows.count(burst_key, _SECOND)
        steady = self._windows.count(steady_key, _MINUTE)
        if steady > rate.steady:
            raise Throttled(self._seconds_left(steady_key))
        if burst > rate.burst:
            raise Throttled(self._seconds_left(burst_key))
        return Allowance(rate, rate.burst - burst)

    def _scaled(self, rate: Rate) -> Rate:
        return rate if self._scale == 1 else _times(rate, self._scale)

    def _seconds_left(self, key: str) -> int:
        return max(1, math.ceil(self._windows.ends(key) - clock.epoch()))
