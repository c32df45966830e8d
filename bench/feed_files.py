"""Feeds of any size in each format, with the columns and the cells that shops' exports have.

Three rows of four are variants and one is their item, where a format has variants. All has about
the length that a shop's own has.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import msgspec

from bench import catalog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_SHOPIFY = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Fulfillment Service,Variant Price,"
    "Variant Compare At Price,Variant Requires Shipping,Variant Taxable,Variant Barcode,Image Src,"
    "Image Position,Image Alt Text,Gift Card,SEO Title,SEO Description,"
    "Google Shopping / Google Product Category,Google Shopping / Gender,"
    "Google Shopping / Age Group,Google Shopping / MPN,Google Shopping / AdWords Grouping,"
    "Google Shopping / AdWords Labels,Google Shopping / Condition,"
    "Google Shopping / Custom Product,Google Shopping / Custom Label 0,"
    "Google Shopping / Custom Label 1,Google Shopping / Custom Label 2,"
    "Google Shopping / Custom Label 3,Google Shopping / Custom Label 4,Variant Image,"
    "Variant Weight Unit,Variant Tax Code,Cost per item,Status"
)
_WOOCOMMERCE = (
    "ID,Type,SKU,Name,Published,Is featured?,Visibility in catalog,Short description,Description,"
    "Date sale price starts,Date sale price ends,Tax status,Tax class,In stock?,Stock,"
    "Backorders allowed?,Sold individually?,Weight (kg),Length (cm),Width (cm),Height (cm),"
    "Allow customer reviews?,Purchase note,Sale price,Regular price,Categories,Tags,Shipping class,"
    "Images,Download limit,Download expiry days,Parent,Grouped products,Upsells,Cross-sells,"
    "External URL,Button text,Position,Attribute 1 name,Attribute 1 value(s),Attribute 1 visible,"
    "Attribute 1 global,Attribute 2 name,Attribute 2 value(s),Attribute 2 visible,"
    "Attribute 2 global"
)
_GOOGLE = (
    "id,title,description,link,image_link,additional_image_link,availability,price,sale_price,"
    "condition,brand,gtin,google_product_category,product_type,item_group_id,color,size,gender,"
    "age_group,material"
)
_OWN = (
    "type,external_id,title,description,url,price,image_full_url,images,published,categories,item,"
    "sku,inventory_policy,inventory_quantity,custom_metadata.material,custom_metadata.brand"
)
_SIZES = ("S", "M", "L")
_OF_A_PRODUCT = len(_SIZES)


def _products(count: int) -> Iterator[tuple[str, dict[str, Any], list[dict[str, Any]]]]:
    """Give the name of each product, its item, and its variants."""
    for place in range(count):
        made = catalog.attributes(place)
        name = made["external_id"].replace("sku", "product")
        variants = [
            {
                "external_id": f"{name}-{size}",
                "size": size,
                "sku": f"{name}-{size}",
                "price": made["price"] + at,
                "quantity": (place + at) % 40,
            }
            for at, size in enumerate(_SIZES)
        ]
        yield name, made, variants


def _row(columns: str, cells: dict[str, Any]) -> list[Any]:
    return [cells.get(each, "") for each in columns.split(",")]


def _shopify(count: int) -> Iterator[list[Any]]:
    """Four rows for a product: three variants, and an image."""
    for name, item, variants in _products(count):
        for at, variant in enumerate(variants):
            cells = {
                "Handle": name,
                "Option1 Value": variant["size"],
                "Variant SKU": variant["sku"],
                "Variant Grams": 250,
                "Variant Inventory Tracker": "shopify",
                "Variant Inventory Qty": variant["quantity"],
                "Variant Inventory Policy": "deny",
                "Variant Fulfillment Service": "manual",
                "Variant Price": f"{variant['price']:.2f}",
                "Variant Compare At Price": f"{variant['price'] + 10:.2f}",
                "Variant Requires Shipping": "true",
                "Variant Taxable": "true",
                "Variant Barcode": f"'{4006381333931 + at}",
                "Variant Weight Unit": "kg",
                "Cost per item": "7.50",
            }
            if not at:
                cells |= {
                    "Title": item["title"],
                    "Body (HTML)": f"<p>{item['description']}</p>",
                    "Vendor": "Fells",
                    "Type": "Clothing",
                    "Tags": "cotton, season",
                    "Published": "TRUE",
                    "Option1 Name": "Size",
                    "Image Src": item["image_full_url"],
                    "Image Position": 1,
                    "Gift Card": "FALSE",
                    "SEO Title": item["title"],
                    "Google Shopping / Condition": "new",
                    "Status": "active",
                }
            yield _row(_SHOPIFY, cells)
        image = {"Handle": name, "Image Src": item["images"][1], "Image Position": 2}
        yield _row(_SHOPIFY, image)


def _woocommerce(count: int) -> Iterator[list[Any]]:
    """Four rows for a product: the parent, and three variations."""
    for place, (name, item, variants) in enumerate(_products(count)):
        shared = {
            "Published": 1,
            "Is featured?": 0,
            "Visibility in catalog": "visible",
            "Tax status": "taxable",
            "In stock?": 1,
            "Backorders allowed?": 0,
            "Sold individually?": 0,
            "Attribute 1 name": "Size",
            "Attribute 1 global": 1,
        }
        yield _row(
            _WOOCOMMERCE,
            shared
            | {
                "ID": 4 * place + 1,
                "Type": "variable",
                "SKU": name,
                "Name": item["title"],
                "Short description": item["title"],
                "Description": item["description"].replace(". ", ".\\n"),
                "Allow customer reviews?": 1,
                "Categories": "Clothing, Clothing > Shirts",
                "Tags": "cotton, season",
                "Images": ", ".join([item["image_full_url"], *item["images"]]),
                "Position": 0,
                "Attribute 1 value(s)": ", ".join(_SIZES),
                "Attribute 1 visible": 1,
            },
        )
        for at, variant in enumerate(variants):
            yield _row(
                _WOOCOMMERCE,
                shared
                | {
                    "ID": 4 * place + 2 + at,
                    "Type": "variation",
                    "SKU": variant["sku"],
                    "Name": f"{item['title']} - {variant['size']}",
                    "Tax class": "parent",
                    "Stock": variant["quantity"],
                    "Weight (kg)": 0.25,
                    "Regular price": f"{variant['price']:.2f}",
                    "Parent": f"id:{4 * place + 1}",
                    "Position": at + 1,
                    "Attribute 1 value(s)": variant["size"],
                },
            )


def _google(count: int) -> Iterator[dict[str, Any]]:
    """Three rows for a product, which is the group of its variants."""
    for name, item, variants in _products(count):
        for variant in variants:
            yield {
                "id": variant["external_id"],
                "title": f"{item['title']}, {variant['size']}",
                "description": item["description"],
                "link": item["url"],
                "image_link": item["image_full_url"],
                "additional_image_link": item["images"][1],
                "availability": "in_stock",
                "price": f"{variant['price']:.2f} EUR",
                "condition": "new",
                "brand": "Fells",
                "gtin": "4006381333931",
                "google_product_category": "212",
                "product_type": "Clothing > Shirts",
                "item_group_id": name,
                "color": "green",
                "size": variant["size"],
                "gender": "unisex",
                "age_group": "adult",
                "material": "cotton",
            }


def _klaviyo(count: int) -> Iterator[dict[str, Any]]:
    for name, item, _ in _products(count):
        yield {
            "id": name,
            "title": item["title"],
            "link": item["url"],
            "description": item["description"],
            "price": item["price"],
            "image_link": item["image_full_url"],
            "categories": ["Clothing", "Shirts"],
            "inventory_quantity": 25,
            "inventory_policy": 1,
            "brand": "Fells",
            "material": "cotton",
        }


def _own(count: int) -> Iterator[dict[str, Any]]:
    """Four rows for a product, with the API's names."""
    for name, item, variants in _products(count):
        yield {"type": "item"} | item | {"external_id": name}
        for variant in variants:
            yield {
                "type": "variant",
                "external_id": variant["external_id"],
                "item": name,
                "title": f"{item['title']}, {variant['size']}",
                "description": item["description"],
                "sku": variant["sku"],
                "inventory_policy": 1,
                "inventory_quantity": variant["quantity"],
                "price": variant["price"],
                "url": item["url"],
                "image_full_url": item["image_full_url"],
                "published": True,
            }


def _own_cells(count: int) -> Iterator[list[Any]]:
    for each in _own(count):
        metadata = each.pop("custom_metadata", {})
        material = metadata.get("material", "cotton")
        named = {"custom_metadata.material": material, "custom_metadata.brand": "Fells"}
        cells = each | named
        cells["images"] = "|".join(each.get("images", ()))
        cells["published"] = "true" if each["published"] else "false"
        yield _row(_OWN, cells)


def _table(path: Path, columns: str, rows: Iterable[Iterable[Any]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(columns.split(","))
        writer.writerows(rows)


def _workbook(path: Path, columns: str, rows: Iterable[Iterable[Any]]) -> None:
    from openpyxl import Workbook  # it takes a quarter of a second to import

    book = Workbook(write_only=True)
    page = book.create_sheet("Products")
    page.append(columns.split(","))
    for row in rows:
        # A workbook has no cell where there is nothing.
        page.append([None if cell == "" else cell for cell in row])
    book.save(path)


def _rss(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write('<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>\n')
        for each in rows:
            file.write(f"<item>{_elements(each, 'g:')}</item>\n")
        file.write("</channel></rss>\n")


def _atom(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        namespace = 'xmlns:g="http://base.google.com/ns/1.0"'
        file.write(f'<feed xmlns="http://www.w3.org/2005/Atom" {namespace}>\n')
        for each in rows:
            file.write(f"<entry>{_elements(each, 'g:')}</entry>\n")
        file.write("</feed>\n")


def _products_xml(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write("<Products>\n")
        for each in rows:
            cells = each | {"categories": ",".join(each["categories"])}
            file.write(f"<Product>{_elements(cells)}</Product>\n")
        file.write("</Products>\n")


def _elements(cells: dict[str, Any], prefix: str = "") -> str:
    return "".join(
        f"<{prefix}{name}>{escape(str(value))}</{prefix}{name}>\n" for name, value in cells.items()
    )


def _array(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        before = b"[\n"
        for each in rows:
            file.write(before + msgspec.json.format(encode(each), indent=2))
            before = b",\n"
        file.write(b"\n]\n")


def _lines(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for each in rows:
            file.write(encode(each) + b"\n")


WRITERS: dict[str, tuple[int, Callable[[Path, int], None]]] = {
    "JSON Lines": (4, lambda path, count: _lines(path, _own(count))),
    "JSON array": (4, lambda path, count: _array(path, _own(count))),
    "CSV": (4, lambda path, count: _table(path, _OWN, _own_cells(count))),
    "Shopify CSV": (4, lambda path, count: _table(path, _SHOPIFY, _shopify(count))),
    "Shopify workbook": (4, lambda path, count: _workbook(path, _SHOPIFY, _shopify(count))),
    "WooCommerce CSV": (4, lambda path, count: _table(path, _WOOCOMMERCE, _woocommerce(count))),
    "Google TSV": (
        _OF_A_PRODUCT,
        lambda path, count: _table(
            path, _GOOGLE, (_row(_GOOGLE, each) for each in _google(count)), "\t"
        ),
    ),
    "Google RSS": (_OF_A_PRODUCT, lambda path, count: _rss(path, _google(count))),
    "Google Atom": (_OF_A_PRODUCT, lambda path, count: _atom(path, _google(count))),
    "Klaviyo JSON": (1, lambda path, count: _array(path, _klaviyo(count))),
    "Klaviyo XML": (1, lambda path, count: _products_xml(path, _klaviyo(count))),
}
"""How many records a product has in each format, and what writes a file of so many products."""


_ENDINGS = {"Lines": "jsonl", "JSON": "json", "workbook": "xlsx", "TSV": "tsv", "CSV": "csv"}


def ending(name: str) -> str:
    """Give how the name of a file of a format ends."""
    return next((each for word, each in _ENDINGS.items() if word in name), "xml")


def write(name: str, path: Path, records: int) -> Path:
    """Write a feed of about so many records: rows of a table, elements or lines."""
    each, writer = WRITERS[name]
    writer(path, records // each)
    return path
