from __future__ import annotations

import io

import pytest

from backroom.feeds.carriers import DelimitedTable, TableColumns, WorkbookTable


def test_columns_beyond_the_most_are_left_out() -> None:
    columns = TableColumns(most=2)
    columns.add([("a", "1"), ("a", "2"), ("b", "3")])
    assert columns.headings([]) == ["a", "a"]
    assert columns.fitting([("a", "1"), ("b", "3")]) == [("a", "1")]


def test_safe_cells_have_an_apostrophe() -> None:
    file = io.BytesIO()
    table = DelimitedTable(file, ",", safe=True)
    table.begin(["a", "b"])
    table.write([("a", "=1+1"), ("b", "-5")])
    table.end()
    assert file.getvalue() == b"a,b\r\n'=1+1,-5\r\n"
    assert table.changed_cells == 1


@pytest.mark.parametrize(("text", "held"), [("=1", "=1"), ("a\rb", "a\nb"), ("\x01c", "c")])
def test_workbook_holds_texts_as_texts(text: str, held: str) -> None:
    table = WorkbookTable(io.BytesIO(), lambda _: False)
    assert table.carried([("a", text)]) == [("a", held)]
