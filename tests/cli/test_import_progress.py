from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich.console import Console

from backroom.cli import import_progress
from backroom.cli.import_progress import Bars, ShownProgress, shown_progress

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


def test_short_waits_are_said_once_in_an_interval(capsys: pytest.CaptureFixture[str]) -> None:
    progress = ShownProgress({"item": 2}, None)
    for seconds, reason in ((2, "away"), (2, "away"), (2, "limit"), (2, "limit"), (90, "limit")):
        progress.wait(seconds, reason)
    said = capsys.readouterr().err.splitlines()
    assert [line.rpartition(" ")[2] for line in said] == ["away", "limit", "limit"]


def test_notes_come_at_intervals(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = ShownProgress({}, None)
    progress.note("too early")
    monkeypatch.setattr(import_progress, "INTERVAL_SECONDS", 0)
    progress.note("reading what the server has: 100 items")
    assert capsys.readouterr().err == "reading what the server has: 100 items\n"


def shown_bars(*, waits: bool) -> str:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    with Bars(console) as bars:
        progress = ShownProgress({"category": 7, "item": 1_000_000, "variant": 3_000_000}, bars)
        progress("item", 500_000)
        progress.wait(90, "the rate limit is reached")
        if not waits:
            progress("item", 600_000)
    return re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.getvalue()).rpartition("category")[2]


def test_bar_shows_the_wait_once() -> None:
    assert re.findall(r"waiting until [\d:]+: the rate limit is reached", shown_bars(waits=True))
    assert shown_bars(waits=True).count("waiting") == 1


def test_wait_that_is_over_is_not_shown() -> None:
    assert "waiting" not in shown_bars(waits=False)


def test_bar_fits_into_80_columns() -> None:
    shown = shown_bars(waits=True)
    assert "…" not in shown
    assert " 500000/1000000 " in shown
