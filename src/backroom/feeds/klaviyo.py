"""Klaviyo's custom catalog feed, as JSON or XML: one product a record, one level deep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds.fields import Field
from backroom.feeds.products import Cells, category_rows
from backroom.feeds.records import as_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.products import Shop
    from backroom.feeds.records import FeedRecord
    from backroom.feeds.rows import Finding, Row

FIELDS = (
    Field("id", ("id", "$id"), "the `external_id`"),
    Field("title", ("title", "$title"), "the `title`"),
    Field("link", ("link", "$link", "url"), "the `url`"),
    Field("description", ("description", "$description"), 'the `description`; `""` where it is empty'),
    Field("price", ("price", "$price"), "the `price`", "price"),
    Field("image", ("image_link", "$image_link", "image_full_url", "image_url", "$image_url"), "the `image_full_url`, and the `image_thumbnail_url` if the product has no thumbnail"),
    Field("thumbnail", ("image_thumbnail_url", "$image_thumbnail_url"), "the `image_thumbnail_url`"),
    Field("categories", ("categories", "$categories"), "categories by their ids; a list, or a text with commas"),
    Field("quantity", ("inventory_quantity", "$inventory_quantity"), "makes a variant with this `inventory_quantity`, and with the id of the item", "quantity"),
    Field("policy", ("inventory_policy", "$inventory_policy"), "makes a variant with this `inventory_policy`", "quantity"),
)  # fmt: skip
_POLICIES = (0, 1, 2)


def group_of(record: FeedRecord) -> str:
    """Give the id."""
    return record.text("id")


def rows_of(identity: str, records: list[FeedRecord], shop: Shop) -> Iterator[Row | Finding]:
    """Give the rows of one product. Of several with one id the last one counts."""
    record = records[-1]
    item = Cells(shop, record, ITEM, identity)
    for name in ("id", "title", "link"):
        if not item.text(name):
            item.fault(name, "is empty", "", f"give the {name}")
    item.repeated(records[:-1])
    price = item.price("price")
    has_stock = not {"quantity", "policy"}.isdisjoint(record.cells)
    if price is None and not item.faults:
        _warn_of_no_price(item, has_stock=has_stock)
    image = item.text("image")
    if not image:
        item.missing("image", "the item has no image", "give an image")
    categories = _categories(record)
    attributes: dict[str, Any] = {
        "title": item.text("title"),
        "description": item.text("description"),
        "price": price,
        "url": item.text("link"),
        "image_full_url": image,
        "image_thumbnail_url": item.text("thumbnail") or image,
        "images": [image] if image else [],
        "custom_metadata": dict(record.rest),
        "published": True,
    }
    yield from category_rows(shop, record.line, categories)
    yield from item.row(attributes, categories)
    if item.faults or price is None or not has_stock:
        return
    variant = Cells(shop, record, VARIANT, identity)
    quantity = variant.quantity("quantity")
    policy = variant.number("policy")
    if policy is not None and policy not in _POLICIES:
        variant.fault("policy", "is not 0, 1 or 2", variant.text("policy"), "write 1 or 2")
    values = {name: value for name, value in attributes.items() if name != "images"} | {
        "sku": identity,
        "inventory_policy": 2 if policy is None else int(policy),
        "inventory_quantity": quantity or 0,
    }
    yield from variant.row(values, [identity])


def _warn_of_no_price(item: Cells, *, has_stock: bool) -> None:
    detail, advice = "is missing, so the item is imported without a price", "give a price"
    if has_stock:
        detail += ", and without the variant that would keep its stock"
        advice += "; a variant needs one"
    item.warn("price", detail, "", advice)


def _categories(record: FeedRecord) -> list[str]:
    value = record.cells.get("categories", [])
    if isinstance(value, dict):
        # <categories><category>…</category></categories>
        value = [text for each in value.values() for text in as_text(each).split(",")]
    elif isinstance(value, str):
        value = value.split(",")
    texts = [as_text(each).strip() for each in (value if isinstance(value, list) else [value])]
    return list(dict.fromkeys(text for text in texts if text))
