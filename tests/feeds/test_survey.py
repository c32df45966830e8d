from __future__ import annotations

from backroom.catalog.kinds import ITEM
from backroom.feeds.rows import Row, RowFault
from backroom.feeds.survey import Survey

FAULT = RowFault(3, "is not JSON")


def survey(rows: list[Row]) -> Survey:
    found = Survey()
    assert list(found.watch(rows)) == rows
    return found


def test_rows_and_findings_go_by() -> None:
    found = Survey()
    rows: list[Row | RowFault] = [Row(1, ITEM, "a", {}), FAULT]
    assert list(found.watch(rows)) == rows
    assert found.found == 2


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
