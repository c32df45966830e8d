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
from backroom.catalog.neighbours import NEIGHBOURS
from backroom.catalog.operations import OPERATIONS, Operation, Rate
from backroom.errors import Throttled
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from limits.storage import Storage

log = logging.getLogger(__name__)
T = TypeVar("T")

_OPERATIONS_BY_NAME = {each.name: each for each in (*OPERATIONS, *NEIGHBOURS)}
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
    """

    shared = False
    """Whether counting asks another process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lengths: dict[int, _OneLength] = {}

    def __len__(self) -> int:
        """How many windows are in memory."""
        return sum(map(len, self._lengths.values()))

    def count(self, key: str, seconds: int) -> int:
        """Count one more request in the window of `key`, and give how many it has now."""
        now = clock.steady()
        with self._lock:
            return self._lasting(seconds).count(key, now)

    def seconds_left(self, key: str, seconds: int) -> float:
        """Give in how many seconds the window of `key` starts again."""
        with self._lock:
            return self._lasting(seconds).find(key)[1] - clock.steady()

    def forget(self, key: str, seconds: int) -> None:
        """Let the window of `key` start again now."""
        with self._lock:
            self._lasting(seconds).forget(key)

    def counts(self, seconds: int) -> dict[str, int]:
        """Give how many requests each open window has."""
        now = clock.steady()
        with self._lock:
            return self._lasting(seconds).counts(now)

    def _lasting(self, seconds: int) -> _OneLength:
        windows = self._lengths.get(seconds)
        if windows is None:
            windows = self._lengths[seconds] = _OneLength(seconds)
        return windows


_NO_WINDOW = (0, 0.0)


class _OneLength:
    """Windows of one length, in two generations.

    To look through all windows for those that have ended costs more the more accounts ask, and
    frees nothing while all of them are open. So windows are dropped without being looked at. Each
    request writes its window to the young generation. After the length of a window the young
    generation becomes the old one, and the old one before it is dropped as a whole. No open window
    is lost: the last request of a dropped window is at least one whole length ago, so the window
    has ended. And memory is bounded: while requests come in, it holds only windows of the last two
    lengths.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._young: dict[str, tuple[int, float]] = {}
        self._old: dict[str, tuple[int, float]] = {}
        self._turns_at = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, key: str) -> tuple[int, float]:
        """Give how many requests a window has and when it ends; it may have ended already."""
        return self._young.get(key) or self._old.get(key) or _NO_WINDOW

    def count(self, key: str, now: float) -> int:
        if now >= self._turns_at:
            self._old, self._young = self._young, {}
            self._turns_at = now + self._seconds
        count, end = self.find(key)
        if now >= end:
            count, end = 0, now + self._seconds
        self._young[key] = (count + 1, end)
        return count + 1

    def forget(self, key: str) -> None:
        self._young[key] = _NO_WINDOW

    def counts(self, now: float) -> dict[str, int]:
        windows = self._old | self._young
        return {key: count for key, (count, end) in windows.items() if now < end}


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

    def count(self, key: str, seconds: int) -> int:
        """Count one more request in the window of `key`, and give how many it has now."""
        return self._ask(
            lambda store: store.incr(key, seconds), lambda: self._here.count(key, seconds)
        )

    def seconds_left(self, key: str, seconds: int) -> float:
        """Give in how many seconds the window of `key` starts again."""
        return self._ask(
            # The store gives seconds, and the library adds the time of this process to them.
            lambda store: store.get_expiry(key) - clock.epoch(),
            lambda: self._here.seconds_left(key, seconds),
        )

    def counts(self, _: int) -> dict[str, int]:
        """Give nothing: a shared store has the windows of all servers, and lists none."""
        return {}

    def forget(self, key: str, seconds: int) -> None:
        """Let the window of `key` start again now."""
        self._ask(lambda store: store.clear(key), lambda: self._here.forget(key, seconds))

    def _ask(self, there: Callable[[Storage], T], here: Callable[[], T]) -> T:
        """Ask the shared store; where it does not answer, count here, so that requests go on."""
        if time.monotonic() >= self._apart_until:
            try:
                return there(self._store)
            except self._gone as error:
                self._apart_until = time.monotonic() + _APART_SECONDS
                log.warning(events.LIMITS_STORE_LOST, error)
        return here()


class Limiter:
    """Counts requests against the rates of the real service, multiplied by `scale`."""

    def __init__(self, scale: float, windows: Windows | SharedWindows | None = None) -> None:
        self._scale = scale
        self._windows = Windows() if windows is None else windows

    @property
    def inline(self) -> bool:
        """Whether counting is quicker than handing it to another thread."""
        return not self._windows.shared

    def take(self, caller: str, operation: Operation, revision: str) -> Allowance:
        """Count a request. Raises `Throttled` when a window is used up."""
        rate = self._scaled(operation.rates.at(revision))
        key = f"backroom/{caller}/{operation.name}"
        burst_key, steady_key = f"{key}/{_SECOND}", f"{key}/{_MINUTE}"
        burst = self._windows.count(burst_key, _SECOND)
        steady = self._windows.count(steady_key, _MINUTE)
        if steady > rate.steady:
            self._refuse(steady_key, _MINUTE)
        if burst > rate.burst:
            burst = self._refuse(burst_key, _SECOND)
        return Allowance(rate, rate.burst - burst)

    def fullest(self, most: int) -> list[Use]:
        """Give the windows of a minute that are used most, by their share, up to `most`."""
        found = []
        for key, count in self._windows.counts(_MINUTE).items():
            start, name, _ = key.rsplit("/", 2)
            allowed = self._scaled(_OPERATIONS_BY_NAME[name].rates.at(NEWEST)).steady
            found.append(Use(start.partition("/")[2], name, count, allowed))
        return heapq.nlargest(most, found, key=lambda use: use.count_of_minute / use.allowed)

    def _scaled(self, rate: Rate) -> Rate:
        return rate if self._scale == 1 else _times(rate, self._scale)

    def _refuse(self, key: str, seconds: int) -> int:
        """Raise `Throttled`, unless the window is no true one: then give the count in a new one.

        A window that lasts longer than it may is left from before the clock of the store went back.
        """
        left = self._windows.seconds_left(key, seconds)
        if left <= seconds:
            raise Throttled(max(1, math.ceil(left)))
        self._windows.forget(key, seconds)
        return self._windows.count(key, seconds)
