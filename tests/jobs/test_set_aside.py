"""Jobs that are left alone for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.jobs import set_aside
from backroom.jobs.set_aside import FIRST_SECONDS, LONGEST_SECONDS, SetAside

if TYPE_CHECKING:
    import pytest


def test_pauses_double_up_to_a_limit() -> None:
    aside = SetAside()
    pauses = [aside.put("a") for _ in range(12)]
    assert pauses[:4] == [1.0, 2.0, 4.0, 8.0]
    assert pauses[-1] == LONGEST_SECONDS
    assert aside.put("b") == FIRST_SECONDS


def test_job_is_aside_until_its_pause_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "FIRST_SECONDS", 0.0)
    aside = SetAside()
    aside.put("a")
    assert aside.ids() == []
    monkeypatch.setattr(set_aside, "FIRST_SECONDS", 60.0)
    aside.put("b")
    assert aside.ids() == ["b"]


def test_ended_job_begins_anew() -> None:
    aside = SetAside()
    aside.put("a")
    aside.put("a")
    aside.forget("a")
    assert aside.ids() == []
    assert aside.put("a") == FIRST_SECONDS


def test_lost_jobs_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(set_aside, "FIRST_SECONDS", -2 * 3600.0)
    aside = SetAside()
    aside.put("a")
    assert aside.ids() == []
    monkeypatch.setattr(set_aside, "FIRST_SECONDS", 1.0)
    assert aside.put("a") == 1.0
