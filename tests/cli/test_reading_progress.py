from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from rich.console import Console

from backroom.cli import import_progress, reading_progress
from backroom.cli.reading_progress import shown_reading
from backroom.feeds.read_progress import ReadProgress

if TYPE_CHECKING:
    import pytest

HALF_READ = ReadProgress("reading", 1_000_000, None, 615_000_000, 1_230_000_000)
HALF_JOINED = ReadProgress("joining", 500_000, 1_000_000, 0, 1_230_000_000)
OF_A_WORKBOOK = ReadProgress("reading", 1_000, None, 0, 90_000_000)


def test_lines_say_how_much_is_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(import_progress, "INTERVAL_SECONDS", 0)
    with shown_reading("rows", silent=False) as progress:
        for each in (HALF_READ, HALF_READ, HALF_JOINED, HALF_JOINED, OF_A_WORKBOOK):
            progress(each)
    _, read, _, joined, workbook = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"reading: 1,000,000 rows, 615 of 1,230 MB, [\d,]+/s, [\d,]+ s left", read)
    assert re.fullmatch(r"joining: 500,000 of 1,000,000 rows, [\d,]+/s, [\d,]+ s left", joined)
    assert workbook == "reading: 1,000 rows"


def test_nothing_is_said_of_a_small_feed(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_reading("rows", silent=False) as progress:
        progress(HALF_READ)
    assert capsys.readouterr().err == ""


def test_bar_of_reading_fits_into_80_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80)
    monkeypatch.setattr(reading_progress, "Console", lambda **_: console)
    with shown_reading("products", silent=False) as progress:
        progress(HALF_READ)
        progress(HALF_JOINED)
    lines = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", shown.getvalue()).splitlines()
    assert "…" not in shown.getvalue()
    assert any("1,000,000 products, 615 of 1,230 MB" in line for line in lines)
    assert any("500,000 of 1,000,000 products" in line for line in lines)
