"""Durations in buckets, counted with a few plain integers."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate


class Durations:
    """Counts durations in seconds, each in the first bucket that holds it."""

    __slots__ = ("_bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[bisect_left(self._bounds, seconds)] += 1
        self.total += seconds

    def merge(self, other: Durations) -> None:
        """Add the counts of another, which has the same buckets."""
        self.counts = [a + b for a, b in zip(self.counts, other.counts, strict=True)]
        self.total += other.total

    def cumulative(self) -> list[tuple[str, float]]:
        """Give for each bound how many durations were not longer, as Prometheus expects it."""
        names = [*map(str, self._bounds), "+Inf"]
        return list(zip(names, map(float, accumulate(self.counts)), strict=True))
