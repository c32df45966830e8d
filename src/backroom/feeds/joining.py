"""One reading of a shop's file: its records are gathered and joined, then made into rows.

The file is read once, whatever is asked of it later. All that concerns the whole of it is known
before the first row is made: how it writes numbers, whether its SKUs identify variants, which
variations belong to which product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.feeds.fields import Field, Headings
from backroom.feeds.products import Shop, SkuCensus
from backroom.feeds.records import FeedRecord, Layout
from backroom.feeds.rows import RowFault
from backroom.feeds.spooling import Spool, encoded_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backroom.feeds.feed_options import FeedOptions
    from backroom.feeds.number_style import NumberStyle
    from backroom.feeds.rows import Finding, Row

Found = tuple[int, "list[tuple[str, Any]] | str"]
"""The line of a record with its headings and values, or with what is wrong there."""
_NAMELESS = "\0"
_ORPHAN = "\1"
_LONGEST_SHOWN = 200


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
    """Whether a record has to have a SKU, if SKUs are to identify variants."""
    is_open: bool = False
    """Whether any field of its own is meant to be metadata."""
    aliases_of: Callable[[FeedRecord], list[str]] | None = None
    """How others may refer to the record. Those that do are joined when all aliases are known."""
    refers: Callable[[FeedRecord], bool] = lambda _: False
    """Whether `group_of` gives an alias."""


class Joined:
    """The records of one file, joined."""

    def __init__(
        self,
        form: ShopFormat,
        found: Callable[[], Iterable[Found]],
        options: FeedOptions,
        usual: NumberStyle,
    ) -> None:
        """`usual` is how numbers are read where no cell says it."""
        self._form = form
        self._found = found
        self._options = options
        self._usual = usual
        self._spool: Spool | None = None
        self._faults = Spool()
        self._skus = SkuCensus()
        renamed = options.mapping.columns if options.mapping else None
        self.layout = Layout(Headings(form.fields, renamed))

    def has_needed(self, columns: Iterable[str]) -> bool:
        """Whether a table has the columns without which it is not of the format."""
        found = [self.layout.headings.find(each) for each in columns]
        names = {each[0] for each in found if each}
        return not found or any(names >= needed for needed in self._form.needed)

    def rows(self) -> Iterator[Row | Finding]:
        """Give all rows. Raises `FeedError` before the first one, if the file can't be read."""
        if self._spool is None:
            self._spool = self._gathered()
        usual = self._options.numbers or self.layout.numbers.style(self._usual)
        shop = Shop(self.layout, self._options.shop_url, self._options.today, usual, self._skus)
        if not self._form.is_open:
            yield from self.layout.warnings(1)
        for encoded in self._faults.records():
            line, detail, value = msgspec.msgpack.decode(encoded)
            yield RowFault(line, detail, value=value)
        decoder = msgspec.msgpack.Decoder(FeedRecord)
        for key, encoded_records in self._spool.groups():
            records = [decoder.decode(each) for each in encoded_records]
            group = "" if key.startswith(_NAMELESS) else key.removeprefix(_ORPHAN)
            yield from self._form.rows_of(group, records, shop)

    def close(self) -> None:
        """Drop what was gathered."""
        self._faults.close()
        if self._spool:
            self._spool.close()

    def _gathered(self) -> Spool:
        spool, late = Spool(), Spool()
        aliases: dict[str, str] = {}
        form = self._form
        for line, pairs in self._found():
            if isinstance(pairs, str):
                self._add_fault(line, pairs)
                continue
            record = self.layout.record(line, pairs)
            key = form.group_of(record)
            encoded = encoded_record(record)
            if isinstance(encoded, str):
                self._add_fault(line, encoded, key)
                continue
            if form.is_variant(record):
                self._skus.add(record.text("sku"))
            if key and form.refers(record):
                late.add(key, encoded)
                continue
            key = key or f"{_NAMELESS}{line}"
            spool.add(key, encoded)
            if form.aliases_of:
                for alias in form.aliases_of(record):
                    aliases.setdefault(alias, key)
        for reference, encoded in late.keyed():
            known = aliases.get(reference) or aliases.get(reference.lower())
            spool.add(known or f"{_ORPHAN}{reference}", encoded)
        late.close()
        return spool

    def _add_fault(self, line: int, detail: str, value: str = "") -> None:
        shown = value[:_LONGEST_SHOWN].encode("utf-8", "replace").decode()
        self._faults.add("", msgspec.msgpack.encode((line, detail, shown)))
