"""WooCommerce's product CSV.

A product of the type `variable` and its variations are one item with variants, whichever comes
first. A `grouped` product is an item without variants: those that are sold are the products that it
groups. Every other product is an item with one variant, so that its stock and its SKU are kept.
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
GUARDED = "=+-@\t\r"
"""The beginnings of cells before which WooCommerce writes an apostrophe."""
_NUMBER_COLUMNS = {
    "stock": "quantity",
    "sale price": "price",
    "regular price": "price",
    "price": "price",
}
NOT_PUBLISHED = {"draft", "pending", "private", "future", "trash", "0", "-1"}
_PRICES = ("regular price", "price", "sale price")
_WOOCOMMERCE_FIELDS_ONCE = (
    "id",
    "type",
    "sku",
    "name",
    "stock",
    "sale price",
    "regular price",
    "parent",
)
_NO_PARENT = ("", "0")
"""What a product without a parent has in that column. WordPress numbers no product 0."""
_BECOMES = {
    "id": "the `external_id` of the item and of its one variant, or of a variation",
    "type": "`variable` is an item, `variation` a variant of its parent, `grouped` an item without variants, all others an item with one variant; where it is empty, a row with a parent is a variation",
    "sku": "the variant's `sku`; the `external_id` where there is no ID; of a variable or grouped product kept in `custom_metadata`",
    "name": "the `title`; the `external_id` is made of it if the row has neither ID nor SKU",
    "published": "0 and -1 make `published` false",
    "status": "`draft`, `pending`, `private` and 0 make `published` false; kept in `custom_metadata`",
    "visibility": "`hidden` makes `published` false",
    "short description": "the `description` of a product without a long one",
    "description": 'the `description`; `\\n` is a line break; `""` where both are empty',
    "sale starts": "the first day of the sale; kept in `custom_metadata`",
    "sale ends": "the last day of the sale; kept in `custom_metadata`",
    "in stock": "without a number, 1 and `backorder` are `inventory_policy` 2 and 0 is policy 1, both with quantity 0",
    "stock": "the variant's `inventory_quantity`; a negative one is 0, with a warning; `parent` is the stock of the variation's parent",
    "backorders": "1 and `notify` are `inventory_policy` 2, else 1, where there is a number in stock",
    "sale price": "the `price`, where the sale holds today or has no dates; kept in `custom_metadata`",
    "regular price": "the `price` where no sale holds; kept in `custom_metadata`; a variable item has the least of its variants', and a grouped one the least of the products that it groups",
    "price": "the `price` where there is neither of the two; kept in `custom_metadata`",
    "categories": "categories, with commas between them; the path `A > B` makes `A` and `A > B`, and the item is in both",
    "images": "the `images`, with commas between them; the first is the `image_full_url`, and a variation without one has its parent's",
    "parent": "the item of a variation, by its SKU or as `id:44`",
    "grouped products": "SKUs or `id:44`, with commas between them; kept in `custom_metadata`",
    "permalink": "the item's `url`",
    "external url": "the item's `url`, where there is no other; kept in `custom_metadata` where there is",
    "attribute {n} name": "the name of an attribute, an entry of `custom_metadata`; a variation may leave it to its parent",
    "attribute {n} values": "its values, which are the options of a variation; an empty value counts as no option",
}
_KEPT_IN_METADATA = (
    *("sale price", "regular price", "price", "sale starts", "sale ends", "short description"),
    *("status", "grouped products"),
)

FIELDS = (
    *(
        Field(name, headings, _BECOMES[name], _NUMBER_COLUMNS.get(name, "text"))  # type: ignore[arg-type]
        for name, headings in HEADINGS.items()
    ),
    *kept(KEPT),
)


def unguard(record: FeedRecord) -> None:
    """Take out the apostrophe that WooCommerce writes so that no spreadsheet sees a formula."""
    for held in (record.cells, record.rest):
        # Cells are never empty.
        guarded = [k for k, value in held.items() if value.__class__ is str and value[0] == "'"]
        for name in guarded:
            if (value := held[name])[1:2] in GUARDED:
                held[name] = value[1:] or value


def grouped_in(record: FeedRecord) -> list[str]:
    """Give the products that a grouped one consists of, by SKU or `id:NN`, in lower case."""
    if not is_grouped(record):
        return []
    return [each.lower() for each in _parts_of_list(record.text("grouped products"))]


def names_of(record: FeedRecord) -> list[str]:
    """Give the names by which a grouped product may refer to this one."""
    if is_variation(record):
        return []
    return [f"id:{record.text('id')}", record.text("sku").lower()]


def is_grouped(record: FeedRecord) -> bool:
    """Whether a row only groups other products."""
    return "grouped" in record.text("type").lower()


def is_variation(record: FeedRecord) -> bool:
    """Whether a row is a variant of another one. Without a type, a row with a parent is."""
    if kind := record.text("type").lower():
        return "variation" in kind
    return record.text("parent") not in _NO_PARENT


def group_of(record: FeedRecord) -> str:
    """Give the id of the item, for a variation the reference to its parent."""
    if is_variation(record):
        return record.text("parent")
    return record.text("id") or record.text("sku") or slug(record.text("name"))


def aliases_of(record: FeedRecord) -> list[str]:
    """Give the references by which variations may name this row as their parent."""
    kind = record.text("type").lower()
    if "variable" not in kind if kind else is_variation(record):
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
    alone = not is_variable and not is_grouped(product)
    title, own_url = item.text("name"), item.text("permalink") or item.text("external url")
    url = own_url or shop.address(slug(title) or group, group, item.text("sku"))
    attributes = _shared_attributes(item, title, url, _attributes_of(item.record))
    if is_grouped(product) and not variations:
        # The price that an export writes for it. WooCommerce has none.
        attributes["custom_metadata"].pop(shop.layout.column("regular price"), None)
    if not alone and (sku := item.text("sku")) and sku != group:
        attributes["custom_metadata"][shop.layout.column("sku")] = sku
    sold = variations or ([product] if alone else [])
    made = list(_woocommerce_variants(group, attributes, sold, shop, item))
    # What is wrong with the stock of a simple product does not take the item's price.
    prices = [values["price"] for cells, values in made if alone or not cells.faults]
    if not made:
        prices = [_price_without_variants(item)]
    attributes["price"] = min((each for each in prices if each is not None), default=None)
    price = _price_field(shop)
    if attributes["price"] is None:
        if made or is_grouped(product):
            _warn_of_unpriced(item, made, alone=alone, price=price)
        if price not in shop.fields:
            # The file says nothing of prices, so those that the server has stay.
            del attributes["price"]
    if not attributes["images"]:
        item.missing("images", "the item has no image", "give an image")
    item.addresses("images", attributes["images"])
    categories = category_ids(map(split_path, _parts_of_list(item.text("categories"))))
    if not own_url:
        yield from address_warning(shop, product.line, shop.layout.column("name"))
    yield from category_rows(shop, product.line, categories)
    yield from item.row(attributes, categories)
    yield from variant_rows(item, made, alone=alone, price=price)


def _price_without_variants(item: Cells) -> float | None:
    """Give the price of a product that is not sold itself."""
    price = _price_today(item)
    if not is_grouped(item.record):
        lost = "no variants" if price is not None else "neither variants nor a price"
        detail = f"no row of the file is a variation of it, so the item has {lost}"
        item.warn("type", detail, item.text("type"), "add its variations, or write simple")
    elif price is None:
        found = map(item.shop.prices.get, grouped_in(item.record))
        price = min((each for each in found if each is not None), default=None)
    return price


def _item(group: str, products: list[FeedRecord], shop: Shop) -> Cells:
    """Begin the item of the last row with its id."""
    item = Cells(shop, products[-1], ITEM, group)
    if not item.text("name"):
        item.fault("name", "is empty", "", "give the product a name")
    item.repeated(products[:-1])
    item.once(_WOOCOMMERCE_FIELDS_ONCE)
    return item


def _price_field(shop: Shop) -> str:
    """Give the field that should have the price."""
    return next((each for each in _PRICES if each in shop.fields), _PRICES[0])


def _warn_of_unpriced(
    item: Cells, made: list[tuple[Cells, dict[str, Any]]], *, alone: bool, price: str
) -> None:
    if is_grouped(item.record):
        detail = "no product that it groups has a price in the file, so the item has none"
        advice = "nothing, or import it together with these products"
        item.warn("grouped products", detail, item.text("grouped products"), advice)
    elif not alone and price in item.shop.fields:
        detail = "none of its variations has a price that can be read, so the item has none"
        item.warn(price, detail, "", "give its variations prices")
    else:
        warn_of_no_price(item, made, alone=alone, price=price)


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
        attributes = _attributes_of(record, parent.record)
        options = {} if alone else attributes
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
        own = _shared_attributes(cells, title, item["url"], attributes)
        if not own["images"] and item["image_full_url"]:
            own["images"] = [item["image_full_url"]]
            own["image_full_url"] = item["image_full_url"]
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


def _shared_attributes(
    cells: Cells, title: str, url: str, attributes: dict[str, str]
) -> dict[str, Any]:
    """Give what items and variants have in common. `attributes` are WooCommerce's, by their names."""
    record = cells.record
    images = _parts_of_list(cells.text("images"))
    metadata = dict(record.rest)
    for name in _KEPT_IN_METADATA:
        if name in record.cells:
            metadata[cells.shop.layout.column(name)] = record.cells[name]
    if "permalink" in record.cells and "external url" in record.cells:
        metadata[cells.shop.layout.column("external url")] = record.cells["external url"]
    return {
        "title": title,
        "description": _unescaped_lines(
            cells.text("description") or cells.text("short description")
        ),
        "url": url,
        "image_full_url": images[0] if images else "",
        "images": images,
        "custom_metadata": metadata | attributes,
        "published": _is_shown_in_shop(cells),
    }


def _is_shown_in_shop(cells: Cells) -> bool:
    hidden = cells.text("visibility").lower() == "hidden"
    unpublished = hidden or cells.text("status").lower() in NOT_PUBLISHED
    return cells.truth("published", otherwise=True) and not unpublished


def _attributes_of(record: FeedRecord, parent: FeedRecord | None = None) -> dict[str, str]:
    """Give the attributes by their names. An empty value is none.

    A variation may leave the names to its parent.
    """
    found = {}
    for name in record.cells:
        if name.startswith("attribute ") and name.endswith(" values"):
            of_name = f"{name[:-7]} name"
            heading = record.text(of_name) or (parent.text(of_name) if parent else "")
            heading = heading or name[:-7].capitalize()
            if value := record.text(name):
                found[heading] = value
    return found


def _price_today(cells: Cells) -> float | None:
    regular = cells.price("regular price")
    if regular is None and not cells.text("regular price"):
        regular = cells.price("price")
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
    # WooCommerce allows backorders only where it counts the stock.
    if in_stock == "outofstock" or not cells.truth("in stock", otherwise=True):
        return HIDDEN_WHEN_OUT, 0
    return IN_STOCK_ALWAYS, 0


def _unescaped_lines(text: str) -> str:
    r"""Give a text its line breaks. WooCommerce writes them as `\n`, and a real `\n` as `\\n`."""
    return "\\n".join(part.replace("\\n", "\n") for part in text.split("\\\\n"))


def _parts_of_list(text: str) -> list[str]:
    """Split at commas that no backslash stands before."""
    parts = (part.replace("\\,", ",").strip() for part in _COMMA.split(text))
    return list(dict.fromkeys(part for part in parts if part))
