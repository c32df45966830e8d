from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from bench.measuring import (
    Contestants,
    Goal,
    Piece,
    Row,
    Sample,
    alternate,
    alternate_afresh,
    combined,
    durations,
    middle,
)
from bench.settings import FULL, QUICK, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

SHORT = Settings("short", rounds=2, slices=3, seconds=0.0, waiting_jobs=0, items=0)


def samples(*figures: float, computing: float = 0.0) -> list[Sample]:
    return [Sample(each, computing) for each in figures]


def test_pieces_are_summed_up() -> None:
    sample = combined([Piece(10, 1.0, 0.5, 0.1), Piece(30, 1.0, 0.5, 0.3)])
    assert sample == Sample(figure=20.0, computing=0.025, busy=0.5, load=0.2)


def test_ratio_is_the_middle_of_the_rounds() -> None:
    row = Row("work", Goal(least=0.5), ours=samples(50, 90, 10), floor=samples(100, 100, 100))
    assert row.ratio == 0.5
    assert row.met
    assert middle(row.ours) == 50


def test_goals_say_what_they_are() -> None:
    assert [str(each) for each in (Goal(least=0.5), Goal(most=2.0), Goal())] == [
        ">= 0.5",
        "<= 2",
        "none",
    ]
    limit = Goal(most_figure=80, unit="MB")
    assert str(limit) == "< 80 MB"
    assert limit.met(2.0, 79.9)
    assert not limit.met(0.5, 80.0)
    assert not Goal(most=2.0).met(2.1, 0.0)


def test_what_is_not_measured_is_not_met() -> None:
    row = Row("work", Goal(), why_not="nobody was there")
    assert row.ratio is None
    assert not row.met
    assert row.computing_ratio is None


def test_processor_ratio_needs_both_times() -> None:
    ours, floor = samples(1, 1, computing=0.3), samples(1, 1, computing=0.1)
    assert Row("work", Goal(), ours=ours, floor=floor).computing_ratio == pytest.approx(3.0)
    assert Row("work", Goal(), ours=ours, floor=samples(1, 1)).computing_ratio is None


def test_durations_turn_rates_round() -> None:
    assert durations(samples(4.0), 1e3) == samples(250.0)


def test_contestants_take_turns_and_change_ends() -> None:
    turns: list[str] = []

    def turn(name: str) -> Piece:
        turns.append(name)
        return Piece(1, 1.0)

    taken = alternate(SHORT, {"a": lambda: turn("a"), "b": lambda: turn("b")})
    assert "".join(turns) == "abbaab" * SHORT.rounds
    assert taken == {"a": samples(1.0, 1.0), "b": samples(1.0, 1.0)}


def test_contestants_may_be_new_in_every_round() -> None:
    opened: list[int] = []

    @contextmanager
    def opening(place: int) -> Iterator[Contestants]:
        opened.append(place)
        yield {"a": lambda: Piece(1, 1.0)}

    alternate_afresh(SHORT, opening)
    assert opened == [0, 1]


@pytest.mark.parametrize("settings", [FULL, QUICK], ids=lambda each: each.name)
def test_medians_are_of_at_least_five_rounds(settings: Settings) -> None:
    assert settings.rounds >= 5
