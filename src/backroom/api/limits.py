"""Rate limits: a burst and a steady window for each account and operation, and their headers.

Both windows are fixed: a window opens with the first request, lasts one second (burst) or one
minute (steady), and then starts again from zero. Windows are counted in this process, or in a Redis
or Valkey that several servers share. Every request counts in both windows, also a request that is
refused.

Windows in this process go by `clock.steady`, shared ones by the clock of the store. So no one waits
longer for a window because the time of day was set back.
"""

from __future__ import annotations

import heapq
import logging
import math
import time
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from backroom import clock, events
from backroom.api import headers
from backroom.catalog.neighbours import OPERATIONS_BY_NAME
from backroom.catalog.operations import Operation, Rate
from backroom.errors import Throttled
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from limits.storage import Storage

log = logging.getLogger(__name__)
T = TypeVar("T")

_SECOND = 1
_MINUTE = 60
_SHARED_SECONDS = 0.2
"""How long a shared store may take to answer before this process counts alone."""
_APART_SECONDS = 5.0
"""How long this process counts alone before it asks a shared store again that did not answer."""


class Allowance(NamedTuple):
    """What a request leaves of its burst window, as answers recorded since 2024 show it."""

    rate: Rate
    remaining: int

    def headers(self) -> headers.Headers:
        """Give the rate headers as the service writes them: `350, 350;w=1, 3500;w=60`."""
        return [
            (headers.RATE_LIMIT, _rate_text(self.rate)),
            (headers.RATE_REMAINING, str(self.remaining).encode()),
            # A window of one second always has less than a full second left: rounded down, 0.
            (headers.RATE_RESET, b"0"),
        ]


@lru_cache(maxsize=64)
def _rate_text(rate: Rate) -> bytes:
    return f"{rate.burst}, {rate.burst};w={_SECOND}, {rate.steady};w={_MINUTE}".encode()


@lru_cache(maxsize=64)
def _times(rate: Rate, scale: float) -> Rate:
    return Rate(max(1, round(rate.burst * scale)), max(1, round(rate.steady * scale)))


class Use(NamedTuple):
    """How much of the rate of one operation a caller has used within the minute."""

    caller: str
    operation: str
    count_of_minute: int
    allowed: int


class Windows:
    """Counters in this process.

    They are our own. The `limits` library counts in a shared store. In memory it takes longer than
    reading a job does, and keeps starting threads that look for windows that have ended.

    They are kept in two generations. Looking through all windows for those that have ended takes
    longer the more accounts ask, and frees nothing while all are open. So windows are dropped
    without being looked at. Each request writes its windows to the young generation. After a minute
    the young generation becomes the old one, and the old one before it is dropped as a whole. No
    open window is lost: the last request of a dropped window is at least a minute ago, so the
    window has ended. And memory is bounded: while requests come in, it holds only the windows of
    the last two minutes.
    """

    shared = False
    """Whether counting asks another process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._young: dict[str, _Pair] = {}
        self._old: dict[str, _Pair] = {}
        self._turns_at = 0.0

    def __len__(self) -> int:
        """How many pairs of windows are in memory."""
        return len(self._young) + len(self._old)

    def count(self, key: str) -> tuple[int, int]:
        """Count one more request of `key`; give how many its burst and its steady window have."""
        now = clock.steady()
        with self._lock:
            if now >= self._turns_at:
                self._old, self._young = self._young, {}
                self._turns_at = now + _MINUTE
            pair = self._young.get(key)
            if pair is None:
                pair = self._old.get(key, _NO_WINDOWS)
            burst, burst_ends, steady, steady_ends = pair
            if now >= burst_ends:
                burst, burst_ends = 0, now + _SECOND
            if now >= steady_ends:
                steady, steady_ends = 0, now + _MINUTE
            self._young[key] = (burst + 1, burst_ends, steady + 1, steady_ends)
        return burst + 1, steady + 1

    def seconds_left(self, key: str, seconds: int) -> float:
        """Give in how many seconds the window of `key` with that length starts again."""
        with self._lock:
            _, burst_ends, _, steady_ends = self._pair(key)
        return (burst_ends if seconds == _SECOND else steady_ends) - clock.steady()

    def restart(self, key: str, seconds: int) -> int:
        """Let the window of `key` with that length start again, with a request that was counted.

        Gives how many requests it has now.
        """
        ends = clock.steady() + seconds
        with self._lock:
            pair = self._pair(key)
            self._young[key] = (1, ends, *pair[2:]) if seconds == _SECOND else (*pair[:2], 1, ends)
        return 1

    def counts_of_minute(self) -> dict[str, int]:
        """Give how many requests each open window of a minute has."""
        now = clock.steady()
        with self._lock:
            pairs = self._old | self._young
        return {key: steady for key, (_, _, steady, ends) in pairs.items() if now < ends}

    def _pair(self, key: str) -> _Pair:
        return self._young.get(key) or self._old.get(key, _NO_WINDOWS)


_Pair = tuple[int, float, int, float]
"""How many requests a burst window has, when it ends, and the same of a steady window.

Both may have ended already.
"""
_NO_WINDOWS: _Pair = (0, 0.0, 0, 0.0)


class SharedWindows:
    """Counters in a Redis or Valkey, `redis://host:6379`; in this process while it is gone."""

    shared = True

    def __init__(self, store: str) -> None:
        # Only servers that share their windows need the library.
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

    def count(self, key: str) -> tuple[int, int]:
        """Count one more request of `key`; give how many its burst and its steady window have."""
        burst, steady = _window_name(key, _SECOND), _window_name(key, _MINUTE)
        return self._ask(
            lambda store: (store.incr(burst, _SECOND), store.incr(steady, _MINUTE)),
            lambda: self._here.count(key),
        )

    def seconds_left(self, key: str, seconds: int) -> float:
        """Give in how many seconds the window of `key` with that length starts again."""
        return self._ask(
            # The store gives seconds that are left, and the library adds the time of this process.
            lambda store: store.get_expiry(_window_name(key, seconds)) - clock.epoch(),
            lambda: self._here.seconds_left(key, seconds),
        )

    def restart(self, key: str, seconds: int) -> int:
        """Let the window of `key` with that length start again, with a request that was counted.

        Gives how many requests it has now.
        """
        name = _window_name(key, seconds)

        def there(store: Storage) -> int:
            store.clear(name)
            return store.incr(name, seconds)

        return self._ask(there, lambda: self._here.restart(key, seconds))

    def counts_of_minute(self) -> dict[str, int]:
        """Give nothing: a shared store has the windows of all servers, and lists none."""
        return {}

    def _ask(self, there: Callable[[Storage], T], here: Callable[[], T]) -> T:
        """Ask the shared store; where it does not answer, count here, so that requests go on."""
        if time.monotonic() >= self._apart_until:
            try:
                return there(self._store)
            except self._gone as error:
                self._apart_until = time.monotonic() + _APART_SECONDS
                log.warning(events.LIMITS_STORE_LOST, error)
        return here()


def _window_name(key: str, seconds: int) -> str:
    """Give the name of a window in a shared store."""
    return f"{key}/{seconds}"


class Limiter:
    """Counts requests against the rates of the real service, multiplied by `scale`."""

    def __init__(self, scale: float, windows: Windows | SharedWindows | None = None) -> None:
        self._scale = scale
        self._windows = Windows() if windows is None else windows
        self._rates: dict[tuple[str, str], Rate] = {}
        """The scaled rates of operations in revisions, as far as they were asked for."""

    @property
    def inline(self) -> bool:
        """Whether counting is quicker than handing it to another thread."""
        return not self._windows.shared

    def take(self, caller: str, operation: Operation, revision: str) -> Allowance:
        """Count a request. Raises `Throttled` when a window is used up."""
        rate = self._rates.get((operation.name, revision))
        if rate is None:
            rate = self._scaled(operation.rates.at(revision))
            self._rates[operation.name, revision] = rate
        key = f"backroom/{caller}/{operation.name}"
        burst, steady = self._windows.count(key)
        if steady > rate.steady:
            self._refuse(key, _MINUTE)
        if burst > rate.burst:
            burst = self._refuse(key, _SECOND)
        return Allowance(rate, rate.burst - burst)

    def fullest(self, most: int) -> list[Use]:
        """Give the windows of a minute that are used most, by their share, up to `most`."""
        found = []
        for key, count in self._windows.counts_of_minute().items():
            start, name = key.rsplit("/", 1)
            allowed = self._scaled(OPERATIONS_BY_NAME[name].rates.at(NEWEST)).steady
            found.append(Use(start.partition("/")[2], name, count, allowed))
        return heapq.nlargest(most, found, key=lambda use: use.count_of_minute / use.allowed)

    def _scaled(self, rate: Rate) -> Rate:
        return rate if self._scale == 1 else _times(rate, self._scale)

    def _refuse(self, key: str, seconds: int) -> int:
        """Raise `Throttled`. A window that is no true one begins anew instead; give its count then.

        A window that lasts longer than it may is left from before the clock of the store went back.
        """
        left = self._windows.seconds_left(key, seconds)
        if left <= seconds:
            raise Throttled(max(1, math.ceil(left)))
        return self._windows.restart(key, seconds)
