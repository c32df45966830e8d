"""Small catalogs, and what an export of them gives."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from backroom.feeds.catalog_spool import CatalogSpool, ReadItem, ReadVariant
from backroom.feeds.exporting import Choice, Written, export

if TYPE_CHECKING:
    from collections.abc import Iterable

ITEM: dict[str, Any] = {
    "title": "Cap",
    "description": "",
    "price": 5,
    "url": "https://shop.example/cap",
    "image_full_url": "",
    "image_thumbnail_url": "",
    "images": [],
    "custom_metadata": {},
    "published": True,
}
VARIANT: dict[str, Any] = ITEM | {"sku": "C-1", "inventory_policy": 1, "inventory_quantity": 3}


def item(*variants: ReadVariant, categories: Iterable[str] = (), **attributes: Any) -> ReadItem:
    return ReadItem("cap", ITEM | attributes, tuple(categories), variants)


def variant(external_id: str = "C-1", **attributes: Any) -> ReadVariant:
    return ReadVariant(external_id, "cap", VARIANT | {"sku": external_id} | attributes)


def spool_of(*items: ReadItem, categories: Iterable[tuple[str, str]] = ()) -> CatalogSpool:
    spool = CatalogSpool()
    named = list(categories)
    spool.add_categories(named)
    numbers = {name: number for number, name in spool.category_ids()}
    for each in items:
        spool.add_items([(each.external_id, each.attributes)])
        spool.add_links(each.external_id, [held.external_id for held in each.variants])
        spool.add_variants((held.external_id, held.attributes) for held in each.variants)
        for category in each.categories:
            spool.add_members(numbers[category], [each.external_id])
    spool.finish()
    return spool


def exported(spool: CatalogSpool, format_name: str, carrier: str) -> tuple[bytes, Written]:
    file = io.BytesIO()
    (written,) = export(spool, file, Choice(format_name, carrier), "file", lambda *_: None)
    return file.getvalue(), written


def lost(written: Written) -> dict[tuple[str, str, str], int]:
    return {what: count for what, (count, _) in written.losses.found.items()}
