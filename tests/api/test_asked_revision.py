"""Revisions that are retired, or newer than any that is known."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

import pytest

from backroom.api.asked_revision import AskedRevision
from backroom.api.request import Request
from backroom.errors import NotFound, RevisionRetired
from backroom.revisions import NEWEST
from backroom.settings import Settings
from backroom.testing.clock import SettableClock

if TYPE_CHECKING:
    from collections.abc import Iterator

OLD, LATER = "2024-10-15", "2025-01-15"
DAY_AFTER = (dt.date.fromisoformat(NEWEST) + dt.timedelta(days=1)).isoformat()


@pytest.fixture(autouse=True)
def at() -> Iterator[SettableClock]:
    """A clock that stands still on a day on which the revision `OLD` is retired."""
    clock = SettableClock()
    clock.follow("2026-11-28T00:00:00Z")
    yield clock
    clock.let_go()


def request(revision: str, **headers: str) -> Request:
    named = {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    given = {b"revision": revision.encode(), **named}
    return Request("GET", b"/api/catalog-items", b"", given, "http", "")


def date_of(asked: Request, **settings: str) -> str:
    return AskedRevision(Settings(**settings)).of(asked).date  # type: ignore[arg-type]


@pytest.mark.parametrize("setting", ["serve", "warn"])
def test_retired_revisions_are_served(setting: str) -> None:
    assert date_of(request(OLD), retired_revisions=setting) == OLD


def test_retired_revision_is_warned_about_once(caplog: pytest.LogCaptureFixture) -> None:
    asked = AskedRevision(Settings(retired_revisions="warn"))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            asked.of(request(OLD))
    assert caplog.messages == [f"requests use revision {OLD}, retired on 2026-10-15"]


def test_retired_revision_falls_forward() -> None:
    assert date_of(request(OLD), retired_revisions="forward") == LATER
    assert date_of(request("2023-03-03"), retired_revisions="forward") == LATER
    assert date_of(request(LATER), retired_revisions="forward") == LATER


@pytest.mark.parametrize(
    ("setting", "headers"),
    [("gone", {}), ("forward", {"x_klaviyo_revision_fall_forward_opt_out": "1"})],
)
def test_retired_revision_may_be_gone(setting: str, headers: dict[str, str]) -> None:
    with pytest.raises(RevisionRetired, match=f"{OLD} was retired on 2026-10-15, use .* {LATER}"):
        date_of(request(OLD, **headers), retired_revisions=setting)


@pytest.mark.parametrize("date", [DAY_AFTER, "2999-01-01"])
def test_newer_revision_is_nearest(date: str) -> None:
    assert date_of(request(date), newer_revisions="nearest") == NEWEST
    with pytest.raises(NotFound):
        date_of(request("2999-01-01"))


def test_clock_retires_revisions(at: SettableClock) -> None:
    asked = AskedRevision(Settings(retired_revisions="forward"))
    assert asked.of(request(LATER)).date == LATER
    at.advance(dt.timedelta(days=365))
    assert asked.of(request(LATER)).date == "2026-01-15"
    at.advance(dt.timedelta(days=3650))
    assert asked.of(request(LATER)).date == NEWEST
