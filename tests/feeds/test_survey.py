from __future__ import annotations

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds.rows import Row, RowFault
from backroom.feeds.survey import survey

FAULT = RowFault(3, "is not JSON")


def test_rows_are_counted_by_kind() -> None:
    found = survey([Row(1, ITEM, "a", {}), Row(2, ITEM, "b", {}), Row(4, VARIANT, "c", {})])
    assert found.rows == {"item": 2, "variant": 1}


def test_faults_are_kept() -> None:
    assert survey([FAULT, Row(4, ITEM, "a", {})]).faults == [FAULT]


def test_unknown_columns_are_told_once() -> None:
    rows = [Row(line, ITEM, "a", {}, left_out=("colour",)) for line in (2, 5, 9)]
    (unknown,) = survey(rows).unknown.values()
    assert str(unknown) == (
        "colour: unknown in 3 catalog-item rows, first in line 2; left out "
        "(custom_metadata.colour would keep it)"
    )


def test_likely_names_are_offered() -> None:
    (unknown,) = survey([Row(2, ITEM, "a", {}, left_out=("Tittle",))]).unknown.values()
    assert str(unknown) == (
        "Tittle: unknown in 1 catalog-item row, first in line 2; left out (did you mean title?)"
    )
