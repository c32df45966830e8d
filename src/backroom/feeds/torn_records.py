"""Torn records of a shop's file: the products they may belong to, and the resources in them.

A record is torn if it has other cells than the headings, an open quote, or a JSON object that is
cut off. It is never loaded. What it says is kept, so that somebody can fill in the rest.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.kinds import ITEM
from backroom.feeds.columns import own_names
from backroom.feeds.records import FeedRecord, Layout
from backroom.feeds.rows import Row, RowFault
from backroom.feeds.spooling import Spool, encoded_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from backroom.feeds.fields import Headings
    from backroom.feeds.products import Shop
    from backroom.feeds.rows import TornRow
    from backroom.feeds.shop_format import ShopFormat

_MOST_TORN = 50_000
"""Products of rows that can't be read. Beyond them, a row is torn behind its last cell."""
_MOST_READ = 200
_LONGEST_TORN = 80_000
"""How many torn records are read, and how many bytes one has at most."""
ORPHAN = "\1parent "
"""What stands before the name of a product that is not in the file."""
_NAMELESS = "\0record "


class TornRecords:
    """The torn records of one file."""

    def __init__(self, form: ShopFormat, headings: Headings, columns: Sequence[str]) -> None:
        self._form = form
        self._headings = headings
        self._columns = columns
        self._products = Spool()
        """The products to which torn records may belong."""
        self._records = Spool()
        """The records that are read, by the products that their cells name from the left."""

    def add(self, number: int, line: int, torn: TornRow) -> None:
        """Note the products to which a record may belong, wherever it is torn.

        Cells before the tear stand below their headings from the left, those behind it from the
        right.
        """
        columns, cells = torn.columns or self._columns, torn.cells
        places = range(len(columns) + 1) if self._products.count < _MOST_TORN else (len(columns),)
        keys: set[str] = set()
        for place in places:
            behind = len(columns) - place
            ends = zip(columns[place:], cells[len(cells) - behind :], strict=False)
            pairs = chain(zip(columns[:place], cells, strict=False), ends)
            keys.add(self._form.group_of(self._record(line, pairs)))
        for key in keys - {""}:
            self._products.add(key, b"")
        if any(map(_says_something, cells)) and self._records.count < _MOST_READ:
            record = self._record(line, zip(columns, cells, strict=False))
            record.number = number
            encoded = encoded_record(record)
            if isinstance(encoded, bytes) and len(encoded) <= _LONGEST_TORN:
                self._records.add(self._form.group_of(record), encoded)

    def _record(self, line: int, pairs: Iterator[tuple[str, Any]]) -> FeedRecord:
        # The record has another layout, so it says nothing about how the file is written.
        return self._form.record(Layout(self._headings), line, pairs)

    def rename(self, aliases: Spool) -> None:
        """Take the products by their own names where records use others."""
        self._products = self._products.renamed(aliases)
        self._records = self._records.renamed(aliases)

    def products(self) -> set[int]:
        """Give the hashes of the names of all products to which a record may belong."""
        return {hash(key) for key, _ in self._products.keyed()}

    def resources(self, spool: Spool, shop: Shop) -> dict[int, tuple[Mapping[str, Any], ...]]:
        """Give the resources that are lost with each record, by the numbers of the records."""
        decode = msgspec.msgpack.Decoder(FeedRecord).decode
        torn: dict[str, list[FeedRecord]] = {}
        owners: dict[str, str] = {}
        for name, encoded in self._records.keyed():
            record = decode(encoded)
            key = name or f"{_NAMELESS}{record.number}"
            torn.setdefault(key, []).append(record)
            aliases = (f"{ORPHAN}{alias}" for alias in self._form.aliases_of(record))
            owners |= dict.fromkeys((key, *aliases), key)
        whole: dict[str, list[FeedRecord]] = {}
        for key, encoded_records in spool.groups() if torn else ():
            if key in owners:
                whole.setdefault(owners[key], []).extend(map(decode, encoded_records))
        found: dict[int, tuple[Mapping[str, Any], ...]] = {}
        for key, records in torn.items():
            group = "" if key.startswith(_NAMELESS) else key
            found |= self._lost(group, whole.get(key, []), records, shop)
        return found

    def _lost(
        self, group: str, whole: list[FeedRecord], torn: list[FeedRecord], shop: Shop
    ) -> dict[int, tuple[Mapping[str, Any], ...]]:
        """Give what a product has with its torn records, and not without them."""
        # The price of a variant may be what is torn off.
        keeping = replace(shop, keeps_unpriced=True)
        loaded = {
            (each.kind, each.external_id)
            for each in (self._form.rows_of(group, whole, shop) if whole else ())
            if isinstance(each, Row)
        }
        found: dict[int, list[Mapping[str, Any]]] = {each.line: [] for each in torn}
        items: list[Mapping[str, Any]] = []
        records = sorted([*whole, *torn], key=lambda each: each.number)
        for each in self._form.rows_of(group, records, keeping):
            if (read := _read_of(each)) is None:
                continue
            if (each.kind, each.external_id) not in loaded:
                found.get(each.line, found[torn[0].line]).append(read)
            elif each.kind is ITEM:
                items.append(read)
        # A record without a resource of its own has something of the item, such as an image.
        return {each.number: tuple(found[each.line] or items) for each in torn}

    def close(self) -> None:
        """Drop everything."""
        self._products.close()
        self._records.close()


def _says_something(cell: Any) -> bool:
    return bool(cell.strip() if isinstance(cell, str) else cell)


def _read_of(found: object) -> Mapping[str, Any] | None:
    if isinstance(found, Row):
        return own_names(found)
    return next(iter(found.read), None) if isinstance(found, RowFault) else None
