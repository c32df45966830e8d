"""A catalog with the API's names: a record for each category, item and variant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds.carriers import cell_text
from backroom.feeds.columns import COLUMNS as ALL_COLUMNS
from backroom.feeds.columns import NUMBER_COLUMNS, exact_cell
from backroom.feeds.reading_back import LOST, REFUSED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.carriers import Pairs
    from backroom.feeds.catalog_spool import CatalogSpool
    from backroom.feeds.reading_back import Losses

COLUMNS = tuple(dict.fromkeys(("type", "external_id", "item", "categories", "name", *ALL_COLUMNS)))
_NEEDED_ATTRIBUTES = ("price", "inventory_quantity")
"""Attributes of a variant that an update may clear, and a create has to give."""


def own_records(spool: CatalogSpool, losses: Losses) -> Iterator[Pairs]:
    """Give the records of a whole catalog, and count what an import would refuse."""
    for external_id, name in spool.categories():
        yield [("type", CATEGORY.name), ("external_id", external_id), ("name", name)]
    for item in spool.items(with_variants=False):
        yield [
            ("type", ITEM.name),
            ("external_id", item.external_id),
            ("categories", list(item.categories)),
            *item.attributes.items(),
        ]
    for variant in spool.variants():
        if not variant.item:
            losses.add(VARIANT.name, "item", REFUSED, variant.external_id)
        for name in _NEEDED_ATTRIBUTES:
            if variant.attributes.get(name) is None:
                losses.add(VARIANT.name, name, REFUSED, variant.external_id)
        yield [
            ("type", VARIANT.name),
            ("external_id", variant.external_id),
            *([("item", variant.item)] if variant.item else []),
            *variant.attributes.items(),
        ]


def as_cells(pairs: Pairs) -> Pairs:
    """Write values as the texts of cells, so that each reads as it was."""
    return [
        (
            name,
            ""
            if value is None
            else exact_cell(name, value)
            if isinstance(value, str)
            else cell_text(value),
        )
        for name, value in pairs
    ]


def count_changes(before: Pairs, after: Pairs, losses: Losses) -> None:
    """Count the cells that a carrier could not hold as they were."""
    if before == after:
        return
    names = dict(before)
    for (name, wanted), (_, found) in zip(before, after, strict=True):
        if wanted != found:
            losses.add(str(names["type"]), name, LOST, str(names["external_id"]))


def is_number_column(name: str) -> bool:
    """Whether a column has numbers."""
    return name in NUMBER_COLUMNS
