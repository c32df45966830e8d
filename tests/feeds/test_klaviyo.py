from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from feeds.reading import Read

if TYPE_CHECKING:
    from pathlib import Path

CAP = {"id": "a", "title": "Cap", "link": "u", "description": "", "image_link": "i", "price": 5}


def read(path: Path, *products: dict[str, Any]) -> Read:
    return Read(path, json.dumps([CAP | each for each in products]))


def test_fields_become_attributes(tmp_path: Path) -> None:
    found = read(tmp_path, {"brand": "One", "$weight": 1.5})
    assert found.item("a")["custom_metadata"] == {"brand": "One", "$weight": 1.5}
    assert found.item("a")["image_thumbnail_url"] == "i"
    assert not found.warnings


def test_stock_makes_a_variant(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {},
        {"id": "b", "inventory_quantity": 0, "inventory_policy": 1},
        {"id": "c", "$inventory_quantity": 3.0},
    )
    assert list(found.of("variant")) == ["b", "c"]
    assert (found.stock("b"), found.stock("c")) == ((1, 0), (2, 3))


def test_stock_without_a_price_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, {"price": None, "inventory_quantity": 3})
    (warning,) = found.warnings
    assert (warning.column, "without the variant" in warning.detail) == ("price", True)
    assert not found.of("variant")


@pytest.mark.parametrize("categories", [["x", " y", "x", ""], "x, y", "x,y,"])
def test_categories_are_lists_or_texts(tmp_path: Path, categories: Any) -> None:
    assert read(tmp_path, {"categories": categories}).of("item")["a"].related == ("x", "y")


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"id": None}, "id"),
        ({"title": ""}, "title"),
        ({"link": " "}, "link"),
        ({"price": "x"}, "price"),
        ({"price": -1}, "price"),
    ],
)
def test_wrong_cells_are_named(tmp_path: Path, wrong: dict[str, Any], column: str) -> None:
    (fault,) = read(tmp_path, {"id": "ok"}, wrong).faults
    assert fault.column == column


def test_wrong_policies_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, {"inventory_policy": 7})
    assert [each.column for each in found.faults] == ["inventory_policy"]
    assert list(found.of("item")) == ["a"]


def test_missing_image_and_price_are_warnings(tmp_path: Path) -> None:
    found = read(tmp_path, {"price": None, "image_link": ""}, {"id": "b"})
    assert [each.column for each in found.warnings] == ["price", "image_link"]
    assert found.item("a")["price"] is None


def test_last_of_an_id_counts(tmp_path: Path) -> None:
    found = read(tmp_path, {"title": "Old"}, {"title": "New"})
    assert found.item("a")["title"] == "New"
    assert len(found.rows) == len(found.warnings) == 1


def test_remarks_are_of_rows_that_go_in(tmp_path: Path) -> None:
    bare = {"image_link": None, "price": None}
    found = read(tmp_path, {"title": ""} | bare, {"id": "b"} | bare)
    assert [each.column for each in found.faults] == ["title"]
    assert [each.external_id for each in found.warnings] == ["b", "b"]


def test_replaced_row_of_a_faulty_one_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, {}, {"title": ""})
    assert ["comes again" in each.detail for each in found.warnings] == [True]
    assert [each.column for each in found.faults] == ["title"]
