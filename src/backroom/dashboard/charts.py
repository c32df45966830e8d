"""Small charts as the points of SVG: they need no script and no style."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 120
HEIGHT = 28


class Sparkline(NamedTuple):
    """A line through values, oldest first. `points` and `area` are those of SVG elements."""

    points: str
    area: str
    most: float
    last: float


def sparkline(values: Sequence[float]) -> Sparkline:
    """Draw values, of which there is at least one, from 0 to the greatest."""
    most = max(values)
    step = WIDTH / max(len(values) - 1, 1)
    top = HEIGHT - 2
    places = [
        f"{place * step:.1f},{HEIGHT - 1 - (value / most * top if most else 0):.1f}"
        for place, value in enumerate(values)
    ]
    points = " ".join(places)
    return Sparkline(points, f"0,{HEIGHT} {points} {WIDTH},{HEIGHT}", most, values[-1])
