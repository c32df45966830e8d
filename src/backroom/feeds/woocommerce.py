"""WooCommerce's product CSV.

A product of the type `variable` and its variations are one item with variants, whichever comes
first. Every other product is an item with one variant, so that its stock and its SKU are kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM, VARIANT
from backroom.feeds.fields import Field, kept
from backroom.feeds.products import (
    HIDDEN_WHEN_OUT,
    IN_STOCK_ALWAYS,
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
from backroom.feeds.rows import RowFault
from backroom.feeds.woocommerce_headings import HEADINGS, KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.products import Shop
    from backroom.feeds.records import FeedRecord
    from backroom.feeds.rows import Finding, Row

_COMMA = re.compile(r"(?<!\\),")
_NUMBERS = {"stock": "quantity", "sale price": "price", "regular price": "price"}
_BECOMES = {
    "id": "the `external_id` of the item and of its one variant, or of a variation",
    "type": "`variable` is an item, `variation` a variant of its parent, all others an item with one variant",
    "sku": "the variant's `sku`; the `external_id` where there is no ID",
    "name": "the `title`; the `external_id` is made of it where there is neither ID nor SKU",
    "published": "0 and -1 make `published` false",
    "visibility": "`hidden` makes `published` false",
    "short description": "the `description` where there is no long one",
    "description": 'the `description`; `\\n` is a line break; `""` where both are empty',
    "sale starts": "the first day of the sale; kept in `custom_metadata`",
    "sale ends": "the last day of the sale; kept in `custom_metadata`",
    "in stock": "without a number, 1 and `backorder` are `inventory_policy` 2 and 0 is policy 1, both with quantity 0",
    "stock": "the variant's `inventory_quantity`; a negative one is 0, with a warning; `parent` is the stock of the variation's parent",
    "backorders": "1 and `notify` are `inventory_policy` 2, else 1, where there is a number in stock",
    "sale price": "the `price`, where the sale holds today or has no dates; kept in `custom_metadata`",
    "regular price": "the `price` where no sale holds; kept in `custom_metadata`; a variable item has the least of its variants'",
    "categories": "categories, with commas between them; the path `A > B` makes `A` and `A > B`, and the item is in both",
    "images": "the `images`, with commas between them; the first is the `image_full_url`, and a variation without one has its parent's",
    "parent": "the item of a variation, by its SKU or as `id:44`",
    "external url": "the item's `url`",
    "attribute {n} name": "the name of an attribute, an entry of `custom_metadata`",
    "attribute {n} values": "its values, which are the options of a variation; an empty one is none",
}
_KEPT_IN_METADATA = ("sale price", "regular price", "sale starts", "sale ends", "short description")

FIELDS = (
    *(
        Field(name, headings, _BECOMES[name], _NUMBERS.get(name, "text"))  # type: ignore[arg-type]
        for name, headings in HEADINGS.items()
    ),
    *kept(KEPT),
)


def is_variation(record: FeedRecord) -> bool:
    """Whether a row is a variant of another one."""
    return "variation" in record.text("type").lower()


def group_of(record: FeedRecord) -> str:
    """Give the id of the item, for a variation the reference to its parent."""
    if is_variation(record):
        return record.text("parent")
    return record.text("id") or record.text("sku") or slug(record.text("name"))


def aliases_of(record: FeedRecord) -> list[str]:
    """Give the references by which variations may name this row as their parent."""
    if "variable" not in record.text("type").lower():
        return []
    identity, sku = record.text("id"), record.text("sku")
    found = [f"id:{identity}"] if identity else []
    return [*found, *([sku, sku.lower()] if sku else [])]


def rows_of(group: str, records: list[FeedRecord], shop: Shop) -> Iterator[Row | Finding]:
    """Give the rows of one product: its categories, the item, the variants."""
    products = [each for each in records if not is_variation(each)]
    variations = [each for each in records if is_variation(each)]
    if not products:
        yield from (_orphan(group, each, shop) for each in variations)
        return
    product = products[-1]
    item = _item(group, products, shop)
    is_variable = bool(variations) or "variable" in product.text("type").lower()
    title, own_url = item.text("name"), item.text("external url")
    url = own_url or shop.address(slug(title) or group, group, item.text("sku"))
    attributes = _shared_attributes(item, title, url)
    made = list(
        _woocommerce_variants(
            group, attributes, variations if is_variable else [product], shop, item
        )
    )
    prices = [values["price"] for cells, values in made if not cells.faults]
    attributes["price"] = min((each for each in prices if each is not None), default=None)
    if attributes["price"] is None:
        warn_of_no_price(item, made, alone=not is_variable, price="regular price")
    if not attributes["images"]:
        item.missing("images", "the item has no image", "give an image")
    categories = category_ids(map(split_path, _parts_of_list(item.text("categories"))))
    if not own_url:
        yield from address_warning(shop, product.line, shop.layout.column("name"))
    yield from category_rows(shop, product.line, categories)
    yield from item.row(attributes, categories)
    yield from variant_rows(item, made, alone=not is_variable, price="regular price")


def _item(group: str, products: list[FeedRecord], shop: Shop) -> Cells:
    """Begin the item of the last row with its id."""
    item = Cells(shop, products[-1], ITEM, group)
    if not item.text("name"):
        item.fault("name", "is empty", "", "give the product a name")
    item.repeated(products[:-1])
    return item


def _orphan(group: str, record: FeedRecord, shop: Shop) -> RowFault:
    identity = record.text("id") or record.text("sku")
    column = shop.layout.column("parent")
    reason = f"no product of the file is {group!r}" if group else "is empty"
    advice = "name a variable product of the file by its SKU or as id:NN"
    return RowFault(record.line, reason, VARIANT, identity, column, group, advice)


def _woocommerce_variants(
    group: str,
    item: dict[str, Any],
    records: list[FeedRecord],
    shop: Shop,
    parent: Cells,
) -> Iterator[tuple[Cells, dict[str, Any]]]:
    distinct = Distinct()
    of_parent: tuple[int, float] | None = None
    for record in records:
        alone = not is_variation(record)
        options = {} if alone else _attributes_of(record)
        identity = group if alone else record.text("id") or record.text("sku")
        identity = distinct(identity or variant_id(group, options.values()))
        cells = Cells(shop, record, VARIANT, identity)
        if not alone and cells.text("stock").lower() == "parent":
            of_parent = of_parent or _woocommerce_stock(parent)
            policy, quantity = of_parent
        else:
            policy, quantity = _woocommerce_stock(cells)
        title = item["title"]
        if not alone:
            joined = ", ".join(options.values())
            title = record.text("name") or (f"{title} - {joined}" if joined else title)
        own = _shared_attributes(cells, title, item["url"])
        own["image_full_url"] = own["image_full_url"] or item["image_full_url"]
        yield (
            cells,
            own
            | {
                "sku": record.text("sku"),
                "inventory_policy": policy,
                "inventory_quantity": quantity,
                "price": _price_today(cells),
                "published": own["published"] and item["published"],
            },
        )


def _shared_attributes(cells: Cells, title: str, url: str) -> dict[str, Any]:
    """Give what items and variants have in common."""
    record = cells.record
    images = _parts_of_list(cells.text("images"))
    metadata = dict(record.rest)
    for name in _KEPT_IN_METADATA:
        if name in record.cells:
            metadata[cells.shop.layout.column(name)] = record.cells[name]
    hidden = cells.text("visibility").lower() == "hidden"
    return {
        "title": title,
        "description": _unescaped_lines(
            cells.text("description") or cells.text("short description")
        ),
        "url": url,
        "image_full_url": images[0] if images else "",
        "images": images,
        "custom_metadata": metadata | _attributes_of(record),
        "published": cells.truth("published", otherwise=True) and not hidden,
    }


def _attributes_of(record: FeedRecord) -> dict[str, str]:
    """Give the attributes by their names. An empty value is none."""
    found = {}
    for name in record.cells:
        if name.startswith("attribute ") and name.endswith(" values"):
            heading = record.text(f"{name[:-7]} name") or name[:-7].capitalize()
            if value := record.text(name):
                found[heading] = value
    return found


def _price_today(cells: Cells) -> float | None:
    regular = cells.price("regular price")
    sale = cells.price("sale price") if cells.text("sale price") else None
    if sale is None:
        return regular
    return sale if cells.sale_holds(cells.text("sale starts"), cells.text("sale ends")) else regular


def _woocommerce_stock(cells: Cells) -> tuple[int, float]:
    """Give the policy and the quantity."""
    backorders = cells.text("backorders").lower() == "notify" or cells.truth(
        "backorders", otherwise=False
    )
    if cells.text("stock").lower() not in {"", "parent"}:
        quantity = cells.quantity("stock")
        return IN_STOCK_ALWAYS if backorders else HIDDEN_WHEN_OUT, quantity or 0
    in_stock = cells.text("in stock").lower()
    if in_stock in {"backorder", "onbackorder", "instock"}:
        return IN_STOCK_ALWAYS, 0
    if in_stock == "outofstock" or not cells.truth("in stock", otherwise=True):
        return IN_STOCK_ALWAYS if backorders else HIDDEN_WHEN_OUT, 0
    return IN_STOCK_ALWAYS, 0


def _unescaped_lines(text: str) -> str:
    r"""Give a text its line breaks. WooCommerce writes them as `\n`, and a real `\n` as `\\n`."""
    return "\\n".join(part.replace("\\n", "\n") for part in text.split("\\\\n"))


def _parts_of_list(text: str) -> list[str]:
    """Split at commas that no backslash stands before."""
    parts = (part.replace("\\,", ",").strip() for part in _COMMA.split(text))
    return list(dict.fromkeys(part for part in parts if part))
