"""Durations in buckets."""

from __future__ import annotations

from backroom.signals.durations import Durations


def counted(*seconds: float) -> Durations:
    made = Durations((0.1, 1.0))
    for each in seconds:
        made.add(each)
    return made


def test_a_bound_belongs_to_its_bucket() -> None:
    assert counted(0.05, 0.1, 0.5, 2.0).counts == [2, 1, 1]


def test_buckets_hold_all_that_are_shorter() -> None:
    assert counted(0.05, 0.5, 2.0).cumulative() == [("0.1", 1.0), ("1.0", 2.0), ("+Inf", 3.0)]


def test_merging_adds() -> None:
    both = counted(0.5, 2.0)
    both.merge(counted(0.25))
    assert (both.counts, both.total) == ([0, 2, 1], 2.75)
