"""A product in WooCommerce's CSV: a simple product, or a variable one and its variations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.feeds.export_records import (
    deepest_paths,
    images_of,
    is_word,
    kept_metadata,
    metadata_of,
    option_names,
    written_as,
)
from backroom.feeds.fields import Headings
from backroom.feeds.products import slug, variant_id
from backroom.feeds.woocommerce import FIELDS, GUARDED, NOT_PUBLISHED

if TYPE_CHECKING:
    from backroom.feeds.carriers import Pairs
    from backroom.feeds.catalog_spool import Attributes, ReadItem, ReadVariant

_ATTRIBUTE_HEADINGS = tuple(
    f"Attribute {number} {part}"
    for number in range(1, 100)
    for part in ("name", "value(s)", "visible", "global")
)
COLUMNS = (
    *("ID", "Type", "SKU", "Name", "Published", "Is featured?", "Visibility in catalog"),
    *("Short description", "Description", "Date sale price starts", "Date sale price ends"),
    *("Tax status", "Tax class", "In stock?", "Stock", "Backorders allowed?", "Sale price"),
    *("Regular price", "Categories", "Tags", "Shipping class", "Images", "Parent", "External URL"),
    *("Position", *_ATTRIBUTE_HEADINGS),
)
_HEADINGS = Headings(FIELDS)
_KEPT_WOOCOMMERCE_FIELDS = ("sale price", "regular price", "price", "sale starts", "sale ends")
_KEPT_OF_ITEM = ("grouped products", "status")
_MOST_ATTRIBUTES = 99
_SHOWN_ALWAYS = 2
_UNKNOWN_URL = "https://shop.invalid/"


def woocommerce_records(item: ReadItem, *, as_is: bool = True) -> list[Pairs]:
    """Give the rows of a product. With `as_is` both prices are those that an import has kept."""
    variants = item.variants
    alone = not variants or (len(variants) == 1 and variants[0].external_id == item.external_id)
    metadata = metadata_of(item.attributes)
    names = [] if alone else option_names(item, _HEADINGS, ", ")
    if alone and variants:
        metadata = metadata | {
            name: value
            for name, value in metadata_of(variants[0].attributes).items()
            if name not in metadata
        }
    is_group = not variants and bool(written_as(metadata, _HEADINGS, ("grouped products",)))
    row = _product_identity(item, alone=alone and not is_group)
    row.append(("Type", "grouped" if is_group else "simple" if alone else "variable"))
    row += _common(item.attributes)
    row.append(("Categories", ", ".join(map(_in_list, deepest_paths(item.categories)))))
    row += written_as(metadata, _HEADINGS, _KEPT_OF_ITEM)
    if item.attributes.get("published"):
        row = [each for each in row if not _hides(*each)]
    url = str(item.attributes.get("url") or "")
    if url and not url.startswith(_UNKNOWN_URL):
        row.append(("External URL", url))
    if alone:
        row += _woocommerce_stock_cells(variants[0].attributes) if variants else []
        row += _prices(item.attributes, metadata, as_is=as_is)
    else:
        row += _kept_prices(metadata)
        for name in names:
            values = (metadata_of(each.attributes).get(name) for each in variants)
            known = dict.fromkeys(_in_list(each) for each in values if isinstance(each, str))
            metadata = {**metadata, name: metadata.get(name) or ", ".join(known)}
    attributes = _attribute_names(metadata, names)
    row += _metadata_cells(metadata, attributes)
    found = [row]
    if not alone:
        reference = next((f"id:{value}" for name, value in row if name == "ID"), None)
        parent = reference or next(value for name, value in row if name == "SKU")
        found += [_variation(item, each, names, parent, as_is=as_is) for each in variants]
    return [[(heading, _guarded_cell(value)) for heading, value in pairs] for pairs in found]


def _product_identity(item: ReadItem, *, alone: bool) -> Pairs:
    identity, title = item.external_id, str(item.attributes.get("title") or "")
    if alone:
        sku = str(item.variants[0].attributes.get("sku") or "") if item.variants else ""
    else:
        kept = written_as(metadata_of(item.attributes), _HEADINGS, ("sku",))
        sku = kept[0][1] if kept and is_word(kept[0][1]) else ""
    found: Pairs = [("Name", title)]
    if _is_numeric_id(identity) or (sku and sku != identity):
        return [("ID", identity), ("SKU", sku), *found]
    if alone and not sku and slug(title) == identity:
        return found
    if alone and item.variants and not sku:
        return [("ID", identity), *found]
    # References to a parent are compared without case.
    if identity != identity.lower() or identity.startswith("id:"):
        return [("ID", identity), *found] if not sku else [("SKU", sku), *found]
    return [("SKU", identity), *found]


def _variation(
    item: ReadItem, variant: ReadVariant, names: list[str], parent: str, *, as_is: bool
) -> Pairs:
    attributes, identity = variant.attributes, variant.external_id
    metadata = metadata_of(attributes)
    options = [metadata[name] for name in names if is_word(metadata.get(name))]
    sku = str(attributes.get("sku") or "")
    row: Pairs = [("Type", "variation"), ("SKU", sku), ("Name", attributes.get("title"))]
    derived = not sku and variant_id(item.external_id, options) == identity
    if _is_numeric_id(identity) or not (sku == identity or derived):
        row.insert(0, ("ID", identity))
    row += _common(attributes)
    row.append(("Parent", parent))
    row += _woocommerce_stock_cells(attributes)
    row += _prices(attributes, metadata, as_is=as_is)
    return row + _metadata_cells(metadata, [name for name in names if is_word(metadata.get(name))])


def _common(attributes: Attributes) -> Pairs:
    return [
        ("Published", "0" if attributes.get("published") is False else "1"),
        ("Description", attributes.get("description")),
        ("Images", ", ".join(map(_in_list, images_of(attributes)))),
        *written_as(metadata_of(attributes), _HEADINGS, ("short description",)),
    ]


def _woocommerce_stock_cells(attributes: Attributes) -> Pairs:
    policy, quantity = attributes.get("inventory_policy"), attributes.get("inventory_quantity")
    always = policy == _SHOWN_ALWAYS
    if not quantity and policy != 1:
        return [("In stock?", "1")]
    return [
        ("In stock?", "1" if quantity or always else "0"),
        ("Stock", quantity or 0),
        ("Backorders allowed?", "1" if always else "0"),
    ]


def _prices(attributes: Attributes, metadata: dict[str, Any], *, as_is: bool) -> Pairs:
    kept = _kept_prices(metadata)
    if as_is and kept:
        return kept
    # A table has no other column for it.
    regular = written_as(metadata, _HEADINGS, ("regular price",))
    return [(regular[0][0] if regular else "Regular price", attributes.get("price"))]


def _hides(heading: str, value: Any) -> bool:
    """Whether a status that an import has kept says that the product is not published."""
    found = _HEADINGS.find(heading)
    is_status = found is not None and found[0] == "status"
    return is_status and str(value).lower() in NOT_PUBLISHED


def _kept_prices(metadata: dict[str, Any]) -> Pairs:
    return written_as(metadata, _HEADINGS, _KEPT_WOOCOMMERCE_FIELDS)


def _attribute_names(metadata: dict[str, Any], names: list[str]) -> list[str]:
    """Give the entries of an item that are its attributes: the last ones, or all unknown ones."""
    words = [
        name
        for name, value in metadata.items()
        if is_word(name) and is_word(value) and _HEADINGS.find(name) is None
    ]
    numbered = {
        name.split()[1]
        for name in metadata
        if name.startswith("Attribute ") and name.endswith((" visible", " global"))
    }
    chosen = words[-len(numbered) :] if numbered else words
    return list(dict.fromkeys([*chosen, *(each for each in names if each in words)]))[
        :_MOST_ATTRIBUTES
    ]


def _metadata_cells(metadata: dict[str, Any], attributes: list[str]) -> Pairs:
    found: Pairs = []
    for number, name in enumerate(attributes, start=1):
        found.append((f"Attribute {number} name", name))
        found.append((f"Attribute {number} value(s)", metadata[name]))
    chosen = set(attributes)
    return found + [each for each in kept_metadata(metadata, _HEADINGS) if each[0] not in chosen]


def _guarded_cell(value: Any) -> Any:
    """Give a cell as WooCommerce writes it, so that no spreadsheet sees a formula."""
    return f"'{value}" if isinstance(value, str) and value and value[0] in GUARDED else value


def _in_list(text: str) -> str:
    return text.replace(",", "\\,")


def _is_numeric_id(identity: str) -> bool:
    return identity.isascii() and identity.isdecimal()
