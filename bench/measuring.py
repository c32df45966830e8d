"""Rounds that alternate between contestants, and what is made of them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bench.load import Taken


@dataclass(frozen=True)
class Sample:
    """One contestant in one round.

    `computing` is seconds of its processor time for each unit, `busy` the share of one core that it
    used, `load` the share of another that the load generator used.
    """

    figure: float
    computing: float = 0.0
    busy: float = 0.0
    load: float = 0.0


def sampled(taken: Taken) -> Sample:
    """Give answers a second as a sample."""
    return Sample(taken.per_second, taken.computing_each, taken.busy, taken.own_busy)


@dataclass(frozen=True)
class Goal:
    """How a ratio must be."""

    least: float | None = None
    most: float | None = None

    def met(self, ratio: float) -> bool:
        """Whether a ratio is so."""
        if self.least is not None and ratio < self.least:
            return False
        return self.most is None or ratio <= self.most

    def __str__(self) -> str:
        if self.least is not None:
            return f">= {self.least:g}"
        return f"<= {self.most:g}"


@dataclass
class Row:
    """One line of the table: what was measured against what, round by round.

    `unit` is that of the figures; `why_not` says why nothing was measured.
    """

    name: str
    goal: Goal
    unit: str = "/s"
    against: str = "floor"
    ours: list[Sample] = field(default_factory=list)
    floor: list[Sample] = field(default_factory=list)
    why_not: str = ""

    @property
    def ratio(self) -> float | None:
        """The median of the ratios of each round."""
        if self.why_not:
            return None
        pairs = zip(self.ours, self.floor, strict=True)
        return statistics.median(ours.figure / floor.figure for ours, floor in pairs)

    @property
    def met(self) -> bool:
        """Whether the goal is reached; what was not measured has not reached it."""
        return self.ratio is not None and self.goal.met(self.ratio)


def middle(samples: list[Sample]) -> float:
    """Give the median of the figures."""
    return statistics.median(each.figure for each in samples)


def computing(samples: list[Sample]) -> float:
    """Give the median of the seconds of processor time for each unit."""
    return statistics.median(each.computing for each in samples)


def alternate(
    rounds: int, contestants: Mapping[str, Callable[[], Sample]]
) -> dict[str, list[Sample]]:
    """Measure each contestant once a round, in turn; every other round begins at the other end."""
    samples: dict[str, list[Sample]] = {name: [] for name in contestants}
    for place in range(rounds):
        names = list(contestants)
        for name in names if place % 2 == 0 else reversed(names):
            samples[name].append(contestants[name]())
    for name, each in samples.items():
        figures = " ".join(f"{sample.figure:,.4g}" for sample in each)
        busy, load = (statistics.median(getattr(s, a) for s in each) for a in ("busy", "load"))
        click.echo(f"    {name}: {figures} (busy {busy:.0%}, load {load:.0%})", err=True)
    return samples
