from __future__ import annotations

import pytest

from backroom.feeds.measures import Mean, Measures


def test_mean_of_few_is_exact() -> None:
    mean = Mean(9.0)
    assert mean.now() == 9.0
    for value in (1.0, 2.0, 6.0):
        mean.take(value)
    assert mean.now() == pytest.approx(3.0)


def test_mean_follows_a_change() -> None:
    mean = Mean(0.0)
    for value in [1.0] * 100 + [2.0] * 200:
        mean.take(value)
    assert mean.now() == pytest.approx(2.0, rel=0.02)


def test_turn_has_no_pauses() -> None:
    measures = Measures()
    measures.posted(10.0)
    measures.rested(4.0)
    measures.posted(14.5)
    assert measures.turn == pytest.approx(0.5)


def test_turn_is_guessed_from_reads() -> None:
    measures = Measures()
    measures.answered("GET", 0.1)
    measures.answered("POST", 5.0)
    assert measures.turn == pytest.approx(0.1)
    measures.compared(1_000, 5.0)
    assert measures.turn == pytest.approx(0.6)


def test_job_takes_a_while_even_at_a_quick_target() -> None:
    measures = Measures()
    measures.answered("GET", 0.001)
    assert measures.job == 0.02
    measures.answered("GET", 0.2)
    measures.answered("GET", 0.2)
    assert measures.job == pytest.approx(0.2)


def test_jobs_that_wait_for_each_other() -> None:
    measures = Measures()
    for number in range(1, 6):
        measures.completed(0.0, number * 2.0)
    assert measures.job == pytest.approx(2.0)
    assert measures.shortest_job == pytest.approx(2.0)


def test_jobs_side_by_side() -> None:
    measures = Measures()
    for number in range(100):
        measures.completed(number * 0.1, number * 0.1 + 20)
    assert measures.shortest_job == pytest.approx(20)
    assert measures.job < 1.5
