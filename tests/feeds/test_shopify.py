from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from feeds.reading import Read, table

if TYPE_CHECKING:
    from pathlib import Path

HEAD = (
    "Handle,Title,Option1 Name,Option1 Value,"
    "Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,"
    "Variant Price,Image Src"
)


def read(path: Path, *rows: str, head: str = HEAD) -> Read:
    return Read(path, table(head, *rows), shop_url="https://a.example/{handle}")


def test_sku_is_the_id_if_all_have_one(tmp_path: Path) -> None:
    rows = ("cap,Cap,Size,S,A1,,,,1,", "cap,,,M,A2,,,,1,", "tie,Tie,Title,Default Title,A3,,,,1,")
    assert set(read(tmp_path, *rows).of("variant")) == {"A1", "A2", "A3"}
    assert set(read(tmp_path, *rows, "hat,Hat,,,,,,,1,").of("variant")) == {
        "cap/S",
        "cap/M",
        "tie",
        "hat",
    }
    assert set(read(tmp_path, *rows, "hat,Hat,,,A1,,,,1,").of("variant")) == {
        "cap/S",
        "cap/M",
        "tie",
        "hat",
    }


def test_default_variant_has_no_options(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,Title,Default Title,,shopify,3,deny,1,")
    variant = found.variant("cap")
    assert (variant["title"], variant["custom_metadata"]) == ("Cap", {})
    assert found.of("variant")["cap"].related == ("cap",)


def test_same_options_are_two_variants(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,Size,S,,,,,1,", "cap,,,S,,,,,2,")
    assert list(found.of("variant")) == ["cap/S", "cap/S/2"]


def test_rows_apart_are_one_product(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,,,M,,,,,2,", "tie,Tie,,,,,,,1,", "cap,Cap,Size,S,,,,,1,")
    assert list(found.of("item")) == ["cap", "tie"]
    assert found.variant("cap/M")["title"] == "Cap - M"
    assert found.variant("cap/M")["custom_metadata"] == {"Size": "M"}
    assert found.item("cap")["price"] == 1


def test_row_without_a_handle_follows_the_one_above(tmp_path: Path) -> None:
    head = "Handle,Title,Price,Image Src"
    found = read(tmp_path, "cap,Cap,1,//1", ",,,//2", ",,,//3", "tie,Tie,2,//4", head=head)
    assert found.item("cap")["images"] == ["//1", "//2", "//3"]
    assert found.item("tie")["images"] == ["//4"]
    named = [each for each in found.warnings if each.column == "Handle" and each.value == ""]
    assert [each.line for each in named if "above, cap" in each.detail] == [3, 4]


@pytest.mark.parametrize("rows", [",,,//2", "cap,Cap,1\n,,,//2", "cap,Cap,1,\n,,5,//2"])
def test_row_of_no_product_is_a_fault(tmp_path: Path, rows: str) -> None:
    found = Read(tmp_path, f"Handle,Title,Price,Image Src\n{rows}\n")
    assert "Title" in {each.column for each in found.faults}


def test_addresses_of_the_file_count(tmp_path: Path) -> None:
    head = "handle,title,product_url,image_url,option1,price,inventory_management"
    found = read(tmp_path, "cap,Cap,https://b/cap,//i,Default Title,1,", head=head)
    assert found.item("cap")["url"] == found.variant("cap")["url"] == "https://b/cap"
    assert found.item("cap")["image_full_url"] == "//i"
    assert found.stock("cap") == (0, 0)


def test_rows_with_images_alone_are_images(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,,,,,,,1,u1", "cap,,,,,,,,,u2")
    assert found.item("cap")["images"] == ["u1", "u2"]
    assert len(found.of("variant")) == 1


@pytest.mark.parametrize(
    ("cells", "stock"),
    [
        ("shopify,3,deny", (1, 3)),
        ("shopify,3,CONTINUE", (2, 3)),
        ("shopify,0,FALSE", (1, 0)),
        ("shopify,,TRUE", (2, 0)),
        ("shopify,-2,deny", (1, 0)),
        (",,deny", (0, 0)),
        (",7,deny", (0, 0)),
        (",-7,continue", (0, 0)),
        (",,", (0, 0)),
    ],
)
def test_stock_is_the_policy_of_the_service(
    tmp_path: Path, cells: str, stock: tuple[int, int]
) -> None:
    assert (
        read(tmp_path, "x,X,,,,shopify,1,deny,1,", f"cap,Cap,,,,{cells},1,").stock("cap") == stock
    )


def test_empty_tracker_column_is_untracked(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,,,,,7,deny,1,u")
    assert found.stock("cap") == (0, 0)


def test_no_tracker_column_is_tracked(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,7,1", head="Handle,Title,Variant Inventory Qty,Variant Price")
    assert found.stock("cap") == (1, 7)


def test_no_column_of_quantities_hides_nothing(tmp_path: Path) -> None:
    head = "Handle,Title,Variant Inventory Tracker,Variant Inventory Policy,Price,Image Src"
    rows = ("cap,Cap,shopify,deny,1,u", "tie,Tie,shopify,deny,1,u", "hat,Hat,shopify,continue,1,u")
    found = read(tmp_path, *rows, head=head)
    assert [found.stock(each) for each in ("cap", "tie", "hat")] == [(0, 0), (0, 0), (2, 0)]
    (warning,) = [each for each in found.warnings if "stock" in each.detail]
    assert (warning.line, warning.column) == (2, "Variant Inventory Qty")


@pytest.mark.parametrize(
    ("cells", "stock"),
    [("2,3", 5), ("2,not stocked", 2), ("2,", 2), ("-1,3", 2), ("-4,3", 0), (",", 0)],
)
def test_quantities_of_locations_are_summed(tmp_path: Path, cells: str, stock: int) -> None:
    head = (
        "Handle,Title,Price,Variant Inventory Policy,Inventory Available: A,Inventory Available: B"
    )
    found = read(tmp_path, f"cap,Cap,1,deny,{cells}", head=head)
    assert found.stock("cap") == (1, stock)


def test_unreadable_quantity_of_a_location_is_named(tmp_path: Path) -> None:
    head = "Handle,Title,Price,Inventory Available: A,Inventory Available: B"
    (fault,) = read(tmp_path, "cap,Cap,1,2,few", head=head).faults
    assert (fault.column, fault.value) == ("Inventory Available: A", "2 + few")


@pytest.mark.parametrize(("cell", "sku"), [("'0123", "0123"), ("'A1", "'A1"), ("'-1", "-1")])
def test_apostrophe_before_digits_is_none(tmp_path: Path, cell: str, sku: str) -> None:
    head = "Handle,Title,Price,SKU,Barcode,Note"
    found = read(tmp_path, f"'007,Bond,1,{cell},'0850064060010,'90s", head=head)
    variant = found.variant(sku)
    assert variant["sku"] == sku
    assert variant["custom_metadata"]["Barcode"] == "0850064060010"
    assert (found.item("007")["title"], found.item("007")["custom_metadata"]["Note"]) == (
        "Bond",
        "'90s",
    )


def test_skus_that_an_apostrophe_parts_are_the_same(tmp_path: Path) -> None:
    head = "Handle,Title,Price,SKU"
    found = read(tmp_path, "a,A,1,'01", "b,B,1,01", head=head)
    assert list(found.of("variant")) == ["a", "b"]


def test_blanks_round_cells_are_none(tmp_path: Path) -> None:
    head = "Handle  ,Title  ,Price  ,Variant SKU  ,Image Src  ,Tags  "
    found = read(
        tmp_path, "cap  ,Cap  ,1    ,   ,u1  ,new  ", "cap  ,   ,   ,  ,u2  ,  ", head=head
    )
    assert found.item("cap")["images"] == ["u1", "u2"]
    assert found.item("cap")["custom_metadata"] == {"Tags": "new"}
    assert list(found.of("variant")) == ["cap"]


def test_image_of_a_row_is_not_the_variants(tmp_path: Path) -> None:
    head = "Handle,Title,Option1 Value,Price,Image Src,Variant Image"
    found = read(tmp_path, "cap,Cap,S,1,front,", "cap,,M,1,back,", "cap,,L,1,,l", head=head)
    images = {each: found.variant(each)["image_full_url"] for each in ("cap/S", "cap/M", "cap/L")}
    assert images == {"cap/S": "front", "cap/M": "front", "cap/L": "l"}
    assert found.item("cap")["images"] == ["front", "back"]


def test_item_without_images_has_those_of_variants(tmp_path: Path) -> None:
    head = "Handle,Title,Option1 Value,Price,Image Src,Variant Image"
    found = read(tmp_path, "cap,Cap,S,1,,s", "cap,,M,1,,m", "cap,,L,1,,s", head=head)
    assert found.item("cap")["images"] == ["s", "m"]
    assert found.variant("cap/L")["image_full_url"] == "s"


def test_missing_price_is_null(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,,,S1,shopify,3,,,u")
    assert found.item("cap")["price"] is None
    (warning,) = [each for each in found.warnings if each.column == "Variant Price"]
    assert "is rejected (SKU S1 and stock 3)" in warning.detail
    assert not found.of("variant")


def test_no_column_of_prices_is_said_once(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,u", "tie,Tie,u", head="Handle,Title,Image Src")
    assert [each.column for each in found.warnings if "price" in each.detail] == ["Variant Price"]
    assert len(found.of("item")) == 2


def test_other_title_of_a_handle_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,Size,S,,,,,1,//u", "cap,Hat,,M,,,,,1,", "cap,,,L,,,,,1,")
    (warning,) = found.warnings
    assert (warning.line, warning.column, warning.value) == (3, "Title", "Hat")
    assert "line 2" in warning.detail
    assert found.item("cap")["title"] == "Cap"


def test_image_without_an_address_is_named_once(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,,,,,,,1,cap.jpg", "tie,Tie,,,,,,,1,tie.jpg")
    assert [(each.line, each.value) for each in found.warnings] == [(2, "cap.jpg")]
    assert found.item("tie")["images"] == ["tie.jpg"]


def test_unreadable_price_is_not_missing(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,,,,,,,cheap,//u")
    assert [each.detail for each in found.warnings] == [
        "the item is imported without a price, because its rows with prices have faults"
    ]
    assert [each.value for each in found.faults] == ["cheap"]


def test_price_of_a_row_with_another_fault_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,,,,shopify,few,deny,5,//u")
    assert (found.item("cap")["price"], found.warnings) == (5, [])
    assert [each.value for each in found.faults] == ["few"]


def test_variant_without_price_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,Size,S,,,,,1,u", "cap,,,M,,,,,,")
    assert [(each.line, each.column) for each in found.faults] == [(3, "Variant Price")]
    assert list(found.of("variant")) == ["cap/S"]


def test_variants_of_a_faulty_item_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,,Size,S,,,,,1,", "cap,,,M,,,,,x,", "tie,Tie,,,,,,,1,")
    assert [each.line for each in found.faults] == [2, 2, 3]
    assert "its item in line 2 has a fault in Title: is empty" in found.faults[1].detail
    assert list(found.of("item")) == ["tie"]


@pytest.mark.parametrize(
    "cells", ["draft,true", "Archived,true", "active,FALSE", ",no", "unlisted,true"]
)
def test_some_states_are_not_published(tmp_path: Path, cells: str) -> None:
    found = read(tmp_path, f"cap,Cap,1,{cells}", head="Handle,Title,Variant Price,Status,Published")
    assert found.item("cap")["published"] is found.variant("cap")["published"] is False


def test_type_and_category_are_categories(tmp_path: Path) -> None:
    found = read(
        tmp_path, "cap,Cap,1,A > B,C,tag", head="Handle,Title,Price,Product category,Type,Tags"
    )
    assert list(found.of("category")) == ["A", "A > B", "C"]
    assert found.of("item")["cap"].related == ("A", "A > B", "C")
    assert found.item("cap")["custom_metadata"] == {"Tags": "tag"}


def test_older_headings_are_categories(tmp_path: Path) -> None:
    head = "Handle,Title,Price,Standardized Product Type,Custom Product Type"
    found = read(tmp_path, "cap,Cap,1,A > B,C", head=head)
    assert found.of("item")["cap"].related == ("A", "A > B", "C")


def test_addresses_are_of_the_shop(tmp_path: Path) -> None:
    content = table("Handle,Title,Price", "a b/c,Cap,1", "d,Tie,1")
    found = Read(tmp_path, content, shop_url="https://a.example/p/{handle}?x={sku}")
    assert found.item("a b/c")["url"] == "https://a.example/p/a%20b%2Fc?x=a%20b%2Fc"
    found = Read(tmp_path, content)
    assert found.item("d")["url"] == "https://shop.invalid/products/d"
    assert len([each for each in found.warnings if "--shop-url" in each.advice]) == 1


def test_missing_description_is_empty(tmp_path: Path) -> None:
    assert read(tmp_path, "cap,Cap,,,,,,,1,").item("cap")["description"] == ""


def test_compared_price_is_kept(tmp_path: Path) -> None:
    head = "Handle,Title,Price,Compare-at price,Barcode"
    found = read(tmp_path, 'cap,Cap,1,"2.00",3.65275E+11', head=head)
    assert found.item("cap")["custom_metadata"] == {"Compare-at price": "2.00"}
    assert found.variant("cap")["custom_metadata"]["Barcode"] == "3.65275E+11"


def test_image_position_orders(tmp_path: Path) -> None:
    head = "Handle,Title,Price,Image Src,Image Position"
    found = read(tmp_path, "cap,Cap,1,u2,2", "cap,,,u1,1", "cap,,,u3,x", head=head)
    assert found.item("cap")["images"] == ["u1", "u2", "u3"]
    assert [each.line for each in found.warnings if each.column == "Image Position"] == [4]


def test_handle_of_a_control_character_is_a_handle(tmp_path: Path) -> None:
    found = read(tmp_path, "\x01,Cap,1", head="Handle,Title,Price")
    assert list(found.of("item")) == ["\x01"]
