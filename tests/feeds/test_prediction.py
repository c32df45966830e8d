"""The prediction against a push that is carried out in thought, by another law than its own."""

from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT, Verb
from backroom.feeds.measures import Measures
from backroom.feeds.pacing import Pacer
from backroom.feeds.prediction import Phase, PredictedSender, predicted_seconds
from backroom.revisions import NEWEST

BURST, STEADY = 75, 750


def sender(turn: float, job: float, shortest: float = 0.0) -> PredictedSender:
    measures = Measures()
    measures.posted(0.0)
    measures.posted(turn)
    measures.completed(0.0, shortest or job)
    if shortest:
        for number in range(400):
            measures.completed(0.0, shortest + (number + 1) * job)
    return PredictedSender(Pacer(NEWEST), measures, most=100)


class FixedWindows:
    """The windows of a server: fixed ones, which open with the first request."""

    def __init__(self) -> None:
        self.windows = {1: (0, 0.0), 60: (0, 0.0)}

    def refuses_until(self, moment: float) -> float | None:
        for length, most in ((1, BURST), (60, STEADY)):
            count, end = self.windows[length]
            if moment < end and count >= most:
                return end
        for length in self.windows:
            count, end = self.windows[length]
            self.windows[length] = (count + 1, end) if moment < end else (1, moment + length)
        return None


def carried_out(jobs: int, turn: float, job: float) -> float:
    """Send so many jobs to a server that refuses what is too fast, and applies one at a time."""
    server = FixedWindows()
    moment = complete = 0.0
    for _ in range(jobs):
        while (again := server.refuses_until(moment)) is not None:
            moment = again
        moment += turn
        complete = max(moment, complete) + job
    return max(moment, complete)


@given(st.integers(1, 4_000), st.floats(0.001, 0.4), st.floats(0.001, 0.2))
def test_prediction_is_within_a_tenth(jobs: int, turn: float, job: float) -> None:
    predicted = predicted_seconds([Phase(ITEM, {Verb.CREATE: jobs})], sender(turn, job), 0.0)
    assert predicted == pytest.approx(carried_out(jobs, turn, job), rel=0.1)


def test_thousand_jobs_take_a_minute() -> None:
    predicted = predicted_seconds([Phase(ITEM, {Verb.CREATE: 1_000})], sender(0.005, 0.01), 0.0)
    assert 62 < predicted < 66


def test_kinds_follow_each_other() -> None:
    phases = [Phase(kind, {Verb.CREATE: 750}) for kind in (CATEGORY, ITEM, VARIANT)]
    one = predicted_seconds(phases[:1], sender(0.005, 0.01), 0.0)
    assert predicted_seconds(phases, sender(0.005, 0.01), 0.0) == pytest.approx(3 * one, rel=0.01)


def test_two_verbs_share_no_window() -> None:
    both = Phase(ITEM, {Verb.CREATE: 750, Verb.UPDATE: 750})
    assert predicted_seconds([both], sender(0.005, 0.01), 0.0) < 30


def test_slow_jobs_are_waited_for() -> None:
    predicted = predicted_seconds([Phase(ITEM, {Verb.CREATE: 200})], sender(0.01, 0.5), 0.0)
    assert predicted == pytest.approx(100, rel=0.05)


def test_requests_before_count() -> None:
    earlier = sender(0.005, 0.01)
    for _ in range(STEADY):
        earlier.pacer.windows("POST /api/catalog-item-bulk-create-jobs").count(0.0)
    predicted = predicted_seconds([Phase(ITEM, {Verb.CREATE: 1})], earlier, 20.0)
    assert 40 < predicted < 41


def test_jobs_under_way_count() -> None:
    found = sender(0.005, 0.5)
    waiting = PredictedSender(found.pacer, found.measures, 100, running=10)
    assert predicted_seconds([], waiting, 0.0) == pytest.approx(5)


@given(st.integers(0, 300), st.integers(0, 300))
def test_verbs_take_turns(creates: int, updates: int) -> None:
    operations = list(Phase(ITEM, {Verb.CREATE: creates, Verb.UPDATE: updates}).operations)
    assert sorted(Counter(operations).values()) == sorted(n for n in (creates, updates) if n)
    half = Counter(operations[: len(operations) // 2])
    assert all(abs(n - creates / 2) <= 2 or abs(n - updates / 2) <= 2 for n in half.values())
    assert math.isclose(len(operations), creates + updates)
