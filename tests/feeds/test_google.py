from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feeds.reading import Read, table

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "id\ttitle\tlink\tprice\tavailability\titem_group_id\tbrand\tproduct_type"


def read(path: Path, *rows: str, head: str = HEAD) -> Read:
    return Read(path, table(head, *rows))


def test_group_is_one_item(tmp_path: Path) -> None:
    found = read(
        tmp_path, "a\tA\tu\t5 EUR\t\tg\t\t", "b\tB\tu\t6 EUR\t\t\t\t", "c\tC\tu\t4 EUR\t\tg\t\t"
    )
    assert list(found.of("item")) == ["g", "b"]
    assert found.item("g")["title"] == "A"
    assert found.item("g")["price"] == 4
    assert {each: row.related for each, row in found.of("variant").items()} == {
        "a": ("g",),
        "b": ("b",),
        "c": ("g",),
    }


def test_differing_rows_are_warned_of(tmp_path: Path) -> None:
    found = read(tmp_path, "a\tA\tu\t5\t\tg\tOne\tX", "b\tB\tu\t5\t\tg\tTwo\tY")
    assert [
        (each.line, each.column, each.value) for each in found.warnings if "differs" in each.detail
    ] == [
        (3, "product_type", "Y"),
        (3, "brand", "Two"),
    ]
    assert found.of("item")["g"].related == ("X",)


@pytest.mark.parametrize(
    ("availability", "stock"),
    [
        ("in stock", (2, 0)),
        ("in_stock", (2, 0)),
        ("out of stock", (1, 0)),
        ("preorder", (2, 0)),
        ("", (2, 0)),
        ("perhaps", (2, 0)),
    ],
)
def test_availability_is_a_policy(
    tmp_path: Path, availability: str, stock: tuple[int, int]
) -> None:
    found = read(tmp_path, f"a\tA\tu\t5\t{availability}\t\t\t")
    assert found.stock("a") == stock
    assert bool([each for each in found.warnings if each.column == "availability"]) == (
        availability == "perhaps"
    )


@pytest.mark.parametrize(
    ("days", "price"), [("", 3), ("2026-01-01/2026-01-31T23:59Z", 3), ("2026-02-01/2026-03-01", 5)]
)
def test_sale_price_holds_on_its_days(tmp_path: Path, days: str, price: float) -> None:
    head = "id\ttitle\tlink\tprice\tsale_price\tsale_price_effective_date"
    assert read(tmp_path, f"a\tA\tu\t5 EUR\t3 EUR\t{days}", head=head).item("a")["price"] == price


def test_types_make_their_ancestors(tmp_path: Path) -> None:
    found = read(tmp_path, "a\tA\tu\t5\t\t\t\tHome > Kitchen, Dining>Pots")
    assert list(found.of("category")) == [
        "Home",
        "Home > Kitchen, Dining",
        "Home > Kitchen, Dining > Pots",
    ]


def test_last_row_of_an_id_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "a\tOld\tu\t5\t\t\t\t", "a\tNew\tu\t5\t\t\t\t")
    assert found.item("a")["title"] == "New"
    assert [each.line for each in found.warnings if each.column == "id"] == [2]


def test_empty_cells_are_named(tmp_path: Path) -> None:
    item, variant = read(tmp_path, "\t\tu\tcheap\t\t\t\t").faults
    assert (item.column, item.detail) == ("id", "is empty; title: is empty")
    assert variant.detail == "'cheap' is not a number"


def test_repeated_prices_are_said(tmp_path: Path) -> None:
    found = Read(
        tmp_path, table("id\ttitle\tlink\tprice\tprice", "1\tMug\thttps://a/1\t9.00 EUR\t8.00 USD")
    )
    assert found.variant("1")["price"] == 9
    (warning,) = [each for each in found.warnings if each.column == "price"]
    assert (warning.value, "9.00 EUR" in warning.detail) == ("8.00 USD", True)


@pytest.mark.parametrize(
    ("availability", "policy"),
    [("Available", 2), ("https://schema.org/OutOfStock", 1), ("Sold out", 1), ("InStock", 2)],
)
def test_availability_has_many_words(tmp_path: Path, availability: str, policy: int) -> None:
    head = "id\ttitle\tlink\timage_link\tprice\tavailability"
    row = f"1\tMug\thttps://a/1\thttps://a/1.jpg\t9.00 EUR\t{availability}"
    found = Read(tmp_path, table(head, row))
    assert found.stock("1") == (policy, 0)
    assert not found.warnings
