from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.cli.push_report import (
    WaitNotices,
    print_difference,
    print_time_taken,
    shown_time,
)
from backroom.feeds.push_plan import Difference
from backroom.feeds.waits import WaitCause, Waits

if TYPE_CHECKING:
    Captured = pytest.CaptureFixture[str]


def test_difference_names_kinds_and_attributes(capsys: Captured) -> None:
    difference = Difference()
    difference.outcomes |= {("item", "created"): 1_200, ("category", "updated"): 1}
    difference.attributes["category", "name"] = 1
    print_difference(difference, 13, 125)
    assert capsys.readouterr().err.splitlines() == [
        "To create: 1,200 items",
        "To update: 1 category (name of 1 category)",
        "13 jobs, within the limits of the target: about 2 min 05 s",
    ]


def test_no_difference_is_said(capsys: Captured) -> None:
    print_difference(Difference(), 0, 0)
    assert capsys.readouterr().err == "Nothing differs.\n"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.1, "1 s"), (59.4, "59 s"), (60, "1 min 00 s"), (3_725, "62 min 05 s")]
)
def test_times_are_short(seconds: float, text: str) -> None:
    assert shown_time(seconds) == text


def test_reason_is_said_once(capsys: Captured) -> None:
    notices = WaitNotices()
    notices.waiting(0.5, "hardly")
    for _ in range(2):
        notices.waiting(2, "the target is away")
    notices.forget()
    notices.away("the target is away")
    assert capsys.readouterr().err.count("the target is away") == 2


def test_held_deletions_are_said(capsys: Captured) -> None:
    WaitNotices().holding(12, 3)
    assert "12 resources are gone from the source, and at most 3" in capsys.readouterr().err


def print_waits(seconds: float, **waited: float) -> None:
    waits = Waits()
    for name, each in waited.items():
        waits.add(WaitCause[name], each)
    print_time_taken(seconds, 24, waits)


def test_waits_are_said_with_the_time(capsys: Captured) -> None:
    print_waits(210, JOBS=170, AWAY=12, LIMIT=0.3)
    assert capsys.readouterr().err == (
        "Sent in 3 min 30 s, of which 2 min 50 s waiting for jobs and 12 s for the target, which"
        " was away; 24 s were predicted.\n"
    )


def test_time_without_waits_is_alone(capsys: Captured) -> None:
    print_waits(20, JOBS=0.4)
    assert capsys.readouterr().err == "Sent in 20 s; 24 s were predicted.\n"


def test_waits_are_never_longer_than_all(capsys: Captured) -> None:
    print_waits(10, JOBS=15, AWAY=5)
    assert "of which 8 s waiting for jobs and 2 s for" in capsys.readouterr().err
