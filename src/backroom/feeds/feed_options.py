"""What a user may say of a feed. What is not said is recognised from the content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from datetime import date

    from backroom.feeds.mapping import Mapping
    from backroom.feeds.number_style import NumberStyle

VariantIds = Literal["sku", "options"]
"""What the ids of Shopify's variants are made of: their SKU, or handle and option values."""
VARIANT_IDS: tuple[VariantIds, ...] = get_args(VariantIds)


@dataclass(frozen=True)
class FeedOptions:
    """All of it, empty where it is left to the content."""

    encoding: str = ""
    delimiter: str = ""
    numbers: NumberStyle | None = None
    compression: str = ""
    variant_ids: VariantIds | None = None
    sheet: str = ""
    """The sheet of a workbook."""
    shop_url: str = ""
    """The address of a product, with `{handle}`, `{id}` or `{sku}` in it."""
    mapping: Mapping | None = None
    private_addresses: bool = False
    today: date | None = None
    """The day on which sale prices have to hold. None takes only those without dates."""
