"""What an import would make of exported records: they are read as an import reads them.

So an export knows of each item what its format could not hold, and names it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT
from backroom.feeds.fields import Headings
from backroom.feeds.products import Shop
from backroom.feeds.records import FeedRecord, Layout
from backroom.feeds.rows import Row
from backroom.feeds.sku_census import SkuCensus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from backroom.feeds.carriers import Pairs
    from backroom.feeds.catalog_spool import Attributes, ReadItem
    from backroom.feeds.shop_format import ShopFormat

LOST, ADDED, REFUSED = "lost", "added", "refused"
"""An import gives something else; it gives something where there is nothing; it refuses it."""
_EMPTY_VALUES: tuple[Any, ...] = (None, "", [], {})
_MOST_DIFFERENCES_SHOWN = 3
_IDENTITY = "external_id"


@dataclass
class Losses:
    """How many resources lose what, with some of their ids."""

    found: dict[tuple[str, str, str], tuple[int, list[str]]] = field(
        default_factory=lambda: defaultdict(lambda: (0, []))
    )
    """By the kind, the attribute, and what becomes of it."""

    def add(self, kind: str, attribute: str, outcome: str, external_id: str) -> None:
        """Count a resource."""
        count, shown = self.found[kind, attribute, outcome]
        if len(shown) < _MOST_DIFFERENCES_SHOWN:
            shown.append(external_id)
        self.found[kind, attribute, outcome] = count + 1, shown


@dataclass
class ReadBack:
    """Reads the records of one file. All of them are gathered before the first is read."""

    form: ShopFormat
    shop_url: str
    today: date | None
    losses: Losses
    skus: SkuCensus = field(default_factory=SkuCensus)
    written: set[int] = field(default_factory=set)
    """Hashes of the categories that the file names."""

    def __post_init__(self) -> None:
        self.layout = Layout(Headings(self.form.fields))
        fields = {each.name for each in self.form.fields}
        self.shop = Shop(self.layout, self.shop_url, self.today, fields=fields)

    def gather(self, records: list[Pairs]) -> None:
        """Notice what concerns the whole of the file."""
        for record in self._records(records):
            if self.form.is_variant(record):
                self.skus.add(self.form.sku_of(record))

    def end_gathering(self) -> None:
        """Decide what only all records together say."""
        self.shop.skus_identify = self.skus.identifies

    def holds_prices(self, item: ReadItem, records: list[Pairs]) -> bool:
        """Whether the prices come back as they are."""
        read = {(each.kind.name, each.external_id): each for each in self._rows(records)}
        whole = [(ITEM, item.external_id, item.attributes)]
        whole += [(VARIANT, each.external_id, each.attributes) for each in item.variants]
        return all(
            row.attributes.get("price") == attributes.get("price")
            for kind, external_id, attributes in whole
            if (row := read.get((kind.name, external_id)))
        ) and all((kind.name, external_id) in read for kind, external_id, _ in whole)

    def compare(self, item: ReadItem, records: list[Pairs]) -> bool:
        """Count what is lost of a product. False if the file can't have it at all."""
        read = {(each.kind.name, each.external_id): each for each in self._rows(records)}
        row = read.pop((ITEM.name, item.external_id), None)
        if row is None:
            self.losses.add(ITEM.name, _IDENTITY, LOST, item.external_id)
            for variant in item.variants:
                self.losses.add(VARIANT.name, _IDENTITY, LOST, variant.external_id)
            return False
        self._compare(row, item.attributes)
        self._compare_related(row, "categories", set(item.categories))
        self.written.update(map(hash, row.related or ()))
        for variant in item.variants:
            row = read.pop((VARIANT.name, variant.external_id), None)
            if row is None:
                self.losses.add(VARIANT.name, _IDENTITY, LOST, variant.external_id)
            else:
                self._compare(row, variant.attributes)
        for kind, external_id in read:
            if kind == VARIANT.name:
                self.losses.add(kind, _IDENTITY, ADDED, external_id)
        return True

    def compare_category(self, external_id: str, name: str) -> None:
        """Count what is lost of a category."""
        if hash(external_id) not in self.written:
            self.losses.add(CATEGORY.name, _IDENTITY, LOST, external_id)
        elif outcome := outcome_of(name, external_id):
            self.losses.add(CATEGORY.name, "name", outcome, external_id)

    def _compare(self, row: Row, attributes: Attributes) -> None:
        for each in KINDS[row.kind.name].attributes:
            if each.name == _IDENTITY:
                continue
            wanted = attributes.get(each.name, each.default)
            found = row.attributes.get(each.name)
            found = each.default if found is None else found
            outcome = outcome_of(wanted, found)
            if outcome:
                self.losses.add(row.kind.name, each.name, outcome, row.external_id)

    def _compare_related(self, row: Row, relation: str, wanted: set[str]) -> None:
        found = set(row.related or ())
        if found != wanted:
            outcome = LOST if wanted - found else ADDED
            self.losses.add(row.kind.name, relation, outcome, row.external_id)

    def _records(self, records: list[Pairs]) -> Iterator[FeedRecord]:
        for pairs in records:
            yield self.form.record(self.layout, 0, pairs)

    def _rows(self, records: list[Pairs]) -> Iterator[Row]:
        read = list(self._records(records))
        group = next((self.form.group_of(each) for each in read if not self.form.refers(each)), "")
        self.layout.unknown.clear()
        for row in self.form.rows_of(group, read, self.shop):
            if isinstance(row, Row):
                yield row


def outcome_of(wanted: Any, found: Any) -> str:
    """Say what becomes of a value, empty if it stays. Metadata may get more entries."""
    if _equal_json(wanted, found):
        return ""
    if wanted in _EMPTY_VALUES:
        return ADDED
    if isinstance(wanted, dict) and isinstance(found, dict):
        kept = all(
            name in found and _equal_json(value, found[name]) for name, value in wanted.items()
        )
        return ADDED if kept else LOST
    return LOST


def _equal_json(one: Any, two: Any) -> bool:
    """Whether two values are equal. To JSON, true is not 1."""
    if isinstance(one, bool) or isinstance(two, bool):
        return one is two
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(_equal_json(one[name], two[name]) for name in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(_equal_json, one, two))
    return bool(one == two)
