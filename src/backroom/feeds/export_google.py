"""A product in Google Merchant's formats: a record for each variant, joined by their group."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from backroom.feeds.catalog_spool import ReadVariant
from backroom.feeds.export_records import (
    deepest_paths,
    images_of,
    kept_metadata,
    metadata_of,
    written_as,
)
from backroom.feeds.fields import Headings
from backroom.feeds.google import FIELDS, is_out_of_stock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.feeds.carriers import Pairs
    from backroom.feeds.catalog_spool import Attributes, ReadItem

COLUMNS = (
    *("id", "item_group_id", "title", "description", "link", "image_link"),
    *("additional_image_link", "availability", "price", "sale_price"),
    *("sale_price_effective_date", "sell_on_google_quantity", "product_type"),
    *("google_product_category", "brand", "gtin", "mpn", "condition"),
)
_HEADINGS = Headings(FIELDS)
_HIDDEN_WHEN_OUT = 1
_KEPT_GOOGLE_FIELDS = ("price", "sale price", "sale dates")


def google_records(item: ReadItem, *, as_is: bool = True) -> list[Pairs]:
    """Give the records of a product. With `as_is` prices are those that an import has kept."""
    alone = ReadVariant(item.external_id, item.external_id, item.attributes)
    variants = item.variants or (alone,)
    own = metadata_of(item.attributes)
    shared = {
        name: value
        for name, value in own.items()
        if name not in metadata_of(variants[0].attributes)
    }
    own_images: list[Iterable[str]] = [images_of(each.attributes) for each in variants]
    union = list(dict.fromkeys(chain.from_iterable(own_images)))
    is_group = len(variants) > 1 or variants[0].external_id != item.external_id
    found = []
    for number, variant in enumerate(variants):
        attributes = variant.attributes
        metadata = shared | metadata_of(attributes)
        row: Pairs = [("id", variant.external_id)]
        row += [("item_group_id", item.external_id)] if is_group else []
        row += [
            ("title", attributes.get("title")),
            ("description", attributes.get("description")),
            ("link", attributes.get("url")),
            ("image_link", attributes.get("image_full_url")),
        ]
        first = attributes.get("image_full_url")
        others = own_images[number]
        if not number and union != images_of(item.attributes):
            others = dict.fromkeys([*images_of(item.attributes), *others])
        row += [("additional_image_link", each) for each in others if each != first]
        row += (
            _google_stock_cells(attributes, metadata)
            if item.variants
            else written_as(metadata, _HEADINGS, ("availability",))
            or [("availability", "in_stock")]
        )
        kept = written_as(metadata, _HEADINGS, _KEPT_GOOGLE_FIELDS)
        row += kept if as_is and kept else [("price", attributes.get("price"))]
        row += [("product_type", each) for each in deepest_paths(item.categories)]
        found.append(row + list(kept_metadata(metadata, _HEADINGS)))
    return found


def _google_stock_cells(attributes: Attributes, metadata: dict[str, Any]) -> Pairs:
    policy, quantity = attributes.get("inventory_policy"), attributes.get("inventory_quantity")
    kept = written_as(metadata, _HEADINGS, ("availability",))
    is_out = policy == _HIDDEN_WHEN_OUT and not quantity
    if not kept or is_out != is_out_of_stock(str(kept[0][1])):
        kept = [("availability", "out_of_stock" if is_out else "in_stock")]
    return [*kept, *([("sell_on_google_quantity", quantity)] if quantity else [])]
