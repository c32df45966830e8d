"""The reference of a question: lines through plain pages, and what single documents add."""

from __future__ import annotations

import pytest

from bench.reference import Cost, Line, Reference, line, reference

ONE, JOB = Cost(1, 1_000, 40e-6), Cost(1, 500, 50e-6)
REFERENCE = Reference(Line(50e-6, 1e-6), Line(50e-6, 1e-9), ONE, JOB)


def pages(bytes_each: int, start: float, each: float) -> list[Cost]:
    return [Cost(rows, rows * bytes_each, start + rows * each) for rows in (1, 10, 50, 100)]


def test_line_goes_through_its_points() -> None:
    found = line([(1, 3.0), (2, 5.0), (10, 21.0)])
    assert found.start == pytest.approx(1.0)
    assert found.at(100) == pytest.approx(201.0)


def test_larger_pages_never_take_less() -> None:
    assert line([(1, 3.0), (2, 1.0)]) == Line(2.0, 0.0)


def test_page_counts_what_asks_more() -> None:
    assert REFERENCE.page(100, 1_000) == pytest.approx(150e-6)
    assert REFERENCE.page(10, 400_000) == pytest.approx(450e-6)


def test_single_document_adds_to_the_plain_one() -> None:
    assert REFERENCE.single(ONE, 1, 1_000) == ONE.seconds
    assert REFERENCE.single(ONE, 1, 900) == ONE.seconds
    assert REFERENCE.single(JOB, 101, 10_500) == pytest.approx(JOB.seconds + 100e-6)
    assert REFERENCE.single(JOB, 2, 200_500) == pytest.approx(JOB.seconds + 200e-6)


def test_flatter_line_stands_for_bytes() -> None:
    usual, longer = pages(1_000, 50e-6, 1e-6), pages(8_000, 50e-6, 4e-6)
    found = reference(usual, longer, ONE, JOB)
    assert found.rows.each == pytest.approx(1e-6)
    assert found.bytes.each == pytest.approx(4e-6 / 8_000)
    compressed = pages(8_000, 50e-6, 16e-6)
    assert reference(usual, compressed, ONE, JOB).bytes.each == pytest.approx(1e-6 / 1_000)
