from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.cli.push_report import WaitNotices, print_difference, shown_time
from backroom.feeds.push_plan import Difference

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
    told = WaitNotices()
    told.waiting(0.5, "hardly")
    for _ in range(2):
        told.waiting(2, "the target is away")
    told.forget()
    told.away("the target is away")
    assert capsys.readouterr().err.count("the target is away") == 2


def test_held_deletions_are_said(capsys: Captured) -> None:
    WaitNotices().holding(12, 3)
    assert "12 resources are gone from the source, and at most 3" in capsys.readouterr().err
