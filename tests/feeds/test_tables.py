from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds.rows import FeedError
from backroom.feeds.tables import FeedTable, checked_delimiter, delimiter_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n", ","),
        ('"a,x";b;c\n', ";"),
        ("a\tb\n1,2,3,4\t5\n", "\t"),
        ("a|b\n", "|"),
        ("sep=;\na;b\n", ";"),
        ("a\n", ","),
        ("\n\na;b\n", ";"),
    ],
)
def test_delimiter_is_that_of_the_headings(tmp_path: Path, text: str, delimiter: str) -> None:
    (tmp_path / "a").write_text(text)
    assert delimiter_of(tmp_path / "a", "utf-8") == delimiter


def test_pairs_are_cells_with_something(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a,b,c\n1,, \n,,3\n", encoding="utf-8")
    pairs = list(FeedTable(tmp_path / "a", "utf-8").pairs())
    assert pairs == [(2, [("a", "1"), ("c", " ")]), (3, [("c", "3")])]


def test_pairs_have_their_lines(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('\ufeff A ,,b\n1,"x\ny",3\n1\n1,2,3,4\n', encoding="utf-8")
    table = FeedTable(tmp_path / "a", "utf-8")
    assert table.header() == ["A", "(column 2)", "b"]
    assert list(table.pairs()) == [
        (2, [("A", "1"), ("(column 2)", "x\ny"), ("b", "3")]),
        (4, "has 1 cells where the first line has 3"),
        (5, "has 4 cells where the first line has 3"),
    ]


def test_line_of_excel_is_no_heading(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("sep=;\na;b\n1;2\n")
    assert list(FeedTable(tmp_path / "a", "utf-8", ";").pairs()) == [(3, [("a", "1"), ("b", "2")])]


def test_name_of_a_table_is_no_heading(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("products\na,b,c,d\n1,2,3,4\n")
    table = FeedTable(tmp_path / "a", "utf-8")
    assert table.header() == ["a", "b", "c", "d"]
    assert [line for line, _ in table.pairs()] == [3]


def test_one_heading_above_one_cell_stays(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a\n1\n2\n")
    assert [line for line, _ in FeedTable(tmp_path / "a", "utf-8").pairs()] == [2, 3]


def test_broken_headings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('"a\n')
    with pytest.raises(FeedError, match="can't be read: its first line is not CSV"):
        FeedTable(tmp_path / "a", "utf-8").header()


def test_delimiters_have_names() -> None:
    assert [checked_delimiter(each) for each in ("comma", "Tab", "\\t", "^")] == [
        ",",
        "\t",
        "\t",
        "^",
    ]
    for wrong in ("", ";;", '"', "\n"):
        with pytest.raises(FeedError, match="is not one character"):
            checked_delimiter(wrong)
