"""Which lines are logged, and how."""

from __future__ import annotations

import io
import json
import logging

import pytest

from backroom import events
from backroom.cli.logs import JsonFormatter, is_json, logs_requests
from backroom.settings import Settings


class Terminal(io.StringIO):
    """An output that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("chosen", "on_terminal", "elsewhere"),
    [("auto", False, True), ("json", True, True), ("text", False, False)],
)
def test_format_follows_the_output(chosen: str, on_terminal: bool, elsewhere: bool) -> None:  # noqa: FBT001
    settings = Settings(log_format=chosen)
    assert is_json(settings, Terminal()) is on_terminal
    assert is_json(settings, io.StringIO()) is elsewhere


@pytest.mark.parametrize(
    ("chosen", "on_terminal", "elsewhere"),
    [("auto", True, False), ("on", True, True), ("off", False, False)],
)
def test_requests_are_logged_on_terminals(
    chosen: str,
    on_terminal: bool,  # noqa: FBT001
    elsewhere: bool,  # noqa: FBT001
) -> None:
    settings = Settings(access_log=chosen)
    assert logs_requests(settings, Terminal()) is on_terminal
    assert logs_requests(settings, io.StringIO()) is elsewhere


def formatted(text: str, error: Exception | None = None) -> str:
    found = None if error is None else (type(error), error, error.__traceback__)
    return JsonFormatter().format(logging.LogRecord("x", logging.ERROR, "", 0, text, (), found))


def test_records_are_lines_of_json() -> None:
    line = json.loads(formatted("it\nfailed", ValueError("it")))
    assert (line["level"], line["message"], line["logger"]) == ("error", "it\nfailed", "x")
    assert line["event"] == "library"
    assert line["timestamp"].endswith("Z")
    assert "ValueError: it" in line["traceback"]


def test_events_have_members() -> None:
    values = ("1", "shop", 2.5, ValueError())
    record = logging.LogRecord("x", logging.WARNING, "", 0, events.JOB_TRIED_AGAIN, values, None)
    line = json.loads(JsonFormatter().format(record))
    assert line["event"] == "job_tried_again"
    assert (line["job_id"], line["account"], line["seconds"]) == ("1", "shop", 2.5)
    assert line["error"] == "ValueError()"
    assert line["message"].startswith("job 1 of account shop will be tried again in 2.5")


def test_lines_say_what_they_are_about() -> None:
    with events.about(("request_id", "7")):
        assert json.loads(formatted("slow"))["request_id"] == "7"


@pytest.mark.parametrize("text", ["\x1b[2J", "\x9b2J", "abc\u202ecba", "\ud800"])
def test_lines_of_json_move_no_cursor(text: str) -> None:
    line = formatted(text)
    assert "\n" not in line
    assert line.isprintable()
    json.loads(line)
