"""Google Merchant: a table with tabs, RSS 2.0 or Atom. Meta and OpenAI have the same with more columns.

Rows with one `item_group_id` are variants of one item. A row without one is an item with one
variant, so that its stock is kept.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds.fields import Field, kept, normal_heading
from backroom.feeds.products import (
    HIDDEN_WHEN_OUT,
    IN_STOCK_ALWAYS,
    Cells,
    category_ids,
    category_rows,
    split_path,
    variant_rows,
    warn_of_no_price,
)
from backroom.feeds.records import as_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.products import Shop
    from backroom.feeds.records import FeedRecord
    from backroom.feeds.rows import Finding, Row

_ITEM_FIELDS = ("description", "product type")
_GOOGLE_FIELDS_ONCE = (
    *("id", "group", "title", "link", "price", "sale price", "sale dates", "availability"),
    "quantity",
)
"""Fields that one record has once. Others may come again, or under several names."""
_OUT_OF_STOCK = {"outofstock", "soldout", "unavailable", "notavailable", "discontinued"}
_IN_STOCK = {
    *("", "instock", "available", "availablefororder", "instoreonly", "onlineonly"),
    *("limitedavailability", "preorder", "presale", "backorder"),
}
_KEPT_TOO = (
    *("price", "sale price", "sale dates", "sale starts", "sale ends", "availability", "status"),
)
"""Fields that are metadata too, as written."""
_UNPUBLISHED = {"archived", "hidden", "staging", "draft", "inactive"}
_ITEM_METADATA = ("brand", "google_product_category", "gender", "age_group")

FIELDS = (
    Field("id", ("id",), "the variant's `external_id`, and the item's where there is no group"),
    Field("group", ("item_group_id",), "the item's `external_id`"),
    Field("title", ("title",), "the variant's `title`; the item has that of its first row"),
    Field("description", ("description", "summary", "content"), 'the `description`; `""` where it is empty'),
    Field("link", ("link",), "the `url`"),
    Field("image", ("image_link",), "the `image_full_url`"),
    Field("images", ("additional_image_link", "image[{n}].url"), "the variant's `images`, after the first; repeated, or with commas between; the item has those of all its variants"),
    Field("price", ("price",), "the `price`, where no sale holds; kept in `custom_metadata`", "price"),
    Field("sale price", ("sale_price",), "the `price`, where the sale holds today or has no dates; kept in `custom_metadata`", "price"),
    Field("sale dates", ("sale_price_effective_date",), "the days of the sale, as `start/end`; kept in `custom_metadata`"),
    Field("availability", ("availability",), "`in_stock`, `preorder`, `backorder`: `inventory_policy` 2 and quantity 0; `out_of_stock`: policy 1 and quantity 0; kept in `custom_metadata`"),
    Field("quantity", ("quantity", "sell_on_google_quantity", "quantity_to_sell_on_facebook", "inventory_quantity", "inventory"), "`inventory_quantity`, with `inventory_policy` 1", "quantity"),
    Field("status", ("status", "visibility"), "`archived`, `hidden`, `staging`, `draft` and `inactive` make `published` false; kept in `custom_metadata`"),
    Field("product type", ("product_type",), "categories: the path `A > B` makes `A` and `A > B`, and the item is in both"),
    *kept(("mobile_link", "canonical_link", "availability_date", "expiration_date", "disclosure_date", "maximum_retail_price", "cost_of_goods_sold", "unit_pricing_measure", "unit_pricing_base_measure", "installment", "subscription_cost", "loyalty_points", "loyalty_program", "google_product_category", "brand", "gtin", "mpn", "identifier_exists", "condition", "adult", "multipack", "is_bundle", "age_group", "gender", "color", "material", "pattern", "size", "size_type", "size_system", "product_length", "product_width", "product_height", "product_weight", "product_detail", "product_highlight", "energy_efficiency_class", "min_energy_efficiency_class", "max_energy_efficiency_class", "ads_redirect", "ads_grouping", "ads_labels", "custom_label_{n}", "promotion_id", "display_ads_id", "display_ads_title", "display_ads_link", "display_ads_value", "display_ads_similar_id", "included_destination", "excluded_destination", "shipping", "shipping({any})", "tax", "carrier_shipping", "free_shipping_threshold", "shipping_label", "shipping_weight", "shipping_length", "shipping_width", "shipping_height", "min_handling_time", "max_handling_time", "transit_time_label", "return_policy_label", "pickup_method", "pickup_sla", "link_template", "mobile_link_template", "pause", "updated", "published", "author", "guid", "pubDate", "fb_product_category", "rich_text_description", "internal_label", "internal_label[{n}]", "style[{n}]", "product_tags[{n}]", "video[{n}].{any}", "image[{n}].tag[{n}]", "commerce_tax_category", "enable_search", "enable_checkout", "seller_name", "seller_url", "item_group_title")),
)  # fmt: skip
_OPENAI_HEADINGS = {
    "id": ("item_id",),
    "group": ("group_id", "item_group_id"),
    "link": ("url", "link"),
    "image": ("image_url", "image_link"),
    "images": ("additional_image_urls", "additional_image_link"),
    "quantity": ("inventory_quantity",),
    "product type": ("product_category", "product_type"),
}
# The names are those of https://developers.openai.com/commerce/specs/file-upload/products. What it
# first had, such as `id` and `link`, is a table of Google Merchant with some more columns.
OPENAI_FIELDS = (
    *(
        replace(each, headings=_OPENAI_HEADINGS.get(each.name, each.headings))
        for each in FIELDS
        if each.name not in {"seller_name", "seller_url", "enable_search", "enable_checkout"}
    ),
    Field("sale starts", ("sale_price_start_date",), "the first day of the sale; kept in `custom_metadata`"),
    Field("sale ends", ("sale_price_end_date",), "the last day of the sale; kept in `custom_metadata`"),
    *kept(("is_eligible_search", "is_eligible_checkout", "is_eligible_ads", "is_ads_eligible", "listing_has_variations", "variant_dict", "seller_name", "seller_url", "store_name", "seller_privacy_policy", "seller_tos", "return_policy", "return_deadline_in_days", "accepts_returns", "target_countries", "store_country", "star_rating", "review_count", "offer_id", "video_url", "popularity_score", "q_and_a", "is_digital", "weight", "required_checkout_fields")),
)  # fmt: skip
_META_HEADINGS = {
    *("fb product category", "quantity to sell on facebook", "rich text description"),
    *("product tags[0]", "style[0]", "image[0].url", "video[0].url", "commerce tax category"),
}
_OPENAI_FLAGS = {"enable search", "enable checkout"}


def dialect_of(columns: Iterable[str]) -> str:
    """Say whose columns a table has beside those of Google Merchant, empty where none."""
    present = {normal_heading(each) for each in columns}
    if present & _META_HEADINGS:
        return "Meta"
    return "OpenAI" if present >= _OPENAI_FLAGS else ""


def group_of(record: FeedRecord) -> str:
    """Give the id of the item."""
    return record.text("group") or record.text("id")


def rows_of(group: str, records: list[FeedRecord], shop: Shop) -> Iterator[Row | Finding]:
    """Give the rows of one item: its categories, the item, the variants."""
    last = {each.text("id"): each for each in records}
    kept_records = [each for each in records if last[each.text("id")] is each]
    made = [_variant(each, shop) for each in kept_records]
    first, values = made[0]
    item = Cells(shop, first.record, ITEM, group)
    for record in records:
        if (counts := last[record.text("id")]) is not record:
            row = Cells(shop, counts, ITEM, counts.text("id"))
            row.repeated([record])
            item.replaced += row.replaced
    prices = [
        each["price"]
        for cells, each in made
        if each["price"] is not None and (len(made) == 1 or not cells.faults)
    ]
    paths = [split_path(text) for text in first.record.texts("product type")]
    categories = category_ids(paths)
    attributes = {
        name: values[name]
        for name in ("title", "description", "url", "image_full_url", "custom_metadata")
    }
    attributes["price"] = min(prices, default=None)
    attributes["images"] = list(dict.fromkeys(url for _, each in made for url in each["images"]))
    attributes["published"] = any(each["published"] for _, each in made)
    _require(item)
    if not prices:
        warn_of_no_price(item, made, alone=len(made) == 1, price="price")
    if not attributes["image_full_url"]:
        item.missing("image", "the item has no image", "give an image")
    item.addresses("image", attributes["images"])
    _warn_of_differences(item, kept_records)
    yield from category_rows(shop, first.record.line, categories)
    yield from item.row(attributes, categories)
    for cells, _ in made[1:]:
        _require(cells)
    yield from variant_rows(item, made, alone=len(made) == 1, price="price")


def _variant(record: FeedRecord, shop: Shop) -> tuple[Cells, dict[str, Any]]:
    cells = Cells(shop, record, VARIANT, record.text("id"))
    cells.once(_GOOGLE_FIELDS_ONCE)
    policy, quantity = _stock_of_availability(cells)
    metadata = dict(record.rest)
    for name in _KEPT_TOO:
        if name in record.cells:
            metadata[shop.layout.column(name)] = record.cells[name]
    return (
        cells,
        {
            "title": record.text("title"),
            "description": record.text("description"),
            "sku": record.text("id"),
            "inventory_policy": policy,
            "inventory_quantity": quantity,
            "price": _google_price(cells),
            "url": record.text("link"),
            "image_full_url": record.text("image"),
            "images": _images_of(record),
            "custom_metadata": metadata,
            "published": _plain_word(record.text("status")) not in _UNPUBLISHED,
        },
    )


def _require(cells: Cells) -> None:
    for name in ("id", "title", "link"):
        if not cells.text(name):
            cells.fault(name, "is empty", "", f"give the {name}")


def _google_price(cells: Cells) -> float | None:
    regular = cells.price("price")
    sale = cells.price("sale price") if cells.text("sale price") else None
    if sale is None:
        return regular
    first, _, last = cells.text("sale dates").partition("/")
    first, last = cells.text("sale starts") or first, cells.text("sale ends") or last
    return sale if cells.sale_holds(first.strip(), last.strip()) else regular


def _stock_of_availability(cells: Cells) -> tuple[int, float]:
    quantity = cells.quantity("quantity")
    if quantity is not None:
        return HIDDEN_WHEN_OUT, quantity
    availability = cells.text("availability")
    if is_out_of_stock(availability):
        return HIDDEN_WHEN_OUT, 0
    if _plain_word(availability) not in _IN_STOCK:
        cells.warn(
            "availability",
            "is not known, and taken as in_stock",
            availability,
            "write in_stock, out_of_stock, preorder or backorder",
        )
    return IN_STOCK_ALWAYS, 0


def is_out_of_stock(availability: str) -> bool:
    """Whether a product is not to be had, as feeds say it in several ways."""
    return _plain_word(availability) in _OUT_OF_STOCK


@lru_cache(maxsize=1_000)
def _plain_word(availability: str) -> str:
    # Some feeds have the addresses of schema.org, as https://schema.org/InStock.
    return re.sub(r"[\s_-]", "", availability.lower().rpartition("/")[2])


def _images_of(record: FeedRecord) -> list[str]:
    found = dict.fromkeys(record.texts("image"))
    for text in record.texts("images"):
        for url in re.split(r",\s*(?=https?://)", text):
            found[url.strip()] = None
    return list(found)


def _warn_of_differences(item: Cells, records: list[FeedRecord]) -> None:
    """Warn of rows of a group that differ in what is the item's."""
    first = records[0]
    for record in records[1:]:
        for name in _ITEM_FIELDS:
            value = record.cells.get(name)
            if value is None or value == first.cells.get(name):
                continue
            if record.texts(name) != first.texts(name):
                _differs(item, record, item.shop.layout.column(name), record.text(name))
        for heading in _ITEM_METADATA:
            other = record.rest.get(heading)
            if other is not None and other != first.rest.get(heading):
                _differs(item, record, heading, as_text(other))


def _differs(item: Cells, record: FeedRecord, column: str, value: str) -> None:
    row = Cells(item.shop, record, ITEM, item.external_id)
    row.warn(
        column,
        f"differs from line {item.record.line} of the group, which counts",
        value,
        "give all rows of a group the same",
    )
    item.warnings += row.warnings
