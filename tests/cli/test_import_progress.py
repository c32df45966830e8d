from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress, TextColumn

from backroom.cli import import_progress
from backroom.cli.import_progress import ShownProgress, shown_progress

if TYPE_CHECKING:
    import pytest


def test_lines_come_at_intervals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(import_progress, "INTERVAL_SECONDS", 0)
    with shown_progress({"item": 200}, silent=True) as progress:
        progress("item", 0)
        progress("item", 100)
    line = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(r"item: 100 of 200 rows, [\d,]+ rows/s, \d+ s left", line)


def test_no_lines_come_before(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress({"item": 200}, silent=True) as progress:
        progress("item", 100)
    assert capsys.readouterr().err == ""


def test_long_waits_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ShownProgress({"item": 2}, None)
    progress.wait(0.1, "short")
    progress.wait(90, "the rate limit is reached")
    said = capsys.readouterr().err
    assert re.fullmatch(r"waiting until \d\d:\d\d:\d\d: the rate limit is reached\n", said)


def test_bar_shows_the_wait() -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=120)
    with Progress(TextColumn("{task.fields[waiting]}"), console=console) as bars:
        progress = ShownProgress({"item": 2}, bars)
        progress("item", 1)
        progress.wait(90, "the rate limit is reached")
    assert "the rate limit is reached" in shown.getvalue()
