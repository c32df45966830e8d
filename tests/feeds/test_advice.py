from __future__ import annotations

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds.advice import record_fault, refused, shown
from backroom.feeds.rows import TOO_LONG, Row

CAP = Row(3, ITEM, "C1", {"price": "cheap"}, ("hats",))
HATS = Row(2, CATEGORY, "hats", {})
CAP_M = Row(4, VARIANT, "C1-M", {"inventory_policy": 3}, ("C1",))


@pytest.mark.parametrize(
    ("row", "detail", "member", "advice"),
    [
        (CAP, "No.", "price", "Write a number with a point, such as 1299.95."),
        (CAP_M, "No.", "inventory_policy", "Write 0 or 1 or 2."),
        (CAP, "It already exists.", "", "Import the feed with --mode upsert, which updates what"),
        (CAP, "It does not exist.", "", "Import the feed with --mode upsert, which creates what"),
        (
            HATS,
            CATEGORY.missing_write,
            "",
            "Import the feed with --mode upsert, which creates what",
        ),
        (CAP, "is larger than the server takes", "", "Shorten the texts or the metadata"),
        (CAP, "Invalid category information.", "", "Add a row for each category that this row"),
        (CAP_M, "An item `C1` does not exist.", "", "Add a row for each item that this row"),
        (CAP_M, "It does not exist.", "item/data/id", "Add a row for each item that this row"),
        (CAP, "It already exists.", "external_id", "Import the feed with --mode upsert, which upd"),
        (CAP, "No.", "", ""),
    ],
)
def test_advice_says_what_to_change(row: Row, detail: str, member: str, advice: str) -> None:
    fault = refused(row, detail, member)
    assert fault.advice.startswith(advice)
    assert bool(fault.advice) == bool(advice)


def test_fault_shows_the_value() -> None:
    fault = refused(CAP, "No.", "price")
    assert (fault.line, fault.column, fault.value) == (3, "price", "cheap")


def test_fault_shows_what_a_row_leads_to() -> None:
    fault = refused(CAP_M, "An item `C1` does not exist.", "item/data/id")
    assert (fault.column, fault.value) == ("item", "C1")


@pytest.mark.parametrize("member", ["id", "external_id"])
def test_fault_shows_the_id(member: str) -> None:
    fault = refused(CAP, "No.", member)
    assert (fault.column, fault.value) == ("external_id", "C1")


def test_long_values_are_cut() -> None:
    assert shown(None) == ""
    assert shown({"a": 1}) == '{"a":1}'
    assert len(shown("x" * 999)) == 201


@pytest.mark.parametrize(
    ("detail", "word"),
    [
        ("has 3 cells where the first line has 2", "quotes round it"),
        ("is not CSV: unexpected end of data", "Close the quotes"),
        ("is not text in the encoding of the file", "--encoding"),
        (TOO_LONG, "Shorten"),
        ("is something else", ""),
    ],
)
def test_records_that_cannot_be_read_have_advice(detail: str, word: str) -> None:
    assert word in record_fault(1, detail).advice


def test_advice_names_the_largest_metadata() -> None:
    row = Row(3, ITEM, "C1", {"custom_metadata": {"a": "x", "Meta: _page": "x" * 5000}})
    fault = refused(row, "Ensure this field has no more than 100,000 bytes.", "custom_metadata")
    assert fault.advice.startswith("Leave 'Meta: _page' out, which has 5,002 bytes, or shorten it.")
