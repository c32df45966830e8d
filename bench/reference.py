"""What a plain page of as many rows or bytes takes: the reference of every question.

All times are seconds of one request.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence


class Cost(NamedTuple):
    """What one question takes. `rows` are the resources in `data` and `included` together."""

    rows: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Line:
    """A time that grows with a size."""

    start: float
    each: float

    def at(self, size: float) -> float:
        """Give the time at a size."""
        return self.start + self.each * size


def line(points: Sequence[tuple[int, float]]) -> Line:
    """Fit a line through times at sizes. A page that is larger never takes less."""
    fitted = statistics.linear_regression([x for x, _ in points], [y for _, y in points])
    if fitted.slope > 0:
        return Line(fitted.intercept, fitted.slope)
    return Line(statistics.mean(y for _, y in points), 0.0)


@dataclass(frozen=True)
class Reference:
    """Plain pages of the newest revision, measured at one moment.

    `rows` is the line over the rows of pages of usual items. `bytes` is the line over bytes: of the
    same pages or of pages of longer items, whichever is flatter, because PostgreSQL keeps long
    texts compressed and apart from their rows. `one` is a plain resource, `job` a plain job.
    """

    rows: Line
    bytes: Line
    one: Cost
    job: Cost

    def page(self, rows: int, size: int) -> float:
        """Give the time of a plain page of so many rows, or of so many bytes: what asks more."""
        return max(self.rows.at(rows), self.bytes.at(size))

    def single(self, plain: Cost, rows: int, size: int) -> float:
        """Give the time of a single document: the plain one, and what more rows or bytes take."""
        more_rows = self.rows.each * max(0, rows - plain.rows)
        more_bytes = self.bytes.each * max(0, size - plain.bytes)
        return plain.seconds + max(more_rows, more_bytes)


def reference(usual: Sequence[Cost], longer: Sequence[Cost], one: Cost, job: Cost) -> Reference:
    """Make the reference from pages of usual items, of longer items, one item, and one job."""
    by_bytes = (line([(each.bytes, each.seconds) for each in pages]) for pages in (usual, longer))
    by_rows = line([(each.rows, each.seconds) for each in usual])
    return Reference(by_rows, min(by_bytes, key=lambda each: each.each), one, job)
