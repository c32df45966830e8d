"""Each thing that the log says has a name, and lines say what they are about."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import backroom
from backroom import events
from backroom.events import EVENTS, event_of

SOURCE = Path(backroom.__file__).parent
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}


@cache
def logged() -> list[str]:
    """What is logged in all modules, as it is written."""
    calls = [
        node
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in LEVELS
        and ast.unparse(node.func.value) == "log"
    ]
    return [
        ast.unparse(node.args[isinstance(node.func, ast.Attribute) and node.func.attr == "log"])
        for node in calls
    ]


def test_every_line_has_an_event() -> None:
    assert [each for each in logged() if not each.startswith("events.")] == []


def test_every_event_is_logged() -> None:
    named = {each.removeprefix("events.").lower() for each in logged()}
    # Lines of the pool are put into these words.
    assert named == EVENTS.keys() - {"library", "database_away"}


def test_each_value_of_an_event_has_a_name() -> None:
    placed = {name: len(re.findall(r"%[sdgr]", event)) for name, event in EVENTS.items()}
    assert {name: len(event.members) for name, event in EVENTS.items() if name != "library"} == {
        name: count for name, count in placed.items() if name != "library"
    }


def test_lines_of_libraries_have_an_event() -> None:
    assert event_of("it failed").name == "library"
    assert event_of(events.READY_AGAIN).name == "ready_again"


def test_subject_ends_with_its_block() -> None:
    with events.about(("job_id", "1")), events.about(("account", "shop")):
        assert dict(events.ABOUT.get()) == {"job_id": "1", "account": "shop"}
    assert events.ABOUT.get() == ()


def test_subject_is_carried_to_other_threads() -> None:
    with events.about(("job_id", "1")):
        work = events.carried(lambda: dict(events.ABOUT.get()))
    assert work() == {"job_id": "1"}
    assert events.ABOUT.get() == ()
