from __future__ import annotations

from io import StringIO

import pytest

from backroom.cli import running_progress
from backroom.cli.running_progress import RunningProgress


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for each in ("_TERMINAL_SECONDS", "_INTERVAL_SECONDS"):
        monkeypatch.setattr(running_progress, each, 0.0)


def test_lines_follow_each_other() -> None:
    stream = StringIO()
    progress = RunningProgress(stream)
    progress("pages copied", 1, 4)
    progress("rows read", 7, None)
    progress.end()
    assert stream.getvalue() == "1 pages copied (25%)\n7 rows read\n"


def test_terminal_has_one_line() -> None:
    stream = Terminal()
    progress = RunningProgress(stream)
    progress("pages copied", 4, 4)
    progress.end()
    assert stream.getvalue() == "\r\x1b[K4 pages copied (100%)\r\x1b[K"


def test_nothing_is_said_too_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running_progress, "_INTERVAL_SECONDS", 60.0)
    stream = StringIO()
    RunningProgress(stream)("pages copied", 1, 4)
    assert stream.getvalue() == ""
