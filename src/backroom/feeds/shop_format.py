"""The format of one kind of shop: `joining.py` makes rows of its records by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backroom.feeds.fields import Field
    from backroom.feeds.products import Shop
    from backroom.feeds.records import FeedRecord, Layout
    from backroom.feeds.rows import Finding, Row


@dataclass(frozen=True)
class ShopFormat:
    """The format of a kind of shop: its fields, and how its records become rows."""

    name: str
    title: str
    fields: tuple[Field, ...]
    needed: tuple[frozenset[str], ...]
    """Fields by which a table is known: all of one of these sets."""
    group_of: Callable[[FeedRecord], str]
    rows_of: Callable[[str, list[FeedRecord], Shop], Iterator[Row | Finding]]
    is_variant: Callable[[FeedRecord], bool] = lambda _: False
    """Whether a record needs a SKU where the SKU is the id of a variant."""
    sku_of: Callable[[FeedRecord], str] = lambda record: record.text("sku")
    is_open: bool = False
    """Whether the format has fields of its own that become metadata."""
    aliases_of: Callable[[FeedRecord], list[str]] = lambda _: []
    """How others may refer to the record. Those that do are joined when all aliases are known."""
    refers: Callable[[FeedRecord], bool] = lambda _: False
    """Whether `group_of` gives an alias."""
    follows: Callable[[FeedRecord], bool] = lambda _: False
    """Whether a record without a product is taken as one of the product above it."""
    unguarded: Callable[[FeedRecord], None] | None = None
    """Takes out of the cells what the shop writes so that no spreadsheet runs them as formulas."""
    grouped_in: Callable[[FeedRecord], list[str]] | None = None
    """The names of products whose least price is that of the record."""
    names_of: Callable[[FeedRecord], list[str]] = lambda _: []
    """The names by which `grouped_in` may refer to the product of a record."""

    def record(self, layout: Layout, line: int, pairs: Iterable[tuple[str, Any]]) -> FeedRecord:
        """Make a record of headings and values."""
        record = layout.record(line, pairs)
        if self.unguarded:
            self.unguarded(record)
        return record
