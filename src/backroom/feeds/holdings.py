"""What each format can hold of a catalog: one table, from which page, report and tests are made.

An attribute that is held whole comes back as it was when the export is imported. That holds for
each item and variant that is in the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind


@dataclass(frozen=True)
class Holding:
    """Where an attribute of a kind goes in a format. `words` say what of it is held, or why not.

    Without `words` it is held whole. Without `columns` it has no place of its own.
    """

    kind: Kind
    attribute: str
    columns: str = ""
    words: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether every value is held."""
        return bool(self.columns) and not self.words


_BARE_TEXTS = "texts without blanks round them"
_UNGUARDED = f"{_BARE_TEXTS}, and without an apostrophe before = + - @ at the beginning"
_CODE_TEXTS = f"{_BARE_TEXTS}, and without an apostrophe before a digit or a sign at the beginning"
_LEAST = "only the least price of its variants"
_ONLY_TEXTS = "only texts, under headings that are not columns of the format"
_NO_PLACE = "the format has no place for it"


def _held_of(kind: Kind, **places: tuple[str, str]) -> tuple[Holding, ...]:
    return tuple(Holding(kind, name, *place) for name, place in places.items())


_PATHS = _held_of(
    CATEGORY,
    external_id=("", "only categories with items, as paths `A > B`"),
    name=("", "the name is the id"),
)
_OWN_HOLDINGS = tuple(
    Holding(kind, name, name)
    for kind in KINDS.values()
    for name in (
        *(each.name for each in kind.attributes),
        *(each.name for each in kind.relations if each.name != "items"),
    )
)
HOLDINGS: dict[str, tuple[Holding, ...]] = {
    "jsonl": _OWN_HOLDINGS,
    "json": _OWN_HOLDINGS,
    "csv": _OWN_HOLDINGS,
    "shopify": (
        *_held_of(
            ITEM,
            external_id=("Handle", _CODE_TEXTS),
            title=("Title", _BARE_TEXTS),
            description=("Body (HTML)", _BARE_TEXTS),
            price=("Variant Price", _LEAST),
            url=("", "import it with --shop-url"),
            image_full_url=("Image Src", "the first image"),
            image_thumbnail_url=("", _NO_PLACE),
            images=("Image Src, Image Position", "each image once, the full one first"),
            custom_metadata=("their own headings", f"{_ONLY_TEXTS} or are the product's in Shopify"),
            published=("Published, Status", ""),
            categories=("Type, Product Category", "two paths with all their ancestors"),
        ),
        *_held_of(
            VARIANT,
            external_id=("Variant SKU", "the SKU, where every variant has one, else handle and options"),
            title=("Title, Option Values", "the item's title with the option values"),
            description=("Body (HTML)", "that of the item"),
            sku=("Variant SKU", _CODE_TEXTS),
            inventory_policy=("Variant Inventory Tracker, Variant Inventory Policy", ""),
            inventory_quantity=("Variant Inventory Qty", "not below 0, and not with policy 0"),
            price=("Variant Price", "not null, and not below 0"),
            url=("", "that of the item"),
            image_full_url=("Variant Image", "else that of the item"),
            image_thumbnail_url=("", _NO_PLACE),
            images=("Variant Image", "the full image alone"),
            custom_metadata=("Option Names and Values, their own headings", f"{_ONLY_TEXTS}; of the first variant only options and the columns of a variant in Shopify"),
            published=("Published", "that of the item"),
            item=("Handle", ""),
        ),
        *_PATHS,
    ),
    "woocommerce": (
        *_held_of(
            ITEM,
            external_id=("ID, SKU", _UNGUARDED),
            title=("Name", _UNGUARDED),
            description=("Description", _UNGUARDED),
            price=("Regular price, Sale price", _LEAST),
            url=("External URL", "addresses without blanks round them that are not those of shop.invalid"),
            image_full_url=("Images", "the first image"),
            image_thumbnail_url=("", _NO_PLACE),
            images=("Images", "each image once, the full one first"),
            custom_metadata=("Attribute Names and Values, their own headings", _ONLY_TEXTS),
            published=("Published", ""),
            categories=("Categories", "paths with all their ancestors"),
        ),
        *_held_of(
            VARIANT,
            external_id=("ID, SKU", _UNGUARDED),
            title=("Name", "of a simple product that of the item"),
            description=("Description", "of a simple product that of the item"),
            sku=("SKU", _UNGUARDED),
            inventory_policy=("Backorders allowed?, In stock?", "not 0"),
            inventory_quantity=("Stock", "not below 0"),
            price=("Regular price, Sale price", "not null, and not below 0"),
            url=("", "that of the item"),
            image_full_url=("Images", "the first image"),
            image_thumbnail_url=("", _NO_PLACE),
            images=("Images", "each image once, the full one first"),
            custom_metadata=("Attribute Names and Values, their own headings", _ONLY_TEXTS),
            published=("Published", "not true if the item's is false"),
            item=("Parent", ""),
        ),
        *_PATHS,
    ),
    "google": (
        *_held_of(
            ITEM,
            external_id=("item_group_id, id", _BARE_TEXTS),
            title=("title", "that of the first variant"),
            description=("description", "that of the first variant"),
            price=("price, sale_price", _LEAST),
            url=("link", "that of the first variant"),
            image_full_url=("image_link", "that of the first variant"),
            image_thumbnail_url=("", _NO_PLACE),
            images=("image_link, additional_image_link", "those of all variants, each once"),
            custom_metadata=("their own names", f"{_ONLY_TEXTS}; of each entry that of the first variant"),
            published=("", "always true"),
            categories=("product_type", "paths with all their ancestors"),
        ),
        *_held_of(
            VARIANT,
            external_id=("id", _BARE_TEXTS),
            title=("title", _BARE_TEXTS),
            description=("description", _BARE_TEXTS),
            sku=("id", "the id"),
            inventory_policy=("availability", "1 with a quantity; 1 or 2 without"),
            inventory_quantity=("sell_on_google_quantity", "not below 0"),
            price=("price, sale_price", "not null, and not below 0"),
            url=("link", _BARE_TEXTS),
            image_full_url=("image_link", _BARE_TEXTS),
            image_thumbnail_url=("", _NO_PLACE),
            images=("image_link, additional_image_link", "each image once, the full one first; the first variant has all of the item, if they are not those of all variants"),
            custom_metadata=("their own names", _ONLY_TEXTS),
            published=("", "always true"),
            item=("item_group_id", ""),
        ),
        *_PATHS,
    ),
    "klaviyo": (
        *_held_of(
            ITEM,
            external_id=("id", _BARE_TEXTS),
            title=("title", _BARE_TEXTS),
            description=("description", _BARE_TEXTS),
            price=("price", "not below 0"),
            url=("link", _BARE_TEXTS),
            image_full_url=("image_link", _BARE_TEXTS),
            image_thumbnail_url=("image_thumbnail_url", "else the full image"),
            images=("", "the full image alone"),
            custom_metadata=("their own names", "under names that are no column of the format; in XML and tables only texts"),
            published=("", "always true"),
            categories=("categories", "ids without blanks round them; in XML and tables without commas"),
        ),
        *_held_of(
            VARIANT,
            external_id=("id", "only one variant of an item, with the id of the item"),
            title=("title", "that of the item"),
            description=("description", "that of the item"),
            sku=("id", "the id"),
            inventory_policy=("inventory_policy", ""),
            inventory_quantity=("inventory_quantity", "not below 0"),
            price=("price", "that of the item"),
            url=("link", "that of the item"),
            image_full_url=("image_link", "that of the item"),
            image_thumbnail_url=("image_thumbnail_url", "that of the item"),
            images=("", _NO_PLACE),
            custom_metadata=("", "that of the item"),
            published=("", "always true"),
            item=("id", ""),
        ),
        *_held_of(
            CATEGORY,
            external_id=("categories", "only categories with items"),
            name=("", "the name is the id"),
        ),
    ),
}  # fmt: skip


def words_on(format_name: str, kind: str, attribute: str) -> str:
    """Say what of an attribute a format holds. `kind` is the name of a kind."""
    for each in HOLDINGS[format_name]:
        if each.kind.name == kind and each.attribute == attribute:
            return each.words
    return ""
