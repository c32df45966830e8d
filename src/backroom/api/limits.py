"""Burst and steady windows for each account and operation, and the headers that tell of them.

The windows are fixed ones of a second and a minute, counted by the `limits` library: in memory, or
in a Redis or Valkey that several servers share. Each request counts in both windows; one that is
refused by either counts as well, as fixed windows do.
"""

from __future__ import annotations

import logging
import math
import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string

from backroom import clock
from backroom.api import headers
from backroom.catalog.operations import Operation, Rate
from backroom.errors import Throttled

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
T = TypeVar("T")

_SECOND = 1
_MINUTE = 60
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
        burst, steady = self.rate.burst, self.rate.steady
        limit = f"{burst}, {burst};w={_SECOND}, {steady};w={_MINUTE}"
        return [
            (headers.RATE_LIMIT, limit.encode()),
            (headers.RATE_REMAINING, str(self.remaining).encode()),
            # Of a window of one second less than a whole second is always left.
            (headers.RATE_RESET, b"0"),
        ]


class Windows:
    """Counters that start again after their time: in memory, or shared where there is a store."""

    def __init__(self, store: str = "") -> None:
        """Count in `store`, as `redis://host:6379`; in memory where it is empty."""
        self._here = MemoryStorage()
        self._shared: Storage | None = None
        self._apart_until = 0.0
        if store:
            shared = storage_from_string(
                store,
                wrap_exceptions=True,
                socket_timeout=_SHARED_SECONDS,
                socket_connect_timeout=_SHARED_SECONDS,
            )
            assert isinstance(shared, Storage)  # noqa: S101 - only `async+…` gives the other kind
            self._shared = shared

    @property
    def shared(self) -> bool:
        """Whether counting means asking another process."""
        return self._shared is not None

    def count(self, key: str, seconds: int) -> int:
        """Count one more in a window and give how many there are."""
        return self._ask(lambda storage: storage.incr(key, seconds))

    def ends(self, key: str) -> float:
        """Give the time at which a window starts again."""
        return self._ask(lambda storage: storage.get_expiry(key))

    def _ask(self, question: Callable[[Storage], T]) -> T:
        """Ask the shared store, or this process's own where it is gone: requests go on."""
        if self._shared is not None and time.monotonic() >= self._apart_until:
            try:
                return question(self._shared)
            except StorageError as error:
                self._apart_until = time.monotonic() + _APART_SECONDS
                log.warning(
                    "the store of limits is gone, counting in this process alone: %s", error
                )
        return question(self._here)


class Limiter:
    """Counts requests. `scale` multiplies the real rates."""

    def __init__(self, scale: float, windows: Windows | None = None) -> None:
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
        if self._scale == 1:
            return rate
        return Rate(
            max(1, round(rate.burst * self._scale)), max(1, round(rate.steady * self._scale))
        )

    def _seconds_left(self, key: str) -> int:
        return max(1, math.ceil(self._windows.ends(key) - clock.epoch()))
