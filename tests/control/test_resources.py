"""The rows of an account's catalog over the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control import resources
from backroom.control.route import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[..., Any]


def row(type_: str, external_id: str, **cells: Any) -> dict[str, Any]:
    texts = {"title": external_id, "description": "", "url": "https://shop.test"}
    known = {"name": external_id} if type_ == "category" else texts
    return {"type": type_, "external_id": external_id, **known, **cells}


SHOP = [
    row("category", "hats"),
    row("category", "sale"),
    row("item", "cap", categories=["sale", "hats"]),
    row("item", "fez"),
    row("variant", "cap-s", item="cap", sku="S", price=1, inventory_quantity=2),
]


@pytest.fixture
def shop(call: Call) -> Call:
    call("POST", "/seed", {"resources": SHOP})
    return call


def test_rows_name_what_they_belong_to(shop: Call) -> None:
    found = {each["external_id"]: each for each in shop("GET", "/resources")}
    assert list(found) == ["hats", "sale", "cap", "fez", "cap-s"]
    assert (found["cap"]["categories"], found["fez"]["categories"]) == (["hats", "sale"], [])
    assert (found["cap-s"]["item"], found["cap-s"]["price"]) == ("cap", 1)


def test_rows_can_be_seeded_again(shop: Call) -> None:
    rows = shop("GET", "/resources")
    shop("POST", "/accounts", {"name": "twin"})
    shop("POST", "/seed", {"account": "twin", "resources": rows})

    def shown(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {k: v for k, v in each.items() if k not in {"created", "updated"}} for each in found
        ]

    assert shown(shop("GET", "/resources", account="twin")) == shown(rows)


@pytest.mark.parametrize("name", ["variant", "catalog-variant"])
def test_one_type_is_listed(shop: Call, name: str) -> None:
    assert [each["external_id"] for each in shop("GET", "/resources", type=name)] == ["cap-s"]


def test_one_resource_is_found(shop: Call) -> None:
    assert [each["title"] for each in shop("GET", "/resources", external_id="fez")] == ["fez"]


def test_unknown_type_is_named(call: Call) -> None:
    with pytest.raises(ControlError, match="'hat' is not a type of resources"):
        call("GET", "/resources", type="hat")


def test_too_many_are_refused(shop: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "MOST_LISTED_RESOURCES", 4)
    with pytest.raises(ControlError, match="page by page"):
        shop("GET", "/resources")
