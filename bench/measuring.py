"""Rounds that alternate between contestants, and what is made of them."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager

    from bench.load import Taken
    from bench.settings import Settings


class Piece(NamedTuple):
    """What one contestant did in one slice of a round.

    `computing` is the seconds of its processor time, `loading` those of the load generator.
    """

    units: float
    seconds: float
    computing: float = 0.0
    loading: float = 0.0


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


def piece(taken: Taken) -> Piece:
    """Give what the load generator took as a piece of a round."""
    return Piece(taken.answers, taken.seconds, taken.server_computing, taken.own_computing)


def combined(pieces: Sequence[Piece]) -> Sample:
    """Put the slices of a round together: units a second over all of them."""
    units, seconds, computing, loading = (sum(each) for each in zip(*pieces, strict=True))
    return Sample(units / seconds, computing / units, computing / seconds, loading / seconds)


@dataclass(frozen=True)
class Goal:
    """How a ratio must be."""

    least: float | None = None
    most: float | None = None
    most_figure: float | None = None
    """The most that our figure may be, whatever the ratio."""
    unit: str = ""

    def met(self, ratio: float, figure: float) -> bool:
        """Whether a ratio and our own figure are so."""
        return (
            (self.least is None or ratio >= self.least)
            and (self.most is None or ratio <= self.most)
            and (self.most_figure is None or figure < self.most_figure)
        )

    def __str__(self) -> str:
        if self.least is not None:
            return f">= {self.least:g}"
        if self.most is not None:
            return f"<= {self.most:g}"
        return f"< {self.most_figure:g} {self.unit}" if self.most_figure is not None else "none"


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
        return self.ratio is not None and self.goal.met(self.ratio, middle(self.ours))

    @property
    def computing_ratio(self) -> float | None:
        """Our processor time for a unit against the other's; None where it was not accounted."""
        if self.why_not or not all(each.computing for each in (*self.ours, *self.floor)):
            return None
        return computing(self.ours) / computing(self.floor)


class Found(NamedTuple):
    """What a part of the measuring gives: rows of the table, and figures for the report alone."""

    rows: list[Row]
    facts: dict[str, Any] = {}  # noqa: RUF012 - never changed


def middle(samples: list[Sample]) -> float:
    """Give the median of the figures."""
    return statistics.median(each.figure for each in samples)


def computing(samples: list[Sample]) -> float:
    """Give the median of the seconds of processor time for each unit."""
    return statistics.median(each.computing for each in samples)


def durations(samples: Sequence[Sample], scale: float) -> list[Sample]:
    """Give how long one unit takes in place of units a second: milliseconds for a scale of 1e3."""
    return [Sample(scale / each.figure, each.computing, each.busy, each.load) for each in samples]


Contestants = dict[str, Callable[[], Piece]]


def alternate(settings: Settings, contestants: Contestants) -> dict[str, list[Sample]]:
    """Measure contestants that stay what they are from round to round."""
    return alternate_afresh(settings, lambda _: nullcontext(contestants))


def alternate_afresh(
    settings: Settings, opened: Callable[[int], AbstractContextManager[Contestants]]
) -> dict[str, list[Sample]]:
    """Measure contestants that `opened` makes for each round.

    A round has several slices. In each all contestants have their turn, every other time in the
    opposite order, so that what slows the machine down for a while does so for all.
    """
    samples: dict[str, list[Sample]] = {}
    for place in range(settings.rounds):
        with opened(place) as contestants:
            for name, each in _round(contestants, settings.slices).items():
                samples.setdefault(name, []).append(combined(each))
    print_rounds(samples)
    return samples


def _round(contestants: Contestants, slices: int) -> dict[str, list[Piece]]:
    pieces: dict[str, list[Piece]] = {name: [] for name in contestants}
    for place in range(slices):
        names = list(contestants)
        for name in names if place % 2 == 0 else reversed(names):
            pieces[name].append(contestants[name]())
    return pieces


def print_rounds(samples: Mapping[str, Sequence[Sample]]) -> None:
    """Print the figure of every round, so that one sees how much they vary."""
    for name, each in samples.items():
        figures = " ".join(f"{sample.figure:,.4g}" for sample in each)
        busy, load = (statistics.median(getattr(s, a) for s in each) for a in ("busy", "load"))
        click.echo(f"    {name}: {figures} (busy {busy:.0%}, load {load:.0%})", err=True)
