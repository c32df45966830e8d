"""The progress of an import: a bar on a terminal, lines at intervals elsewhere."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from backroom.clock import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from rich.console import RenderableType
    from rich.progress import Task

INTERVAL_SECONDS = 10.0
"""How often a line is printed off a terminal."""
_SHORT_PAUSE_SECONDS = 1.0
"""Pauses below this are not worth a word."""


class _Rate(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")


class Bars(Progress):
    """A bar for each kind, and below them a line that says what there is to say."""

    said = ""

    def __init__(self, console: Console) -> None:
        # All of it fits into 80 columns.
        super().__init__(
            TextColumn("{task.description:10}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            console=console,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        """Give the bars and the line."""
        yield from super().get_renderables()
        if self.said:
            yield Text(self.said)


class ShownProgress:
    """Shows how many rows of each kind are settled, and for what an import waits."""

    def __init__(self, totals: Mapping[str, int | None], bars: Bars | None) -> None:
        self.remaining: Callable[[], float] | None = None
        """Gives the seconds that are left, where that is known better than by the rate."""
        self._totals = totals
        self._bars = bars
        self._tasks = {
            kind: bars.add_task(kind, start=False, total=total)
            for kind, total in (totals.items() if bars else ())
            if bars
        }
        self._settled = dict.fromkeys(totals, 0)
        self._begun = time.monotonic()
        self._said = self._begun
        self._first: int | None = None
        self._words = ""
        self._said_wait = (0.0, "")
        """When a wait was last said, and why."""

    def __call__(self, kind: str, settled: int) -> None:
        """Show that so many rows of a kind are settled."""
        self._settled[kind] = settled
        if self._bars and kind in self._tasks:
            self._bars.start_task(self._tasks[kind])
            self._bars.said = self._predicted()
            self._bars.update(self._tasks[kind], completed=settled)
        elif not self._bars:
            self._say_at_intervals(kind)

    def note(self, words: str) -> None:
        """Show what is done that settles no rows."""
        moment = time.monotonic()
        if self._bars:
            self._bars.said = words
        elif moment - self._said >= INTERVAL_SECONDS:
            self._said = moment
            click.echo(words, err=True)

    def wait(self, seconds: float, reason: str) -> None:
        """Show that nothing is done for some seconds, and why."""
        if seconds < _SHORT_PAUSE_SECONDS:
            return
        until = time.strftime("%H:%M:%S", time.localtime(now().timestamp() + seconds))
        said = f"waiting until {until}: {reason}"
        if self._bars:
            self._bars.said = said
        elif self._is_news(seconds, reason):
            click.echo(said, err=True)

    def _is_news(self, seconds: float, reason: str) -> bool:
        """Whether a wait is long, is for another reason, or none was said in the last interval."""
        moment = time.monotonic()
        last, before = self._said_wait
        if seconds < INTERVAL_SECONDS and reason == before and moment - last < INTERVAL_SECONDS:
            return False
        self._said_wait = moment, reason
        return True

    def _predicted(self) -> str:
        """Say at most once a second how long it will take, where that is known."""
        moment = time.monotonic()
        if self.remaining and moment - self._said >= 1:
            self._said = moment
            self._words = f"{self.remaining():,.0f} s left of all"
        return self._words

    def _say_at_intervals(self, kind: str) -> None:
        moment = time.monotonic()
        done, total = sum(self._settled.values()), _sum(self._totals.values())
        if self._first is None:
            self._first = done
        if moment - self._said < INTERVAL_SECONDS:
            return
        self._said = moment
        rate = (done - self._first) / (moment - self._begun)
        by_rate = (total - done) / rate if rate and total is not None else 0
        seconds = self.remaining() if self.remaining else by_rate
        left = f", {seconds:,.0f} s left" if seconds else ""
        of = "" if total is None else f" of {total:,}"
        click.echo(f"{kind}: {done:,}{of} rows, {rate:,.0f} rows/s{left}", err=True)


def _sum(totals: Iterable[int | None]) -> int | None:
    known = [each for each in totals if each is not None]
    return sum(known) if known else None


@contextmanager
def shown_progress(totals: Mapping[str, int | None], *, silent: bool) -> Iterator[ShownProgress]:
    """Show the progress of so many rows of each kind; `silent` shows lines alone, no bar.

    A total may be None where nobody knows it.
    """
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield ShownProgress(totals, None)
        return
    with Bars(console) as bars:
        yield ShownProgress(totals, bars)
