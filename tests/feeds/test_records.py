from __future__ import annotations

from backroom.feeds.fields import Field, Headings
from backroom.feeds.records import FeedRecord, Layout

FIELDS = (Field("title", ("Title",), ""), Field("price", ("Price",), "", "price"))


def layout() -> Layout:
    return Layout(Headings(FIELDS))


def test_cells_go_by_fields() -> None:
    found = layout().record(
        2, [("Title", " Cap "), ("Colour", "red"), ("Price", ""), ("Note", None)]
    )
    assert found == FeedRecord(2, {"title": " Cap "}, {"Colour": "red"})
    assert found.text("title") == "Cap"


def test_repeated_cells_are_lists() -> None:
    found = layout().record(2, [("Title", "a"), ("Title", "b"), ("x", "1"), ("x", "2"), ("x", "3")])
    assert found.texts("title") == ["a", "b"]
    assert found.rest == {"x": ["1", "2", "3"]}


def test_values_are_texts_too() -> None:
    record = FeedRecord(1, {"id": 7, "new": True}, {})
    assert (record.text("id"), record.text("new"), record.text("none")) == ("7", "true", "")


def test_unknown_columns_are_warned_of() -> None:
    found = layout()
    found.record(2, [("Colour", "red"), ("Meta: _x", "1"), ("C (product.metafields.a.b)", "1")])
    found.record(3, [("Colour", "red"), ("Size", "L"), ("D (variant.metafields.a.b)", "1")])
    (warning,) = found.warnings(1)
    assert (warning.line, warning.column) == (1, "Colour, Size")
    assert "'Colour' (first in line 2), 'Size' (first in line 3)" in warning.detail


def test_many_unknown_columns_are_counted() -> None:
    found = layout()
    found.record(2, [(f"x{number}", "1") for number in range(25)])
    (warning,) = found.warnings(1)
    assert warning.detail.startswith("25 columns")
    assert warning.detail.endswith("and 5 more")


def test_cells_of_blanks_are_empty() -> None:
    assert layout().record(2, [("Title", "  "), ("Colour", " \t")]) == FeedRecord(2, {}, {})


def test_numbers_are_evidence() -> None:
    found = layout()
    found.record(2, [("Price", "19,95"), ("Title", "19.95")])
    assert found.numbers.style("point") == "comma"


def test_columns_are_called_as_written() -> None:
    found = layout()
    found.record(2, [("TITLE", "a")])
    assert (found.column("title"), found.column("price")) == ("TITLE", "Price")
