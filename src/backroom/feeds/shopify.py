"""Shopify's product CSV, in both dialects of its headings.

Rows with one handle are one product, wherever they stand. The first of them with a title gives the
product. Each row with a price, a SKU or an option value is a variant, and any other is an image.

The image of a row is one of the product's, whatever variant stands in the row: Shopify fills the
rows of variants with the images from the first one on. A variant's own has a column of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds.fields import Field, kept
from backroom.feeds.products import (
    HIDDEN_WHEN_OUT,
    IN_STOCK_ALWAYS,
    UNTRACKED,
    Cells,
    Distinct,
    address_warning,
    category_ids,
    category_rows,
    slug,
    split_path,
    variant_id,
    variant_rows,
    warn_of_no_price,
)
from backroom.feeds.records import FOLLOWS
from backroom.feeds.rows import RowWarning
from backroom.feeds.truth_words import TRUTH_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.products import Shop
    from backroom.feeds.records import FeedRecord
    from backroom.feeds.rows import Finding, Row

_OPTIONS = tuple(
    (f"option {number} name", f"option {number} value", f"Option{number}") for number in (1, 2, 3)
)
"""The fields of the name and the value of each option, and its name where it has none."""
_QUANTITIES = ("quantity", "quantity at a location")
_CONTINUES = {"continue", *(word for word, is_true in TRUTH_WORDS.items() if is_true)}
_DENIES = {"", "deny", *(word for word, is_true in TRUTH_WORDS.items() if not is_true)}
_NO_QUANTITIES = (
    "no such column, so the stock is not known and hides no variant; this warning comes once",
    "add the column, or the columns by location",
)
_DEFAULT_OPTION = ("title", "default title")
_APOSTROPHE = re.compile(r"'(?=[\d=+@-])")
"""What Shopify writes before a SKU or a barcode, so that spreadsheets take it as text."""
_ADDRESS = re.compile(r"(?:https?:)?//", re.IGNORECASE)
_NOT_PUBLISHED = {"draft", "archived", "unlisted"}
"""An unlisted product can be bought by its link, but searches, collections and recommendations of
the shop leave it out. `published` says the same of the feeds and recommendations of this API."""
_OF_A_VARIANT = {
    *("price", "sku", "quantity", "quantity at a location", "tracker", "inventory policy"),
    *("variant image", *(value for _, value, _ in _OPTIONS)),
}

FIELDS = (
    Field("handle", ("Handle", "URL handle"), "the item's `external_id`; made of the title where it is empty"),
    Field("title", ("Title",), "the item's `title`, and the beginning of its variants'"),
    Field("url", ("URL", "Product URL", "Online store URL"), "the `url` of the item and its variants; else made by `--shop-url`"),
    Field("description", ("Body (HTML)", "Body HTML", "Description"), 'the `description` of the item and its variants; `""` where it is empty'),
    Field("category", ("Product category", "Standard product type", "Standardized product type"), "categories: the path `A > B` makes `A` and `A > B`, and the item is in both"),
    Field("type", ("Type", "Custom product type", "Product type"), "a category, as `Product category`"),
    Field("published", ("Published", "Published on online store"), "false makes `published` false"),
    Field("status", ("Status",), "`draft`, `archived` and `unlisted` make `published` false"),
    Field("sku", ("Variant SKU", "SKU"), "the variant's `sku`, without an apostrophe before its first digit; its `external_id` where every variant of the file has one and none comes twice, else the id is the handle with the option values"),
    Field("option {n} name", ("Option{n} Name",), "the name of an option, which is an entry of the variant's `custom_metadata`; later rows of a handle may leave it out"),
    Field("option {n} value", ("Option{n} Value", "Option{n}"), "the value of the option, in the variant's `title` and `custom_metadata`; `Default Title` counts as no option"),
    Field("price", ("Variant Price", "Price"), "the variant's `price`; the item has the least of its variants'", "price"),
    Field("tracker", ("Variant Inventory Tracker", "Inventory tracker", "Inventory management"), "empty where the file has the column: `inventory_policy` 0 and `inventory_quantity` 0, whatever the quantity"),
    Field("quantity", ("Variant Inventory Qty", "Inventory quantity"), "the variant's `inventory_quantity`; a negative one is 0, with a warning", "quantity"),
    Field("quantity at a location", ("Inventory Available: {any}", "Inventory Available / {any}", "Variant Inventory Qty / {any}", "Variant Inventory Qty: {any}", "Inventory quantity / {any}", "Inventory quantity: {any}"), "where there is no other quantity, the sum over all locations; `not stocked` counts as no quantity", "quantity"),
    Field("inventory policy", ("Variant Inventory Policy", "Continue selling when out of stock"), "`deny` and `FALSE` are `inventory_policy` 1, `continue` and `TRUE` are 2; `deny` is 0 in a file without any column of quantities, which would hide all variants"),
    Field("image", ("Image Src", "Product image URL", "Image URL"), "the item's `images`; the first by position is its `image_full_url`"),
    Field("image position", ("Image Position",), "the order of the images", "quantity"),
    Field("variant image", ("Variant Image", "Variant image URL"), "the variant's `image_full_url`, else that of the item, and its `images`; the item's too where no row has another image"),
    *kept(("Vendor", "Tags", "Gift Card", "SEO Title", "SEO Description", "Google Shopping / {any}", "Included / {any}", "Image Alt Text", "Option{n} Linked To")),
    *kept(("Variant Grams", "Variant Weight", "Weight value (grams)", "Variant Fulfillment Service", "Fulfillment service", "Variant Compare At Price", "Compare-at price", "Compare at price", "Variant Requires Shipping", "Requires shipping", "Variant Taxable", "Charge tax", "Variant Barcode", "Barcode", "Variant Weight Unit", "Weight unit for display", "Variant Tax Code", "Tax code", "Cost per item", "Unit Price {any}", "Price / {any}", "Compare At Price / {any}", "Compare-at price / {any}"), form="variant metadata"),
)  # fmt: skip


def group_of(record: FeedRecord) -> str:
    """Give the handle, or one made of the title."""
    return _code(record.text("handle")) or slug(record.text("title"))


def sku_of(record: FeedRecord) -> str:
    """Give the SKU as the shop has it."""
    return _code(record.text("sku"))


def _code(text: str) -> str:
    return _APOSTROPHE.sub("", text, count=1) if text.startswith("'") else text


def is_variant(record: FeedRecord) -> bool:
    """Whether a row has anything of a variant."""
    return not _OF_A_VARIANT.isdisjoint(record.cells)


def follows(record: FeedRecord) -> bool:
    """Whether a row has an image and nothing that names its product: it is of the one above."""
    return "image" in record.cells and "title" not in record.cells and not is_variant(record)


def rows_of(handle: str, records: list[FeedRecord], shop: Shop) -> Iterator[Row | Finding]:
    """Give the rows of one product: its categories, the item, the variants."""
    product = next((each for each in records if "title" in each.cells), records[0])
    variants = [each for each in records if is_variant(each)]
    item = Cells(shop, product, ITEM, handle)
    title = item.text("title")
    if not title:
        item.fault("title", "is empty in all rows of the handle", "", "give the product a title")
    _warn_of_rows(item, records)
    categories = category_ids(split_path(item.text(name)) for name in ("category", "type"))
    url = item.text("url") or shop.address(handle, handle, sku_of(product))
    made = list(_shopify_variants(handle, variants, product, shop, url))
    prices = [price for _, attributes in made if (price := attributes["price"]) is not None]
    images = _images_by_position(records, item) or _images_of_variants(made)
    attributes = {
        "title": title,
        "description": item.text("description"),
        "price": min(prices, default=None),
        "url": url,
        "image_full_url": images[0] if images else "",
        "images": images,
        "custom_metadata": _metadata_of_row(product, shop, of_variant=False) | _first_sale(made),
        "published": _is_published(item),
    }
    if not prices:
        warn_of_no_price(item, made, alone=len(made) == 1, price="price")
    if not images:
        item.missing("image", "the item has no image", "give an image")
    for each in images:
        if not _ADDRESS.match(each):
            detail = (
                "is not a web address, so browsers can't load the image; this warning comes once"
            )
            item.warn_once("image", detail, "write the whole address, with https://", each)
    if not item.text("url"):
        yield from address_warning(shop, product.line, shop.layout.column("handle"))
    yield from category_rows(shop, product.line, categories)
    yield from item.row(attributes, categories)
    for _, values in made:
        values["published"] = attributes["published"]
        image = values["image_full_url"] or attributes["image_full_url"]
        values |= {"image_full_url": image, "images": [image] if image else []}
    yield from variant_rows(item, made, alone=len(made) == 1, price="price")


def _shopify_variants(
    handle: str, records: list[FeedRecord], product: FeedRecord, shop: Shop, url: str
) -> Iterator[tuple[Cells, dict[str, Any]]]:
    names = {
        name: next(
            (text for each in records if name in each.cells and (text := each.text(name))), ""
        )
        for name, _, _ in _OPTIONS
    }
    distinct = Distinct()
    for record in records:
        options = _options(record, names)
        sku = sku_of(record)
        identity = (
            sku if shop.skus_identify and sku else distinct(variant_id(handle, options.values()))
        )
        cells = Cells(shop, record, VARIANT, identity)
        policy, quantity = _shopify_stock(cells)
        title = product.text("title")
        yield (
            cells,
            {
                "title": f"{title} - {' / '.join(options.values())}" if options else title,
                "description": product.text("description"),
                "sku": sku,
                "inventory_policy": policy,
                "inventory_quantity": quantity,
                "price": cells.price("price"),
                "url": url,
                "image_full_url": record.text("variant image"),
                "custom_metadata": _metadata_of_row(record, shop, of_variant=True, product=product)
                | options,
            },
        )


def _options(record: FeedRecord, names: dict[str, str]) -> dict[str, str]:
    """Give the option values by their names. An empty one is none, nor is that of a default."""
    found = {}
    for name_field, value_field, otherwise in _OPTIONS:
        if value_field not in record.cells or not (value := record.text(value_field)):
            continue
        name = names[name_field]
        if (name.lower() or "title", value.lower()) != _DEFAULT_OPTION:
            found[name or otherwise] = value
    return found


def _shopify_stock(cells: Cells) -> tuple[int, float]:
    """Give the policy and the quantity."""
    policy = cells.text("inventory policy").casefold()
    fields = cells.shop.fields
    if policy not in _CONTINUES and policy not in _DENIES:
        cells.fault(
            "inventory policy", "is neither deny nor continue", policy, "write deny or continue"
        )
    if "tracker" in fields and not cells.text("tracker"):
        return UNTRACKED, 0
    quantity = cells.quantity("quantity")
    if quantity is None:
        quantity = cells.sum_of("quantity at a location")
    if policy in _CONTINUES:
        return IN_STOCK_ALWAYS, quantity or 0
    if fields.isdisjoint(_QUANTITIES):
        if policy:
            cells.warn_once("quantity", *_NO_QUANTITIES)
        return UNTRACKED, 0
    if quantity is None and not policy:
        return UNTRACKED, 0
    return HIDDEN_WHEN_OUT, quantity or 0


def _images_by_position(records: list[FeedRecord], item: Cells) -> list[str]:
    found: dict[str, float] = {}
    for number, record in enumerate(records):
        if "image" in record.cells and (url := record.text("image")):
            cells = Cells(item.shop, record, ITEM, item.external_id)
            position = cells.number("image position")
            item.warnings += [
                RowWarning(
                    each.line,
                    each.detail,
                    each.kind,
                    each.external_id,
                    each.column,
                    each.value,
                    each.advice,
                )
                for each in cells.faults
            ]
            found.setdefault(url, position if position is not None else number + 1)
    return sorted(found, key=lambda url: found[url])


def _warn_of_rows(item: Cells, records: list[FeedRecord]) -> None:
    """Warn of rows that may be another product's: with another title, or without a handle."""
    title, line = item.text("title"), item.record.line
    titled = (each for each in records if "title" in each.cells)
    other = next((each for each in titled if each.text("title") not in {"", title}), None)
    if other:
        detail = f"differs from line {line} of the handle, whose title counts"
        advice = "give each product a handle of its own, or one title"
        _warn_of_row(item, other, "title", detail, advice)
    for each in records:
        if FOLLOWS in each.cells:
            detail = (
                f"is empty, so the row is taken as one of the product above, {item.external_id}"
            )
            _warn_of_row(item, each, "handle", detail, "repeat the handle in each row")


def _warn_of_row(item: Cells, record: FeedRecord, name: str, detail: str, advice: str) -> None:
    row = Cells(item.shop, record, ITEM, item.external_id)
    row.warn(name, detail, record.text(name), advice)
    item.warnings += row.warnings


def _images_of_variants(made: list[tuple[Cells, dict[str, Any]]]) -> list[str]:
    found = (values["image_full_url"] for _, values in made)
    return list(dict.fromkeys(each for each in found if each))


def _is_published(item: Cells) -> bool:
    if item.text("status").lower() in _NOT_PUBLISHED:
        return False
    return item.truth("published", otherwise=True)


def _metadata_of_row(
    record: FeedRecord, shop: Shop, *, of_variant: bool, product: FeedRecord | None = None
) -> dict[str, Any]:
    """Give what is the item's in the row of the product, and what is the variant's."""
    ours = shop.layout.of_variants
    takes_all = of_variant and record is not product
    return {
        name: value.strip() if value.__class__ is str and "'" not in value else _as_shown(value)
        for name, value in record.rest.items()
        if takes_all or (name in ours) is of_variant
    }


def _as_shown(value: Any) -> Any:
    """Give a cell without blanks round it, a barcode without the apostrophe before its digits."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    return text[1:] if text[:1] == "'" and text[1:].isdecimal() else text


def _first_sale(made: list[tuple[Cells, dict[str, Any]]]) -> dict[str, Any]:
    """Give the former price of the cheapest variant, which belongs to the price of the item."""
    priced = [values for _, values in made if values["price"] is not None]
    if not priced:
        return {}
    cheapest = min(priced, key=lambda values: values["price"])["custom_metadata"]
    return {
        name: value
        for name, value in cheapest.items()
        if name.lower().startswith(("compare", "variant compare"))
    }
