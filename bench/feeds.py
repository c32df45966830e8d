"""How fast feeds are read: each reader beside the bare library under it, on the same file."""

from __future__ import annotations

import csv
import json
import time
import xml.etree.ElementTree as ET
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.feeds.formats import open_feed
from backroom.feeds.rows import Row as FeedRow
from bench.measuring import Found, Goal, Piece, Row, alternate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.settings import Settings

_PRODUCTS = 10_000
_TEXT = "A shirt of fine wool that is warm in winter, and dry in summer. " * 2
_HEADS = {
    "shopify": "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Variant SKU,"
    "Variant Inventory Qty,Variant Inventory Policy,Variant Price,Image Src,Status",
    "woocommerce": "ID,Type,SKU,Name,Published,Description,In stock?,Stock,Regular price,"
    "Categories,Images",
    "csv": "type,external_id,title,description,url,price,custom_metadata.brand",
}


def measured(directory: Path, settings: Settings) -> Found:
    """Measure files of ten thousand products in each format, from opening to the last row."""
    home = directory / "feeds"
    home.mkdir()
    rows = []
    for name, (write, bare) in _FORMATS.items():
        path = home / name
        write(path)
        figures = alternate(
            settings,
            {"ours": _timed(partial(_read, path)), "bare": _timed(partial(bare, path))},
        )
        rows.append(
            Row(
                f"{name}: products read, beside the bare library",
                Goal(),
                against="library",
                ours=figures["ours"],
                floor=figures["bare"],
            )
        )
    return Found(rows)


def _timed(work: Callable[[], int]) -> Callable[[], Piece]:
    def piece() -> Piece:
        computing, began = time.process_time(), time.perf_counter()
        count = work()
        assert count >= _PRODUCTS, count
        took = time.perf_counter() - began
        return Piece(_PRODUCTS, took, time.process_time() - computing)

    return piece


def _read(path: Path) -> int:
    feed = open_feed(path)
    count = sum(isinstance(row, FeedRow) for row in feed.rows())
    feed.close()
    return count


def _products() -> Iterator[dict[str, Any]]:
    for at in range(_PRODUCTS):
        yield {
            "id": f"shirt-{at}",
            "title": f"Merino shirt {at}",
            "description": _TEXT,
            "link": f"https://shop.example/shirts/{at}",
            "image_link": f"https://shop.example/shirts/{at}.jpg",
            "price": at % 90 + 0.95,
            "brand": "Fells",
        }


def _cells(name: str, each: dict[str, Any]) -> list[Any]:
    identity, title, text, link, image, price, brand = each.values()
    if name == "shopify":
        stock = [7, "deny", price, image, "active"]
        return [identity, title, text, brand, "Shirts", "Size", "M", f"SKU-{identity}", *stock]
    if name == "woocommerce":
        stock = [1, 7, price, "Clothing > Shirts", image]
        return [identity, "simple", f"SKU-{identity}", title, 1, text, *stock]
    return ["item", identity, title, text, link, price, brand]


def _write_table(name: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_HEADS[name].split(","))
            writer.writerows(_cells(name, each) for each in _products())

    return write


def _write_lines(path: Path) -> None:
    rows = (
        {
            "type": "item",
            "external_id": each["id"],
            "title": each["title"],
            "description": each["description"],
            "url": each["link"],
            "price": each["price"],
        }
        for each in _products()
    )
    path.write_bytes(msgspec.json.Encoder().encode_lines(rows))


def _write_array(path: Path) -> None:
    path.write_text(json.dumps(list(_products()), indent=1), encoding="utf-8")


def _write_xml(path: Path) -> None:
    items = (
        "<item>" + "".join(f"<g:{name}>{value}</g:{name}>" for name, value in each.items())
        for each in _products()
    )
    text = "</item>\n".join(items)
    path.write_text(
        f'<rss xmlns:g="http://base.google.com/ns/1.0"><channel>{text}</item></channel></rss>',
        encoding="utf-8",
    )


def _bare_csv(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.DictReader(file))


def _bare_lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for line in file if msgspec.json.decode(line))


def _bare_json(path: Path) -> int:
    return len(json.loads(path.read_bytes()))


def _bare_xml(path: Path) -> int:
    count = 0
    for _, element in ET.iterparse(path):  # noqa: S314 - written above
        if element.tag == "item":
            count += 1
            element.clear()
    return count


_FORMATS: dict[str, tuple[Callable[[Path], None], Callable[[Path], int]]] = {
    "jsonl": (_write_lines, _bare_lines),
    "csv": (_write_table("csv"), _bare_csv),
    "shopify": (_write_table("shopify"), _bare_csv),
    "woocommerce": (_write_table("woocommerce"), _bare_csv),
    "google": (_write_xml, _bare_xml),
    "klaviyo": (_write_array, _bare_json),
}
