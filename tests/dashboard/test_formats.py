from __future__ import annotations

from datetime import timedelta

import pytest

from backroom import clock
from backroom.dashboard import formats


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "-"), (0, "0"), (12345, "12,345"), (0.25, "0.2"), (9.96, "10.0"), (1234.5, "1,234")],
)
def test_numbers_have_separators(value: float | None, text: str) -> None:
    assert formats.number(value) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "-"), (0, "0 bytes"), (999, "999 bytes"), (1500, "1.5 kB"), (12e6, "12 MB")],
)
def test_sizes_have_units(count: float | None, text: str) -> None:
    assert formats.size(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0004, "0.4 ms"),
        (0.25, "250 ms"),
        (1.25, "1.2 s"),
        (59, "59 s"),
        (150, "2 min"),
        (7500, "2 h 5 min"),
        (4 * 86400, "4 days"),
    ],
)
def test_durations_fit_their_size(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "now"), (5, "5 s ago"), (59.9, "59 s ago"), (300, "5 min ago"), (-90, "in 1 min")],
)
def test_moments_are_told_from_now(
    seconds: float, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    assert formats.ago(now - timedelta(seconds=seconds)) == text
    assert formats.ago((now - timedelta(seconds=seconds)).isoformat()) == text


def test_nouns_follow_their_count() -> None:
    assert formats.plural(1, "job") == "1 job"
    assert formats.plural(1200, "job") == "1,200 jobs"
    assert formats.plural(2, "entry", "entries") == "2 entries"


def test_long_texts_are_cut() -> None:
    assert formats.cut("short", 10) == "short"
    assert formats.cut("much too long", 5) == "much…"
