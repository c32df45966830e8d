"""How far a feed is read, before anything is sent: a bar on a terminal, else lines at intervals."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from backroom.cli import import_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import TaskID

    from backroom.feeds.read_progress import ReadProgress

_MEGABYTE = 1_000_000


class ShownReading:
    """Shows how many rows of a feed are read or joined, and how much of its file."""

    def __init__(self, noun: str, bars: Progress | None) -> None:
        """`noun` is what the records of the file are called, in the plural."""
        self._noun = noun
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._step = ""
        self._begun = self._said = time.monotonic()

    def __call__(self, progress: ReadProgress) -> None:
        """Show how far the feed is."""
        moment = time.monotonic()
        if progress.step != self._step:
            self._step, self._begun = progress.step, moment
        if self._bars:
            self._show(self._bars, progress, moment)
        elif moment - self._said >= import_progress.INTERVAL_SECONDS:
            self._said = moment
            click.echo(f"{progress.step}: {self._words(progress, moment)}", err=True)

    def _show(self, bars: Progress, progress: ReadProgress, moment: float) -> None:
        done, total = _share(progress)
        if progress.step not in self._tasks:
            self._tasks[progress.step] = bars.add_task(progress.step, total=total, words="")
        bars.update(
            self._tasks[progress.step],
            completed=done,
            total=total,
            words=self._words(progress, moment),
        )

    def _words(self, progress: ReadProgress, moment: float) -> str:
        seconds = moment - self._begun
        parts = [f"{progress.records:,} {self._noun}"]
        if progress.of is not None:
            parts = [f"{progress.records:,} of {progress.of:,} {self._noun}"]
        elif progress.read:
            parts.append(f"{progress.read // _MEGABYTE:,} of {progress.size // _MEGABYTE:,} MB")
        if seconds:
            parts.append(f"{progress.records / seconds:,.0f}/s")
        done, total = _share(progress)
        if not self._bars and done and total and seconds:
            parts.append(f"{seconds * (total - done) / done:,.0f} s left")
        return ", ".join(parts)


def _share(progress: ReadProgress) -> tuple[int, int | None]:
    """Give what is done and all there is: records where they are counted, or else bytes."""
    if progress.of is not None:
        return progress.records, progress.of
    return progress.read, progress.size if progress.read else None


@contextmanager
def shown_reading(noun: str, *, silent: bool) -> Iterator[ShownReading]:
    """Show how a feed is read; `silent` shows lines alone, no bar."""
    console = Console(stderr=True)
    if silent or not console.is_terminal:
        yield ShownReading(noun, None)
        return
    # All of it fits into 80 columns.
    columns = (
        TextColumn("{task.description:8}"),
        BarColumn(bar_width=12),
        TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        yield ShownReading(noun, bars)
