from __future__ import annotations

import pytest

from backroom.feeds.reading_back import ADDED, LOST, outcome_of


@pytest.mark.parametrize(
    ("wanted", "found", "outcome"),
    [
        (1, 1.0, ""),
        (1, True, LOST),
        ("", "x", ADDED),
        ("x", "", LOST),
        ({"a": 1}, {"a": 1, "b": 2}, ADDED),
        ({"a": 1}, {"a": "1"}, LOST),
    ],
)
def test_outcome_names_what_becomes_of_a_value(wanted: object, found: object, outcome: str) -> None:
    assert outcome_of(wanted, found) == outcome
