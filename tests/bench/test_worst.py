"""The worst question is chosen by the middle of its rounds, and becomes a row of the table."""

from __future__ import annotations

import pytest

from bench import worst
from bench.cases import Case
from bench.reference import Cost, Line, Reference
from bench.worst import Measured, Turn

PLAIN = Reference(Line(50e-6, 1e-6), Line(0.0, 0.0), Cost(1, 100, 40e-6), Cost(1, 100, 30e-6))


def measured(name: str, *ratios: float, path: str = "/api/catalog-items") -> Measured:
    turns = [Turn(each * 1e-4, each * 2e-4, 1e-4) for each in ratios]
    return Measured(Case(name, path), 100, 1_000, turns)


def test_middle_round_is_the_ratio() -> None:
    assert measured("items", 9.0, 1.0, 2.0).ratio == pytest.approx(2.0)


def test_worst_come_first() -> None:
    found = [measured("a", 1.0), measured("b", 3.0), measured("c", 2.0)]
    assert [each.case.name for each in worst.worst(found, 2)] == ["b", "c"]


def test_row_has_the_worst_and_its_goal() -> None:
    row = worst.row("postgres", [measured("a", 1.0, 1.0), measured("b", 3.0, 3.2)], 800)
    assert row.ratio == pytest.approx(3.1)
    assert not row.met
    assert "the worst of 800 questions: b, " in row.name
    assert worst.row("sqlite", [measured("a", 2.0)], 1).met


def test_later_measurement_counts() -> None:
    seemed, other = measured("a", 2.5), measured("b", 2.6)
    assert worst.over("sqlite", [seemed, other]) == 2
    assert worst.over("sqlite", [seemed, other], [Measured(seemed.case, 1, 1, other.turns)]) == 2
    right = Measured(seemed.case, 1, 1, measured("a", 1.9).turns)
    assert worst.over("sqlite", [seemed, other], [right]) == 1


def test_shapes_have_their_own_plain_answer() -> None:
    def plain(path: str) -> float:
        return worst.plain_time(PLAIN, Measured(Case("", path), 1, 100))

    assert plain("/api/catalog-items") == pytest.approx(51e-6)
    assert plain("/api/catalog-items/$custom:::$default:::a") == 40e-6
    assert plain("/api/catalog-item-bulk-create-jobs/01J000000000000000000000US") == 30e-6


def test_question_is_kept_for_the_report() -> None:
    kept = measured("items", 2.0).document()
    assert (kept["name"], kept["rows"], kept["bytes"]) == ("items", 100, 1_000)
    assert kept["cpu_microseconds"] == pytest.approx(200.0)
    assert kept["ratio"] == pytest.approx(2.0)
