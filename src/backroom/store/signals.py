"""What operators watch of a database: values by name, and the counts that a process keeps.

Each engine gives its own `signals` without a statement. Others need statements: it gives those when
it is `asked`. Their names, without the prefix, are those of `signals/families.py`.
"""

from __future__ import annotations

import threading
from typing import NamedTuple


class Signal(NamedTuple):
    """One value of a metric, with its labels."""

    name: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()


class Tally:
    """Counts of one process, by the `names` that it has. Any thread may add to them."""

    def __init__(self, *names: str) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, float] = dict.fromkeys(names, 0)

    def add(self, name: str, by: float = 1) -> None:
        """Add to a count."""
        with self._lock:
            self._counts[name] += by

    def signals(self) -> list[Signal]:
        """Give all counts."""
        with self._lock:
            return [Signal(name, value) for name, value in self._counts.items()]


_PERIOD = 60.0
"""Seconds."""


class WorstOfLate:
    """The greatest of the values of the last minute, or of up to two."""

    def __init__(self) -> None:
        self._ends = 0.0
        self._before = self._current = 0.0

    def add(self, now: float, value: float) -> None:
        """Add a value at a time in seconds."""
        if now >= self._ends:
            self._before, self._current, self._ends = self._current, 0.0, now + _PERIOD
        self._current = max(self._current, value)

    @property
    def worst(self) -> float:
        """The greatest value."""
        return max(self._before, self._current)


WRITE_SIGNALS = (
    "store_writes_total",
    "store_write_wait_seconds_total",
    "store_write_failures_total",
)
"""What both engines count: pieces of writing, how long they waited for their turn, and failures."""
