from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.feeds import comma_separated
from backroom.feeds.comma_separated import numbers_in, records
from backroom.feeds.rows import TOO_LONG, FeedError, Row, RowFault
from backroom.feeds.tables import FeedTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COLUMNS = ["type", "external_id", "title", "description", "custom_metadata.Note"]
GOOD = "item,C1,Cap\n"

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
rows = st.lists(st.tuples(texts, texts, texts, texts), max_size=5)


def read(path: Path) -> Iterator[Row | RowFault]:
    return comma_separated.read(FeedTable(path, "utf-8-sig").rows())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("feed") / "feed.csv"


def read_text(path: Path, text: str, header: str = "type,external_id,title\n") -> list[object]:
    path.write_text(header + text, encoding="utf-8", newline="")
    return [
        (row.line, row.detail) if isinstance(row, RowFault) else row.external_id
        for row in read(path)
    ]


def table(columns: list[str], rows: list[tuple[str, ...]], ends: str) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=ends, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


@settings(deadline=None)
@given(
    rows,
    st.permutations(range(5)),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig"]),
    st.sampled_from([str.upper, str.lower, str.title]),
)
def test_rows_read_as_written(
    path: Path,
    rows: list[tuple[str, ...]],
    order: list[int],
    ends: str,
    encoding: str,
    case: Callable[[str], str],
) -> None:
    columns = [*map(case, COLUMNS[:4]), COLUMNS[4]]
    cells = [("item", *row) for row in rows]
    text = table(
        [columns[index] for index in order],
        [tuple(row[index] for index in order) for row in cells],
        ends,
    )
    path.write_bytes(text.encode(encoding))
    found = [
        (row.external_id, *row.attributes.values()) for row in read(path) if isinstance(row, Row)
    ]
    assert found == [(row[0].strip(), *row[1:3], {"Note": row[3]}) for row in rows]


@settings(deadline=None)
@given(st.lists(st.text("ab ,", min_size=1), max_size=6), st.integers(0, 6))
def test_open_quote_costs_one_line(lines: list[str], position: int) -> None:
    whole = list(records(io.StringIO("\n".join(lines), newline="")))
    broken = [*lines[:position], 'x,"y', *lines[position:]]
    found = list(records(io.StringIO("\n".join(broken), newline="")))
    good = [cells for _, cells in found if not isinstance(cells, str)]
    assert good == [cells for _, cells in whole]
    assert len(found) == len(whole) + 1


def test_quoted_newlines_keep_line_numbers(path: Path) -> None:
    assert read_text(path, 'item,C1,"a\nb\n"\nitem,C2\n') == [
        "C1",
        (5, "has 2 cells where the first line has 3"),
    ]


def test_text_after_a_quote_is_a_fault(path: Path) -> None:
    found = read_text(path, f'item,C0,"Cap" red\n{GOOD}')
    assert found == [(2, "is not CSV: ',' expected after '\"'"), "C1"]


def test_cut_off_file_is_a_fault(path: Path) -> None:
    assert read_text(path, f'{GOOD}item,C2,"Ca') == [
        "C1",
        (3, "is not CSV: unexpected end of data"),
    ]


def test_empty_records_are_passed_over(path: Path) -> None:
    assert read_text(path, f"\n,,\n{GOOD}") == ["C1"]


def test_empty_cells_are_not_given(path: Path) -> None:
    read_text(path, "item,C1, \n")
    (row,) = read(path)
    assert isinstance(row, Row)
    assert row.attributes == {}


def test_other_encodings_are_a_fault(path: Path) -> None:
    path.write_bytes(b"type,external_id\nitem,caf\xe9\nitem,C1\n")
    fault, row = read(path)
    assert isinstance(fault, RowFault)
    assert (fault.line, fault.detail, row.line) == (2, "is not text in the encoding of the file", 3)


def test_all_wrong_cells_are_told(path: Path) -> None:
    header = "type,external_id,price,published,categories\n"
    (found,) = read_text(path, 'item,C1,"19,99",maybe,[\n', header)
    assert found == (
        2,
        (
            "price: '19,99' is not a number as the file writes them (1,299.95); "
            "published: 'maybe' is neither true nor false; "
            "categories: begins with [ but is not a JSON list"
        ),
    )


def test_faults_know_their_row(path: Path) -> None:
    read_text(path, "variant,C1-M,x\n", "type,external_id,price\n")
    (fault,) = read(path)
    assert isinstance(fault, RowFault)
    assert fault.kind
    assert (fault.kind.name, fault.external_id) == ("variant", "C1-M")


def test_wrong_type_beats_wrong_cells(path: Path) -> None:
    found = read_text(path, "hat,C1,x\n", "type,external_id,price\n")
    assert found == [(2, "type is 'hat', which is not item, variant or category")]


def test_nameless_columns_have_a_number(path: Path) -> None:
    read_text(path, "item,C1,x\n", "type,external_id,\n")
    (row,) = read(path)
    assert isinstance(row, Row)
    assert row.left_out == ("(column 3)",)


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("", "is empty: its first line has to name the columns"),
        ("id;title\n", "has no column 'type': its first line has to name the columns"),
        ("type,external_id,Type\n", "has more than one column 'type'"),
        ('type,"external_id\n', "can't be read: its first line is not CSV"),
    ],
)
def test_bad_header_ends_the_reading(path: Path, header: str, detail: str) -> None:
    with pytest.raises(FeedError) as caught:
        read_text(path, "", header)
    assert str(caught.value).startswith(detail)


def test_utf_16_is_refused(path: Path) -> None:
    path.write_bytes("type,external_id\n".encode("utf-16"))
    with pytest.raises(FeedError, match="is not text in the encoding of the file"):
        list(read(path))


def seconds_to_read(lines: int, line: str) -> float:
    text = io.StringIO(line * lines, newline="")
    began = time.process_time()
    found = [number for number, _ in records(text)]
    assert found[-1] <= lines
    return time.process_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("line", ['",a","\n', '"a\n', 'x,"y\n', '"",""a\n'])
def test_open_quotes_take_linear_time(line: str) -> None:
    assert seconds_to_read(60_000, line) < 3


@pytest.mark.slow
def test_lines_after_many_quotes_are_read() -> None:
    text = '",a","\n' * 9_000 + "x,y\n"
    assert list(records(io.StringIO(text, newline="")))[-1] == (9_001, ["x", "y"])


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('"Love" mug\t2\n', ['"Love" mug', "2"]),
        ('"open\t2\n', ['"open', "2"]),
        ('6" mug\t"a ""b"""\n', ['6" mug', 'a "b"']),
        ('"Love" mug\t"two"\r\n', ['"Love" mug', "two"]),
    ],
)
def test_quotes_in_tables_with_tabs_are_text(line: str, cells: list[str]) -> None:
    text = io.StringIO("x\ty\n" + line + "1\t2\n", newline="")
    assert list(records(text, "\t")) == [(1, ["x", "y"]), (2, cells), (3, ["1", "2"])]


def test_cut_row_of_table_with_tabs_is_a_fault() -> None:
    *_, (line, detail) = records(io.StringIO('x\ty\na\t"b\n', newline=""), "\t")
    assert line == 2
    assert "is not CSV" in detail


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('"a, b"  ,c ,"d" \n', ["a, b", "c ", "d"]),
        ('"a" ,"b ""c"" , d",e\r\n', ["a", 'b "c" , d', "e"]),
        ('"a" ,"  , b",c\n', ["a", "  , b", "c"]),
        ('"a\nb" ,c,"d"\n', ["a\nb", "c", "d"]),
    ],
)
def test_blanks_behind_quotes_are_padding(line: str, cells: list[str]) -> None:
    text = io.StringIO("x,y,z\n" + line + "1,2,3\n", newline="")
    last = 3 + cells[0].count("\n")
    assert list(records(text)) == [(1, ["x", "y", "z"]), (2, cells), (last, ["1", "2", "3"])]


def test_empty_cells_between_tabs_are_no_padding() -> None:
    text = io.StringIO('x\ty\tz\n"a" \t\t1\n"b"\t\t2\n', newline="")
    assert list(records(text, "\t"))[1:] == [(2, ["a", "", "1"]), (3, ["b", "", "2"])]


def test_text_behind_padding_is_a_fault() -> None:
    text = io.StringIO('"a" ,b\n"a" c,d\n1,2\n', newline="")
    first, wrong, last = records(text)
    assert (first, last) == ((1, ["a", "b"]), (3, ["1", "2"]))
    assert wrong[0] == 2
    assert "is not CSV" in wrong[1]


@pytest.fixture
def short_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comma_separated, "LONGEST_LINE", 100)


@pytest.mark.usefixtures("short_lines")
def test_long_lines_are_faults(path: Path) -> None:
    long = "x" * 250
    found = read_text(path, f'item,{long}\n{GOOD}item,"\n{long}\n{GOOD}{long}')
    assert found == [
        (2, TOO_LONG),
        "C1",
        (4, TOO_LONG),
        (5, TOO_LONG),
        "C1",
        (7, TOO_LONG),
    ]


@pytest.mark.usefixtures("short_lines")
def test_long_records_cost_one_line(path: Path) -> None:
    found = read_text(path, 'item,C0,"\n' + "item,C1,Cap\n" * 20)
    assert found == [(2, TOO_LONG), *["C1"] * 20]


@pytest.mark.usefixtures("short_lines")
def test_long_header_can_not_be_read(path: Path) -> None:
    with pytest.raises(FeedError, match="its first line is longer than 16 MB"):
        read_text(path, "", header="x" * 250)


def test_faults_name_column_value_and_advice(path: Path) -> None:
    read_text(path, "item,C1,19.99\nitem,C2,x\n", "type,external_id,price\n")
    _, fault = read(path)
    assert isinstance(fault, RowFault)
    assert (fault.line, fault.column, fault.value) == (3, "price", "x")
    assert fault.advice == "write digits alone, and a decimal point"


def test_ids_have_no_blanks_round_them(path: Path) -> None:
    read_text(path, "variant, C1 ,Cap, P1 \n", "type,external_id,title,item\n")
    (row,) = read(path)
    assert isinstance(row, Row)
    assert (row.external_id, row.related) == ("C1", ("P1",))


def test_two_quotes_are_the_empty_text(path: Path) -> None:
    read_text(path, 'item,C1,""\nitem,C2,""""""\n', "type,external_id,description\n")
    nothing, empty = read(path)
    assert isinstance(nothing, Row)
    assert isinstance(empty, Row)
    assert (nothing.attributes, empty.attributes) == ({}, {"description": ""})


def test_longer_rows_are_never_shifted(path: Path) -> None:
    assert read_text(path, f"item,C0,Cap,red\nitem,C1,Cap,\n{GOOD}") == [
        (2, "has 4 cells where the first line has 3"),
        (3, "has 4 cells where the first line has 3"),
        "C1",
    ]


def test_numbers_are_weighed_in_their_columns() -> None:
    rows: list[tuple[int, list[str] | str]] = [
        (1, ["type", "external_id", "Price", "title"]),
        (2, ["item", "C1", "1.299,00", "19.99"]),
        (3, "is broken"),
        (4, ["item"]),
    ]
    assert numbers_in(iter(rows)).style("point") == "comma"
