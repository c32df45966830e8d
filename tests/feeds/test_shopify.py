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
        (",,", (0, 0)),
    ],
)
def test_stock_is_the_policy_of_the_service(
    tmp_path: Path, cells: str, stock: tuple[int, int]
) -> None:
    assert (
        read(tmp_path, "x,X,,,,shopify,1,deny,1,", f"cap,Cap,,,,{cells},1,").stock("cap") == stock
    )


def test_missing_price_is_null(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,,,S1,,,,,u")
    assert found.item("cap")["price"] is None
    assert [each.column for each in found.warnings if "missing" in each.detail] == ["Variant Price"]
    assert not found.of("variant")


def test_variant_without_price_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,Cap,Size,S,,,,,1,u", "cap,,,M,,,,,,")
    assert [(each.line, each.column) for each in found.faults] == [(3, "Variant Price")]
    assert list(found.of("variant")) == ["cap/S"]


def test_variants_of_a_faulty_item_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, "cap,,Size,S,,,,,1,", "cap,,,M,,,,,x,", "tie,Tie,,,,,,,1,")
    assert [each.line for each in found.faults] == [2, 2, 3]
    assert "its item in line 2 has a fault: Title: is empty" in found.faults[1].detail
    assert list(found.of("item")) == ["tie"]


@pytest.mark.parametrize("cells", ["draft,true", "Archived,true", "active,FALSE", ",no"])
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
