"""Rows of a feed completed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.testing.plain_rows import completed_rows, is_whole

if TYPE_CHECKING:
    from backroom.testing import Server

CAP = {"type": "item", "external_id": "cap"}


@pytest.mark.parametrize(
    ("row", "plain"),
    [
        (CAP, {"title": "cap", "description": "", "url": "https://shop.example/cap"}),
        ({"type": "catalog-category", "external_id": "hats"}, {"name": "hats"}),
        ({"type": "item", "external_id": "cap", "title": "Cap"}, {"title": "Cap"}),
    ],
)
def test_plain_values_are_filled_in(row: dict[str, Any], plain: dict[str, Any]) -> None:
    (found,) = completed_rows([row], [])
    assert found.items() >= (row | plain).items()
    assert is_whole(found)


def test_values_that_exist_stay() -> None:
    existing = {**CAP, "title": "Cap", "description": "Red.", "url": "u", "price": 5}
    assert completed_rows([{**CAP, "price": 6}], [existing]) == [{**existing, "price": 6}]


@pytest.mark.parametrize("row", [{"external_id": "cap"}, {"type": "item"}, {"type": "hat"}])
def test_unknown_rows_are_left_alone(row: dict[str, Any]) -> None:
    assert completed_rows([row], []) == [row]


def test_server_takes_completed_rows(in_thread: Server) -> None:
    account = in_thread.account()
    account.seed([{"type": "category", "external_id": "hats"}, {**CAP, "categories": ["hats"]}])
    account.seed([{"type": "variant", "external_id": "cap-s", "item": "cap"}])
    account.seed([{**CAP, "price": 3}])
    (cap,) = account.resources("item")
    assert (cap["title"], cap["price"], cap["categories"]) == ("cap", 3, ["hats"])
    assert account.resources("variant")[0]["item"] == "cap"
