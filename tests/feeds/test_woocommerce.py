from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feeds.reading import Read, table

if TYPE_CHECKING:
    from pathlib import Path

HEAD = (
    "ID,Type,SKU,Name,Published,"
    "In stock?,Stock,Backorders allowed?,Sale price,Regular price,"
    "Date sale price starts,Date sale price ends,Parent,Attribute 1 name,Attribute 1 value(s)"
)


HEAD_OF_PARENTS = "ID,Type,SKU,Name,Regular price,Parent"


def read(path: Path, *rows: str, head: str = HEAD) -> Read:
    return Read(path, table(head, *rows), shop_url="https://a.example/{id}")


def test_variations_find_their_parents(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "2,variation,,,1,1,,,,5,,,P,Size,S",
        "3,variation,,,1,1,,,,4,,,id:1,Size,M",
        '1,variable,P,Cap,1,1,,,,,,,,Size,"S, M"',
        "4,variation,,,1,1,,,,6,,,p,Size,",
    )
    assert {each.related for each in found.of("variant").values()} == {("1",)}
    assert found.item("1")["price"] == 4
    assert found.variant("2")["title"] == "Cap - S"
    assert found.variant("4")["custom_metadata"] == {"Regular price": "6"}


@pytest.mark.parametrize(
    ("parent", "detail"),
    [("GONE", "no product of the file is 'GONE'"), ("", "is empty"), ("1", "no product")],
)
def test_orphans_are_faults(tmp_path: Path, parent: str, detail: str) -> None:
    found = read(
        tmp_path, "1,simple,S,Cap,1,1,,,,5,,,,,", f"2,variation,,,1,1,,,,5,,,{parent},Size,S"
    )
    (fault,) = found.faults
    assert (fault.line, fault.column, fault.external_id) == (3, "Parent", "2")
    assert detail in fault.detail


def test_ids_are_id_sku_or_name(tmp_path: Path) -> None:
    head = "ID,Type,SKU,Name,Regular price"
    found = read(tmp_path, "1,simple,S,A,1", ",simple,S2,B,1", ",simple,,Über Größe,1", head=head)
    assert list(found.of("item")) == ["1", "S2", "uber-große"]
    assert found.variant("1")["sku"] == "S"


def test_variations_without_ids_have_their_options(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        ",variable,P,Cap,1,1,,,,,,,,,",
        ",variation,,,1,1,,,,5,,,P,Size,S",
        ",variation,,,1,1,,,,5,,,P,Size,S",
    )
    assert list(found.of("variant")) == ["P/S", "P/S/2"]


@pytest.mark.parametrize(
    ("cells", "stock"),
    [
        ("1,5,0", (1, 5)),
        ("1,5,notify", (2, 5)),
        ("1,,0", (2, 0)),
        ("0,,0", (1, 0)),
        ("0,,1", (1, 0)),
        ("outofstock,,notify", (1, 0)),
        ("backorder,,0", (2, 0)),
        ("1,-3,1", (2, 0)),
        ("0,parent,0", (1, 0)),
    ],
)
def test_stock_is_the_policy_of_the_service(
    tmp_path: Path, cells: str, stock: tuple[int, int]
) -> None:
    assert read(tmp_path, f"1,simple,S,Cap,1,{cells},,5,,,,,").stock("1") == stock


@pytest.mark.parametrize(
    ("days", "price"),
    [
        (",", 3),
        ("2026-01-15,2026-01-15", 3),
        ("2026-01-16,", 5),
        (",2026-01-14 23:59:59", 5),
        ("15.01.2026,", 3),
        ("soon,", 5),
    ],
)
def test_sale_price_holds_on_its_days(tmp_path: Path, days: str, price: float) -> None:
    found = read(tmp_path, f"1,simple,S,Cap,1,1,,,3,5,{days},,,")
    assert found.item("1")["price"] == price
    assert found.item("1")["custom_metadata"]["Sale price"] == "3"


@pytest.mark.parametrize(
    ("published", "expected"), [("1", True), ("0", False), ("-1", False), ("1.00", True)]
)
def test_published_is_a_number(tmp_path: Path, published: str, *, expected: bool) -> None:
    assert (
        read(tmp_path, f"1,simple,S,Cap,{published},1,,,,5,,,,,").item("1")["published"] is expected
    )


def test_hidden_is_not_published(tmp_path: Path) -> None:
    head = "ID,Type,Name,Regular price,Visibility in catalog"
    assert not read(tmp_path, "1,simple,Cap,5,hidden", head=head).item("1")["published"]


def test_external_products_have_their_address(tmp_path: Path) -> None:
    head = "ID,Type,Name,Regular price,External URL"
    assert (
        read(tmp_path, "1,external,Cap,5,https://b.example", head=head).item("1")["url"]
        == "https://b.example"
    )


def test_grouped_products_have_no_variant(tmp_path: Path) -> None:
    found = read(tmp_path, "1,grouped,G,Set,1,1,,,,,,,,,")
    assert list(found.of("item")) == ["1"]
    assert not found.of("variant")
    assert "Grouped products" in [each.column for each in found.warnings]


def test_last_row_of_an_id_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "1,simple,S,Old,1,1,,,,5,,,,,", "1,simple,S,New,1,1,,,,6,,,,,")
    assert found.item("1")["title"] == "New"
    assert [each.line for each in found.warnings if each.column == "ID"] == [2]


def test_grouped_products_have_their_least_price(tmp_path: Path) -> None:
    head = "ID,Type,SKU,Name,Regular price,Grouped products"
    found = read(
        tmp_path, '9,grouped,,Set,,"a, id:2"', "1,simple,A,X,7,", "2,simple,,Y,6,", head=head
    )
    assert found.item("9")["price"] == 6
    assert "9" not in found.of("variant")
    assert [each.column for each in found.warnings] == ["Images"]


def test_grouped_variable_products_give_their_least_price(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "2,variation,A-S,X - S,4,,A",
        "9,grouped,,Set,,A,",
        "1,variable,A,X,,,",
        head="ID,Type,SKU,Name,Regular price,Grouped products,Parent",
    )
    assert found.item("9")["price"] == 4


def test_variable_products_without_variations_keep_their_price(tmp_path: Path) -> None:
    found = read(tmp_path, "1,variable,A,X,7", head="ID,Type,SKU,Name,Regular price")
    assert found.item("1")["price"] == 7
    (warning, _) = found.warnings
    assert (warning.column, warning.value) == ("Type", "variable")
    assert "no variants" in warning.detail


@pytest.mark.parametrize(
    ("cell", "title"),
    [("'-5", "-5"), ("'=A", "=A"), ("'@x", "@x"), ("'+1", "+1"), ("'x", "'x"), ("''-", "''-")],
)
def test_guards_of_formulas_are_taken_out(tmp_path: Path, cell: str, title: str) -> None:
    assert read(tmp_path, f"1,simple,{cell}", head="ID,Type,Name").item("1")["title"] == title


def test_repeated_columns_are_said(tmp_path: Path) -> None:
    found = read(tmp_path, "1,simple,A,7,8", head="ID,Type,Name,Regular price,regular price")
    assert found.item("1")["price"] == 7
    assert "the first counts: 7" in found.warnings[0].detail


def test_prices_stay_where_the_file_has_none(tmp_path: Path) -> None:
    found = read(tmp_path, "A,Cup,<b>x</b>", "B,Mug,", head="SKU,Name,Short description")
    assert "price" not in found.item("A")
    assert [each.column for each in found.warnings].count("Regular price") == 1


def test_wrong_stock_keeps_the_price(tmp_path: Path) -> None:
    found = read(tmp_path, "1,simple,A,Cup,1,1,many,,,7,,,,,")
    assert found.item("1")["price"] == 7
    assert [each.column for each in found.faults] == ["Stock"]


def test_rows_that_fail_have_no_remarks(tmp_path: Path) -> None:
    found = read(tmp_path, "1,simple,A,,1,1,,,,,,,,,")
    assert [each.column for each in found.faults] == ["Name"]
    assert not found.warnings


def test_variable_products_need_no_price_of_their_own(tmp_path: Path) -> None:
    found = read(tmp_path, "1,variable,A,X,,", "2,variation,,Y,x,A", head=HEAD_OF_PARENTS)
    assert [each.advice for each in found.warnings][:1] == ["give its variations prices"]
    found = read(tmp_path, "1,variable,A,X,,", "2,simple,B,Y,5,", head=HEAD_OF_PARENTS)
    assert "neither variants nor a price" in found.warnings[0].detail
    assert [each.column for each in found.warnings] == ["Type", "Images"]


@pytest.mark.parametrize(("price", "said"), [("15.990", 1), ("15.99", 0), ("15990", 0)])
def test_prices_of_two_readings_are_said(tmp_path: Path, price: str, said: int) -> None:
    found = read(tmp_path, f"1,simple,A,X,{price}", head="ID,Type,SKU,Name,Regular price")
    assert sum("two ways" in each.detail for each in found.warnings) == said


def test_missing_price_column_is_said_once(tmp_path: Path) -> None:
    head = "ID,Type,SKU,Name,Images,Parent"
    image = "https://a.example/1.jpg"
    found = read(
        tmp_path,
        f"1,simple,S,A,{image},",
        f"2,variable,P,B,{image},",
        f"3,variation,Q,B - S,{image},P",
        head=head,
    )
    assert [each.column for each in found.warnings] == ["Regular price"]
    assert "price" not in found.item("1")
    assert "price" not in found.item("2")


def test_empty_price_is_no_price(tmp_path: Path) -> None:
    found = read(tmp_path, "1,simple,S,A,,", head=HEAD_OF_PARENTS)
    assert found.item("1")["price"] is None
    (detail,) = [each.detail for each in found.warnings if each.column == "Regular price"]
    assert detail.endswith("its one variant is rejected (SKU S)")
