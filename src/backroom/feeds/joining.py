"""One reading of a shop's file: its records are gathered and joined, then made into rows.

The file is read once. What concerns the whole file is known before the first row is made: how it
writes numbers, whether its SKUs identify variants, which variations belong to which product.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from backroom.catalog.kinds import ITEM
from backroom.feeds.advice import record_fault
from backroom.feeds.fields import Headings
from backroom.feeds.number_style import read_number
from backroom.feeds.products import Shop
from backroom.feeds.read_progress import SAID_EVERY
from backroom.feeds.records import FOLLOWS, FeedRecord, Layout
from backroom.feeds.rows import Row, RowFault, RowWarning, TornRow
from backroom.feeds.sku_census import SkuCensus
from backroom.feeds.spooling import Spool, encoded_record
from backroom.feeds.torn_records import ORPHAN, TornRecords

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from backroom.feeds.feed_options import FeedOptions
    from backroom.feeds.number_style import NumberStyle
    from backroom.feeds.rows import Finding
    from backroom.feeds.shop_format import ShopFormat

Found = tuple[int, "list[tuple[str, Any]] | str"]
"""The line of a record with its headings and values, or with what is wrong there."""
_NAMELESS_ROW = "\0line "
_LONGEST_NAME_SHOWN = 200


class Joined:
    """The records of one file, joined."""

    def __init__(
        self,
        form: ShopFormat,
        found: Callable[[], Iterable[Found]],
        options: FeedOptions,
        usual: NumberStyle,
        columns: Sequence[str] = (),
    ) -> None:
        """`usual` is how numbers are read where no cell says it; `columns` are those of a table."""
        self._form = form
        self._found = found
        self._options = options
        self._usual = usual
        self._columns = columns
        self._count = 0
        self._spool: Spool | None = None
        self._faults = Spool()
        self._skus = SkuCensus()
        self._grouped: set[str] = set()
        """Names of products whose prices others need."""
        self._prices: dict[str, float] | None = None
        self.say: Callable[[Literal["reading", "joining"], int], object] = lambda *_: None
        """Called now and then while the file is read and joined, with how many records are done."""
        renamed = options.mapping.columns if options.mapping else None
        self.layout = Layout(Headings(form.fields, renamed))
        self._torn = TornRecords(form, self.layout.headings, columns)

    @property
    def has_needed(self) -> bool:
        """Whether a table has the columns without which it is not of the format."""
        names = self._fields_of_columns()
        return not self._columns or any(names >= needed for needed in self._form.needed)

    def missing_fields(self) -> list[str]:
        """Name the fields that every record needs and none has. Reads the file.

        Of a table the headings say it before.
        """
        self._shop()
        written = self.layout.written.keys()
        if self._columns or not self.field_names:
            return []
        return min((sorted(each - written) for each in self._form.needed), key=len)

    @property
    def field_names(self) -> list[str]:
        """The headings of the fields that have a value in any record read so far."""
        return [*self.layout.written.values(), *self.layout.unknown]

    @property
    def count(self) -> int:
        """The records of the file, when its rows have been given."""
        return self._count

    def _fields_of_columns(self) -> set[str]:
        found = (self.layout.headings.find(each) for each in self._columns)
        return {each[0] for each in found if each}

    def rows(self) -> Iterator[Row | Finding]:
        """Give all rows. Raises `FeedError` before the first one, if the file can't be read."""
        shop = self._shop()
        if not self._form.is_open:
            yield from self.layout.warnings(1)
        yield from self._unclear_numbers(shop)
        for _, _, rows in self._products(shop):
            yield from rows
        # These faults come last, because the categories of the whole file are known then.
        read = self._torn.resources(self._spool, shop) if self._spool else {}
        for encoded in self._faults.records():
            line, detail, value, number = msgspec.msgpack.decode(encoded)
            yield record_fault(line, detail, value=value, read=read.get(number, ()))

    def _unclear_numbers(self, shop: Shop) -> Iterator[RowWarning]:
        """Say that no cell tells how the file writes numbers, if that matters."""
        numbers = self.layout.numbers
        if self._options.numbers or numbers.point or numbers.comma or not numbers.unclear:
            return
        read, other = shop.numbers, "comma" if shop.numbers == "point" else "point"
        yield RowWarning(
            1,
            f"numbers such as {numbers.unclear} can be read in two ways, and no cell says how; it"
            f" is taken as {read_number(numbers.unclear, read)}",
            value=numbers.unclear,
            advice=f"nothing, or --numbers {other}",
        )

    def reading(self) -> tuple[NumberStyle, bool | None]:
        """Give how the file writes numbers, and whether SKUs are the ids of its variants.

        None if no row of a variant could be read.
        """
        shop = self._shop()
        return shop.numbers, None if self._skus.is_empty else shop.skus_identify

    def rejected(self, failed: Callable[[Row], bool]) -> bytearray:
        """Mark the records of products with a fault: a byte for each record of the file."""
        shop = self._shop()
        marks = bytearray(self._count)
        for encoded in self._faults.records():
            marks[msgspec.msgpack.decode(encoded)[3]] = True
        torn = self._torn.products()
        orphans: set[int] = set()
        for key, records, rows in self._products(shop):
            if key.startswith(ORPHAN):
                orphans.update(each.number for each in records)
            found = [isinstance(each, RowFault) or _has_failed(each, failed) for each in rows]
            if any(found) or hash(key) in torn:
                for record in records:
                    marks[record.number] = True
        self._mark_products_above(orphans, shop, marks)
        return marks

    def _mark_products_above(self, orphans: set[int], shop: Shop, marks: bytearray) -> None:
        """Mark the products whose rows stand above variations without a parent.

        Shops write variations below their parent, so it is most likely the one that is meant.
        """
        above = {number - 1 for number in orphans} - orphans
        for _, records, _ in self._products(shop) if above else ():
            numbers = [each.number for each in records]
            if not above.isdisjoint(numbers) and any(map(self._form.aliases_of, records)):
                for number in numbers:
                    marks[number] = True

    def _shop(self) -> Shop:
        """Gather the file, and give what its rows need to know of the whole of it."""
        if self._spool is None:
            self._spool = self._gathered()
        numbers = self._options.numbers or self.layout.numbers.style(self._usual)
        said = self._options.variant_ids
        shop = Shop(
            self.layout,
            self._options.shop_url,
            self._options.today,
            numbers,
            said == "sku" if said else self._skus.identifies,
            fields={*self._fields_of_columns(), *self.layout.written},
        )
        if self._prices is None:
            self._prices = self._prices_of_grouped(replace(shop, categories=set(), missing=set()))
        shop.prices = self._prices
        return shop

    def _prices_of_grouped(self, shop: Shop) -> dict[str, float]:
        """Give the prices of the products that others group, by the names used for them."""
        found: dict[str, float] = {}
        for _, records, rows in self._products(shop) if self._grouped else ():
            names = self._grouped & {name for each in records for name in self._form.names_of(each)}
            if not names:
                continue
            items = (each for each in rows if isinstance(each, Row) and each.kind is ITEM)
            price = next((each.attributes.get("price") for each in items), None)
            if price is not None:
                found |= dict.fromkeys(names, price)
        return found

    def _products(
        self, shop: Shop
    ) -> Iterator[tuple[str, list[FeedRecord], Iterator[Row | Finding]]]:
        """Give the records of each product, with its rows."""
        decode = msgspec.msgpack.Decoder(FeedRecord).decode
        done = said = 0
        for key, encoded in self._spool.groups() if self._spool else ():
            done += len(encoded)
            if done - said >= SAID_EVERY:
                said = done
                self.say("joining", done)
            records = [decode(each) for each in encoded]
            group = "" if key.startswith(_NAMELESS_ROW) else key.removeprefix(ORPHAN)
            yield key, records, self._form.rows_of(group, records, shop)

    def close(self) -> None:
        """Drop what was gathered."""
        self._faults.close()
        self._torn.close()
        if self._spool:
            self._spool.close()

    def _gathered(self) -> Spool:
        spool, late, aliases = Spool(), Spool(), Spool()
        form = self._form
        above = ""
        for number, (line, pairs) in self._counted():
            if isinstance(pairs, str):
                above = ""
                self._add_fault(number, line, pairs)
                if isinstance(pairs, TornRow):
                    self._torn.add(number, line, pairs)
                continue
            record = form.record(self.layout, line, pairs)
            record.number = number
            if form.grouped_in:
                self._grouped.update(form.grouped_in(record))
            above = key = self._key_of(record, above)
            encoded = encoded_record(record)
            if isinstance(encoded, str):
                self._add_fault(number, line, encoded, key)
                continue
            if form.is_variant(record):
                self._skus.add(form.sku_of(record))
            if key and form.refers(record):
                late.add(key, encoded)
                continue
            key = key or f"{_NAMELESS_ROW}{line}"
            spool.add(key, encoded)
            for alias in form.aliases_of(record):
                aliases.add(alias, key.encode("utf-8", "surrogatepass"))
        for reference, encoded, known in late.joined_with(aliases):
            spool.add(known or f"{ORPHAN}{reference}", encoded)
        self._torn.rename(aliases)
        late.close()
        aliases.close()
        return spool

    def _counted(self) -> Iterator[tuple[int, Found]]:
        for number, found in enumerate(self._found()):
            self._count = number + 1
            if not number % SAID_EVERY:
                self.say("reading", number)
            yield number, found

    def _key_of(self, record: FeedRecord, above: str) -> str:
        """Give what joins a record with others: its product, or else that of the record above."""
        key = self._form.group_of(record)
        if key or not above or not self._form.follows(record):
            return key
        record.cells[FOLLOWS] = above
        return above

    def _add_fault(self, number: int, line: int, detail: str, value: str = "") -> None:
        shown = value[:_LONGEST_NAME_SHOWN].encode("utf-8", "replace").decode()
        self._faults.add("", msgspec.msgpack.encode((line, str(detail), shown, number)))


def _has_failed(found: Row | Finding, failed: Callable[[Row], bool]) -> bool:
    return isinstance(found, Row) and failed(found)
