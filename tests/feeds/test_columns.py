from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds.columns import COLUMNS, meant, row_from, value_of
from backroom.feeds.rows import Row, RowFault

CAP = {"type": "item", "external_id": "C1", "title": "Cap"}


def row(**cells: Any) -> Row:
    read = row_from(7, CAP | cells)
    assert isinstance(read, Row), read
    return read


def fault(**cells: Any) -> str:
    read = row_from(7, CAP | cells)
    assert isinstance(read, RowFault), read
    assert read.line == 7
    return read.detail


@pytest.mark.parametrize("name", ["item", "catalog-item", " Item "])
def test_types_have_two_names(name: str) -> None:
    assert row(type=name).kind is ITEM


def test_attributes_keep_their_names() -> None:
    assert row(price=3).attributes == {"title": "Cap", "price": 3}


def test_metadata_columns_become_one_object() -> None:
    cells = {"custom_metadata": {"a": 1}, "custom_metadata.Größe": "M"}
    assert row(**cells).attributes["custom_metadata"] == {"a": 1, "Größe": "M"}


def test_metadata_columns_need_an_object() -> None:
    assert fault(**{"custom_metadata": 3, "custom_metadata.a": "b"}) == (
        "custom_metadata is not an object"
    )


def test_wrong_values_are_left_to_the_server() -> None:
    assert row(price="cheap", images=3).attributes["price"] == "cheap"


def test_unknown_columns_are_named() -> None:
    assert row(colour="red", sku="1").left_out == ("colour", "sku")


def test_items_have_categories() -> None:
    assert row(categories=["hats", "new"]).related == ("hats", "new")
    assert row(categories=[]).related == ()
    assert row().related is None


def test_variants_have_one_item() -> None:
    variant = row(type="variant", item="C1")
    assert (variant.kind, variant.related) == (VARIANT, ("C1",))


def test_categories_have_no_items() -> None:
    category = row(type="category", items=["C1"])
    assert (category.kind, category.related) == (CATEGORY, None)
    assert "items" in category.left_out


@pytest.mark.parametrize("ids", ["hats", [1], [""], {"a": 1}])
def test_categories_are_lists_of_ids(ids: Any) -> None:
    assert fault(categories=ids) == "categories must be a list of external ids"


@pytest.mark.parametrize("item", ["", 1, ["C1"]])
def test_item_is_one_id(item: Any) -> None:
    assert fault(type="variant", item=item) == "item must be an external id"


def test_row_without_type_is_faulty() -> None:
    assert fault(type=None) == "type is missing"


def test_unknown_type_is_faulty() -> None:
    assert fault(type="hat") == "type is 'hat', which is not item, variant or category"


@pytest.mark.parametrize(
    ("external_id", "detail"),
    [(None, "external_id is missing"), (5, "external_id must be text")],
)
def test_external_id_is_needed(external_id: Any, detail: str) -> None:
    assert fault(external_id=external_id) == detail


@settings(deadline=None)
@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_read_as_written(number: float) -> None:
    assert value_of("price", f" {number!r} ") == number


@pytest.mark.parametrize("text", ["19,99", "1.299,00", "nan", "1e999", "0x1", "1_0"])
def test_other_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        value_of("price", text)


def test_whole_numbers_stay_whole() -> None:
    assert isinstance(value_of("inventory_policy", "1"), int)


@pytest.mark.parametrize("text", ["true", "YES", "1"])
def test_published_is_yes(text: str) -> None:
    assert value_of("published", text) is True


@pytest.mark.parametrize("text", ["False", "no", " 0 "])
def test_published_is_no(text: str) -> None:
    assert value_of("published", text) is False


def test_other_booleans_are_refused() -> None:
    with pytest.raises(ValueError, match="neither true nor false"):
        value_of("published", "maybe")


def test_lists_are_split_at_bars() -> None:
    assert value_of("categories", " hats | new |") == ["hats", "new"]


def test_lists_may_be_json() -> None:
    assert value_of("images", '["a|b", "c"]') == ["a|b", "c"]


@pytest.mark.parametrize(("column", "text"), [("images", '["a"'), ("custom_metadata", "[1]")])
def test_broken_json_is_refused(column: str, text: str) -> None:
    with pytest.raises(ValueError, match="not a JSON"):
        value_of(column, text)


def test_metadata_may_be_json() -> None:
    assert value_of("custom_metadata", '{"weight": 1.5}') == {"weight": 1.5}


@settings(deadline=None)
@given(st.text())
def test_texts_stay_as_they_are(text: str) -> None:
    assert value_of("colour", text) == text or text == '""'
    assert value_of("title", text) == (text if text != '""' else "")


def test_null_clears_an_attribute() -> None:
    assert row(price=None, description=None).attributes == {
        "title": "Cap",
        "description": None,
        "price": None,
    }


def test_null_says_nothing_elsewhere() -> None:
    assert row(categories=None, colour=None).related is None
    assert row(colour=None).left_out == ()


def test_metadata_may_be_cleared_and_given() -> None:
    cells = {"custom_metadata": None, "custom_metadata.a": "b"}
    assert row(**cells).attributes["custom_metadata"] == {"a": "b"}


def test_ids_lose_the_blanks_round_them() -> None:
    assert value_of("external_id", " C1 ") == value_of("item", "C1 ") == "C1"


def test_misspelt_columns_are_recognised() -> None:
    assert meant("inventory_qantity") == "inventory_quantity"
    assert meant("colour") is None


def test_columns_are_the_attributes() -> None:
    ours = {"type", "categories", "item"}
    theirs = {each.name for kind in (ITEM, VARIANT, CATEGORY) for each in kind.attributes}
    assert set(COLUMNS) == ours | theirs
