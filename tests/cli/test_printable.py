from __future__ import annotations

import json
import logging

import pytest

from backroom.cli.printable import PrintableFormatter, printable, printable_json, printable_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("one\ntwo\r", r"one\x0atwo\x0d"),
        ("\x9b2J", r"\x9b2J"),
        ("abc\u202ecba", r"abc\u202ecba"),
        ("\ud800", r"\ud800"),
        ("Mütze \u00a0 👩\u200d🍳 帽子", "Mütze \u00a0 👩\u200d🍳 帽子"),
    ],
)
def test_control_characters_are_shown(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_json_keeps_its_meaning() -> None:
    text = json.dumps("\x1b\x9b\u202e帽", ensure_ascii=False)
    assert printable_json(text) == '"\\u001b\\u009b\\u202e帽"'
    assert json.loads(printable_json(text)) == json.loads(text)


def test_files_keep_line_breaks() -> None:
    assert printable_lines("one\n\ttwo\x1b\u202e") == "one\n\ttwo\\x1b\\u202e"


def test_logs_keep_their_lines() -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "one\n\x1b[2Jtwo", (), None)
    assert PrintableFormatter("%(message)s").format(record) == "one\n\\x1b[2Jtwo"
