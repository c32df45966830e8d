"""A product in Klaviyo's custom feed: one record for an item, with the stock of its one variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.feeds.export_records import kept_metadata, metadata_of
from backroom.feeds.fields import Headings
from backroom.feeds.klaviyo import FIELDS

if TYPE_CHECKING:
    from backroom.feeds.carriers import Pairs
    from backroom.feeds.catalog_spool import ReadItem

COLUMNS = (
    *("id", "title", "link", "description", "price", "image_link", "image_thumbnail_url"),
    *("categories", "inventory_quantity", "inventory_policy"),
)
_HEADINGS = Headings(FIELDS)


def klaviyo_records(item: ReadItem, *, as_is: bool = True) -> list[Pairs]:  # noqa: ARG001 - as of the others
    """Give the one record of an item."""
    attributes = item.attributes
    found: Pairs = [
        ("id", item.external_id),
        ("title", attributes.get("title")),
        ("link", attributes.get("url")),
        ("description", attributes.get("description")),
        ("price", attributes.get("price")),
        ("image_link", attributes.get("image_full_url")),
    ]
    thumbnail = attributes.get("image_thumbnail_url")
    if thumbnail and thumbnail != attributes.get("image_full_url"):
        found.append(("image_thumbnail_url", thumbnail))
    found.append(("categories", list(item.categories)))
    if len(item.variants) == 1:
        variant = item.variants[0].attributes
        found.append(("inventory_quantity", variant.get("inventory_quantity")))
        found.append(("inventory_policy", variant.get("inventory_policy")))
    found += kept_metadata(metadata_of(attributes), _HEADINGS)
    return [found]


def with_text_lists(pairs: Pairs) -> Pairs:
    """Give a record for carriers in which categories are one text with commas."""
    found: Pairs = []
    for name, value in pairs:
        found.append((name, ",".join(value) if name == "categories" else value))
    return found
