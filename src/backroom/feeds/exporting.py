"""An export: the catalog of a spool, written in a format by a carrier."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import PurePath
from typing import IO, TYPE_CHECKING, Any

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.feeds import (
    export_google,
    export_klaviyo,
    export_own,
    export_shopify,
    export_woocommerce,
)
from backroom.feeds.carriers import (
    CarrierWriter,
    DelimitedTable,
    JsonArray,
    JsonLines,
    Pairs,
    TableColumns,
    WorkbookTable,
)
from backroom.feeds.export_xml import GoogleAtom, GoogleRss, KlaviyoXml
from backroom.feeds.fields import Headings
from backroom.feeds.formats import SHOPS
from backroom.feeds.number_style import Evidence
from backroom.feeds.reading_back import LOST, Losses, ReadBack
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from backroom.feeds.catalog_spool import CatalogSpool, ReadItem

    Progress = Callable[[str, int], object]

ALL_FORMATS = "all"
_SHOP_RECORDS = {
    "shopify": (export_shopify.shopify_records, export_shopify.COLUMNS),
    "woocommerce": (export_woocommerce.woocommerce_records, export_woocommerce.COLUMNS),
    "google": (export_google.google_records, export_google.COLUMNS),
    "klaviyo": (export_klaviyo.klaviyo_records, export_klaviyo.COLUMNS),
}
CARRIERS_OF = {
    "jsonl": ("jsonl",),
    "csv": ("csv", "tsv", "xlsx"),
    "json": ("json",),
    "shopify": ("csv", "xlsx"),
    "woocommerce": ("csv", "xlsx"),
    "google": ("tsv", "rss", "atom", "csv", "xlsx"),
    "klaviyo": ("json", "xml"),
    ALL_FORMATS: ("zip",),
}
"""The carriers of each format, the usual one first."""
CARRIERS = tuple(dict.fromkeys(each for some in CARRIERS_OF.values() for each in some))
_PLAIN_CARRIERS: dict[str, Callable[[IO[bytes]], CarrierWriter]] = {
    "jsonl": JsonLines,
    "json": JsonArray,
    "rss": GoogleRss,
    "atom": GoogleAtom,
    "xml": KlaviyoXml,
}
_BY_ENDING = {
    ".jsonl": ("jsonl", "jsonl"),
    ".ndjson": ("jsonl", "jsonl"),
    ".csv": ("csv", "csv"),
    ".json": ("json", "json"),
    ".xlsx": ("csv", "xlsx"),
    ".rss": ("google", "rss"),
    ".atom": ("google", "atom"),
    ".zip": (ALL_FORMATS, "zip"),
    ".tsv": ("", "tsv"),
    ".xml": ("", "xml"),
}
"""The format and the carrier that a name says, empty where it could be several."""
_IN_ZIP = (
    *(("catalog.jsonl", "jsonl"), ("catalog.csv", "csv"), ("catalog.json", "json")),
    *(("catalog.xlsx", "csv"), ("shopify.csv", "shopify"), ("shopify.xlsx", "shopify")),
    *(("woocommerce.csv", "woocommerce"), ("woocommerce.xlsx", "woocommerce")),
    *(("google.tsv", "google"), ("google.rss", "google"), ("google.atom", "google")),
    *(("google.xlsx", "google"), ("klaviyo.json", "klaviyo"), ("klaviyo.xml", "klaviyo")),
)


@dataclass(frozen=True)
class Choice:
    """What an export writes: a format, by a carrier."""

    format: str
    carrier: str
    shop_url: str = ""
    today: date | None = None
    safe_cells: bool = False


@dataclass
class Written:
    """What an export wrote into one file."""

    name: str
    choice: Choice
    losses: Losses = field(default_factory=Losses)
    counts: dict[str, int] = field(default_factory=dict)
    """Records by the names of kinds."""
    changed_cells: int = 0
    """Cells that got an apostrophe."""
    error: str = ""
    """Why a file of an archive is not there."""


def chosen(name: str, format_name: str, carrier: str) -> tuple[str, str]:
    """Give the format and the carrier by what a user says, and else by the name of the file.

    Raises `FeedError` if that leaves it open, or contradicts itself.
    """
    path = PurePath(name.lower().removesuffix(".gz"))
    guessed, ending = _BY_ENDING.get(path.suffix, ("", ""))
    if ending == "xml" and format_name == "google":
        ending = "rss"
    if not format_name:
        words = [each for each in _SHOP_RECORDS if each in path.name and _may_end(each, ending)]
        format_name = words[0] if len(words) == 1 else guessed
        if ending == "xml" and format_name == "google":
            ending = "rss"
    if not format_name:
        raise FeedError(
            f"{name} can be several formats; name one with --output-format:"
            f" {', '.join(CARRIERS_OF)}"
        )
    known = CARRIERS_OF[format_name]
    carrier = carrier or (ending if ending in known else "")
    if carrier and carrier not in known:
        raise FeedError(f"{format_name} is not written as {carrier}, but as {', '.join(known)}")
    return format_name, carrier or known[0]


def _may_end(format_name: str, ending: str) -> bool:
    """Whether the name of a file of a format may end so: `shopify.jsonl` is no Shopify file."""
    known = CARRIERS_OF[format_name]
    return not ending or ending in known or (ending == "xml" and "rss" in known)


def export(
    spool: CatalogSpool, file: IO[bytes], choice: Choice, name: str, progress: Progress
) -> list[Written]:
    """Write a catalog. Gives the counts of each written file: an archive has several.

    Raises `FeedError` if the catalog is too large for the format, and `OSError`.
    """
    if choice.format != ALL_FORMATS:
        return [_export_one(spool, file, choice, name, progress)]
    found = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive:
        for member, format_name in _IN_ZIP:
            carrier = PurePath(member).suffix[1:]
            one = replace(choice, format=format_name, carrier=carrier)
            with tempfile.TemporaryFile() as temporary:
                try:
                    written = _export_one(spool, temporary, one, member, progress)
                except FeedError as error:
                    written = Written(member, one, error=str(error))
                else:
                    temporary.seek(0)
                    with archive.open(member, "w", force_zip64=True) as into:
                        shutil.copyfileobj(temporary, into)
            found.append(written)
    return found


def _export_one(
    spool: CatalogSpool, file: IO[bytes], choice: Choice, name: str, progress: Progress
) -> Written:
    written = Written(name, choice)
    carrier = _carrier(file, choice)
    try:
        if choice.format in _SHOP_RECORDS:
            _ShopExport(spool, carrier, written, progress).write()
        else:
            _write_own(spool, carrier, written, progress)
    except FeedError as error:
        raise FeedError(f"{name} {error}") from None
    written.changed_cells = getattr(carrier, "changed_cells", 0)
    return written


def _carrier(file: IO[bytes], choice: Choice) -> CarrierWriter:
    if made := _PLAIN_CARRIERS.get(choice.carrier):
        return made(file)
    if choice.carrier == "xlsx":
        return WorkbookTable(file, _number_columns(choice.format))
    delimiter = "\t" if choice.carrier == "tsv" else ","
    return DelimitedTable(file, delimiter, safe=choice.safe_cells)


def _number_columns(format_name: str) -> Callable[[str], bool]:
    if format_name not in SHOPS:
        return export_own.is_number_column
    headings = Headings(SHOPS[format_name].fields)

    def holds_numbers(heading: str) -> bool:
        found = headings.find(heading)
        return found is not None and found[1].form in {"price", "quantity"}

    return holds_numbers


def _write_own(
    spool: CatalogSpool, carrier: CarrierWriter, written: Written, progress: Progress
) -> None:
    carrier.expect(sum(spool.counts().values()))
    carrier.begin(export_own.COLUMNS)
    counts = dict.fromkeys((CATEGORY.name, ITEM.name, VARIANT.name), 0)
    for record in export_own.own_records(spool, written.losses):
        pairs = record
        if carrier.is_table:
            cells = export_own.as_cells(record)
            pairs = carrier.carried(cells)
            export_own.count_changes(cells, pairs, written.losses)
        carrier.write(pairs)
        kind = str(record[0][1])
        counts[kind] += 1
        progress(f"catalog-{kind}", counts[kind])
    carrier.end()
    written.counts = counts


class _ShopExport:
    """Products in the format of a shop. A table is gone through twice: first for its columns."""

    def __init__(
        self, spool: CatalogSpool, carrier: CarrierWriter, written: Written, progress: Progress
    ) -> None:
        self._spool = spool
        self._carrier = carrier
        self._written = written
        self._progress = progress
        choice = written.choice
        self._records, self._first = _SHOP_RECORDS[choice.format]
        form = SHOPS[choice.format]
        self._back = ReadBack(form, choice.shop_url, choice.today, written.losses)
        self._columns = TableColumns()
        self._holds_numbers = _number_columns(choice.format)
        self._with_commas = False
        self._text_lists = choice.format == "klaviyo" and choice.carrier != "json"

    def write(self) -> None:
        """Write all of it, and count what is lost."""
        numbers = Evidence()
        total = 0
        for gathered, item in enumerate(self._spool.items()):
            # Each of the two passes is half of what is to do.
            self._progress(ITEM.type, gathered // 2)
            made = self._records(item, as_is=True)
            self._weigh(made, numbers)
            records = self._carried(made)
            self._back.gather(records)
            for each in records:
                self._columns.add(each)
            total += len(records)
            self._carrier.expect(total)
        self._back.end_gathering()
        if self._written.choice.carrier not in {"xlsx", "json"}:
            # Decimals are written as the prices are that an import has kept.
            self._back.shop.numbers = numbers.style("point")
            self._with_commas = self._back.shop.numbers == "comma"
        headings: Sequence[str] = self._columns.headings(self._first)
        self._carrier.begin(headings if self._carrier.is_table else ())
        counts = {ITEM.name: 0, VARIANT.name: 0}
        items = self._spool.counts()[ITEM.name]
        for again, item in enumerate(self._spool.items(), start=1):
            records = self._fitting(item)
            if self._back.compare(item, records):
                for each in records:
                    self._carrier.write(each)
                counts[ITEM.name] += 1
            counts[VARIANT.name] += len(item.variants)
            self._progress(ITEM.type, (items + again) // 2)
        self._carrier.end()
        counts[VARIANT.name] -= self._lost(VARIANT.name)
        self._written.counts = {CATEGORY.name: self._count_categories(), **counts}
        for variant in self._spool.variants(without_item=True):
            self._written.losses.add(VARIANT.name, "item", LOST, variant.external_id)

    def _fitting(self, item: ReadItem) -> list[Pairs]:
        """Give the records with the prices that an import has kept, if these still hold."""
        made, plain = (self._records(item, as_is=as_is) for as_is in (True, False))
        records = self._in_columns(self._carried(made))
        if made == plain or self._back.holds_prices(item, records):
            return records
        return self._in_columns(self._carried(plain))

    def _in_columns(self, records: list[Pairs]) -> list[Pairs]:
        if not self._carrier.is_table:
            return records
        return [self._columns.fitting(each) for each in records]

    def _carried(self, records: list[Pairs]) -> list[Pairs]:
        """Give records as a reader of the file will find them."""
        made: Iterator[Pairs] = iter(records)
        if self._text_lists:
            made = map(export_klaviyo.with_text_lists, made)
        if self._with_commas:
            made = (list(map(self._with_comma, each)) for each in made)
        return [self._carrier.carried(each) for each in made]

    def _weigh(self, records: list[Pairs], numbers: Evidence) -> None:
        """Weigh how the prices are written that an import has kept."""
        for heading, value in chain.from_iterable(records):
            if value.__class__ is str and self._holds_numbers(heading):
                numbers.add(value)

    def _with_comma(self, pair: tuple[str, Any]) -> tuple[str, Any]:
        heading, value = pair
        is_decimal = isinstance(value, float) and self._holds_numbers(heading)
        return (heading, repr(value).replace(".", ",")) if is_decimal else pair

    def _count_categories(self) -> int:
        total = 0
        for external_id, name in self._spool.categories():
            self._back.compare_category(external_id, name)
            total += 1
        return total - self._lost(CATEGORY.name)

    def _lost(self, kind: str) -> int:
        """Give how many resources the file does not have."""
        return self._written.losses.found.get((kind, "external_id", LOST), (0, []))[0]
