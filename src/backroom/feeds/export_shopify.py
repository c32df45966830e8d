"""A product in Shopify's CSV: a row for each variant, and rows for images beyond them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.feeds.export_records import (
    deepest_paths,
    images_of,
    is_word,
    kept_metadata,
    metadata_of,
    option_names,
)
from backroom.feeds.fields import Headings
from backroom.feeds.shopify import FIELDS

if TYPE_CHECKING:
    from backroom.feeds.carriers import Pairs
    from backroom.feeds.catalog_spool import Attributes, ReadItem

COLUMNS = (
    *("Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published"),
    *("Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name"),
    *("Option3 Value", "Variant SKU", "Variant Grams", "Variant Inventory Tracker"),
    *("Variant Inventory Qty", "Variant Inventory Policy", "Variant Price"),
    *("Variant Compare At Price", "Image Src", "Image Position", "Variant Image", "Status"),
)
_HEADINGS = Headings(FIELDS)
_MOST_OPTIONS = 3
_SHOWN_ALWAYS = 2


def shopify_records(item: ReadItem, *, as_is: bool = True) -> list[Pairs]:  # noqa: ARG001 - as of the others
    """Give the rows of a product."""
    handle = ("Handle", item.external_id)
    names = option_names(item, _HEADINGS, " / ")[:_MOST_OPTIONS]
    rows: list[Pairs] = [[handle, *_product(item)]]
    for number, variant in enumerate(item.variants):
        if number:
            rows.append([handle])
        row = rows[number]
        metadata = metadata_of(variant.attributes)
        row += _option_cells(item, variant.external_id, variant.attributes, names, first=not number)
        row += _shopify_stock_cells(variant.attributes)
        if variant.attributes.get("image_full_url"):
            row.append(("Variant Image", variant.attributes["image_full_url"]))
        for name, value in kept_metadata(metadata, _HEADINGS):
            of_variant = _is_of_variant(name)
            if name not in names and (number or of_variant):
                row.append((name, value))
    if not item.variants:
        rows[0].append(("Variant Price", item.attributes.get("price")))
    for number, url in enumerate(images_of(item.attributes)):
        if number == len(rows):
            rows.append([handle])
        rows[number] += [("Image Src", url), ("Image Position", number + 1)]
    return rows


def _product(item: ReadItem) -> Pairs:
    attributes = item.attributes
    published = attributes.get("published") is not False
    paths = deepest_paths(item.categories)
    found: Pairs = [
        ("Title", attributes.get("title")),
        ("Body (HTML)", attributes.get("description")),
        ("Published", "TRUE" if published else "FALSE"),
        ("Status", "active" if published else "draft"),
    ]
    if paths:
        # The other column takes only paths that Shopify knows.
        found.append(("Type", paths[-1]))
        found += [("Product Category", each) for each in paths[:-1][:1]]
    own = kept_metadata(metadata_of(attributes), _HEADINGS)
    return found + [(name, value) for name, value in own if not _is_of_variant(name)]


def _option_cells(
    item: ReadItem, identity: str, attributes: Attributes, names: list[str], *, first: bool
) -> Pairs:
    metadata: dict[str, Any] = metadata_of(attributes)
    found: Pairs = []
    for number, name in enumerate(names, start=1):
        if first:
            found.append((f"Option{number} Name", name))
        if is_word(metadata.get(name)):
            found.append((f"Option{number} Value", metadata[name]))
    if names:
        return found
    if len(item.variants) == 1:
        return [("Option1 Name", "Title"), ("Option1 Value", "Default Title")]
    title = str(attributes.get("title")).removeprefix(f"{item.attributes.get('title')} - ")
    # Shopify takes no two variants with the same options.
    value = title if title != item.attributes.get("title") else attributes.get("sku") or identity
    return [*([("Option1 Name", "Title")] if first else []), ("Option1 Value", value)]


def _shopify_stock_cells(attributes: Attributes) -> Pairs:
    policy, quantity = attributes.get("inventory_policy"), attributes.get("inventory_quantity")
    found: Pairs = [
        ("Variant SKU", attributes.get("sku")),
        ("Variant Price", attributes.get("price")),
    ]
    if policy:
        found.append(("Variant Inventory Tracker", "shopify"))
        shown = "continue" if policy == _SHOWN_ALWAYS else "deny"
        found.append(("Variant Inventory Policy", shown))
    if policy or quantity:
        found.append(("Variant Inventory Qty", quantity or 0))
    return found


def _is_of_variant(name: str) -> bool:
    known = _HEADINGS.find(name)
    return known is not None and known[1].form == "variant metadata"
