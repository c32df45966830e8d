"""What the formats of shops have in common: addresses, prices, stock, categories, variants' ids."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backroom.catalog.kinds import CATEGORY
from backroom.feeds.columns import own_names
from backroom.feeds.number_style import read_number
from backroom.feeds.rows import Finding, Row, RowFault, RowWarning
from backroom.feeds.truth_words import TRUTH_WORDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.feeds.number_style import NumberStyle
    from backroom.feeds.records import FeedRecord, Layout

NO_SHOP = "https://shop.invalid/products/{handle}"
"""The address of a product if neither the feed nor the user gives one."""
IN_STOCK_ALWAYS = 2
HIDDEN_WHEN_OUT = 1
UNTRACKED = 0
_PATH = " > "
_TRUTH_WORDS = TRUTH_WORDS | {"active": True, "-1": False}
_ADDRESSES = ("http://", "https://", "//")
_NO_STOCK = {"not stocked"}
"""What an export of Shopify has for a place that does not sell a variant."""
_SALE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_PLACEHOLDER = re.compile(r"\{(handle|id|sku)\}")


@dataclass
class Shop:
    """What the rows of one file need to know of the whole of it."""

    layout: Layout
    shop_url: str = ""
    today: date | None = None
    numbers: NumberStyle = "point"
    skus_identify: bool = False
    """Whether a SKU names one variant, for every variant."""
    fields: set[str] = field(default_factory=set)
    """Names of fields that the file has a column for, or a value of."""
    categories: set[int] = field(default_factory=set)
    """Hashes of those whose rows were given."""
    missing: set[str] = field(default_factory=set)
    """Fields of which something was said for the whole file."""
    warned: bool = False
    """Whether the one warning on addresses was given."""
    prices: dict[str, float] = field(default_factory=dict)
    """Prices of products that others group, by the names used for them."""
    keeps_unpriced: bool = False
    """Whether the one variant of an item is given without a price, too, as a fault."""

    def address(self, handle: str, identity: str, sku: str = "") -> str:
        """Give the address of a product that the feed gives none for."""
        names = {"handle": handle, "id": identity, "sku": sku or identity}
        return _PLACEHOLDER.sub(
            lambda found: quote(names[found[1]], safe=""), self.shop_url or NO_SHOP
        )


class Cells:
    """Reads the cells of one record, and collects what is wrong with them."""

    def __init__(self, shop: Shop, record: FeedRecord, kind: Kind, external_id: str) -> None:
        self.shop = shop
        self.record = record
        self.kind = kind
        self.external_id = external_id
        self.text = record.text
        """Gives a cell as text."""
        self.faults: list[RowFault] = []
        self.warnings: list[RowWarning] = []
        self._once: list[str] = []
        self.replaced: list[RowWarning] = []
        """Findings about earlier rows with the same id. The import leaves those rows out."""

    def number(self, name: str) -> float | None:
        """Read a cell as a number, None if it is empty. Any other text is a fault."""
        value = self.record.cells.get(name)
        if value is None:
            return None
        is_text = value.__class__ is str
        if not is_text and isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        if not (text := value.strip() if is_text else self.text(name)):
            return None
        try:
            return read_number(text, self.shop.numbers)
        except ValueError as error:
            detail, _, advice = str(error).partition("; ")
            self.fault(name, detail, text, advice)
            return None

    def price(self, name: str) -> float | None:
        """Read a price. It has to be a number that is not negative."""
        value = self.number(name)
        if value is not None and value < 0:
            self.fault(name, "a price is negative", self.text(name), "write it without the minus")
            return None
        if value == 0:
            self.warn(name, "the price is 0", self.text(name), "give a price, or nothing")
        return value

    def quantity(self, name: str) -> float | None:
        """Read a quantity. A negative one is 0."""
        value = self.number(name)
        return None if value is None else self._not_negative(name, value, self.text(name))

    def sum_of(self, name: str) -> float | None:
        """Read the cells of several columns as one quantity. None if all of them are empty."""
        texts = [each for each in self.record.texts(name) if each.lower() not in _NO_STOCK]
        try:
            total = sum(read_number(each, self.shop.numbers) for each in texts)
        except ValueError as error:
            detail, _, advice = str(error).partition("; ")
            self.fault(name, detail, " + ".join(texts), advice)
            return None
        return self._not_negative(name, total, " + ".join(texts)) if texts else None

    def _not_negative(self, name: str, stock: float, shown: str) -> float:
        if stock >= 0:
            return stock
        self.warn(name, "the stock is negative, and taken as 0", shown, "write 0")
        return 0

    def truth(self, name: str, *, otherwise: bool) -> bool:
        """Read a cell as true or false. Numbers may have decimals, as Excel writes them."""
        text = self.text(name).casefold()
        if not text:
            return otherwise
        if text in _TRUTH_WORDS:
            return _TRUTH_WORDS[text]
        try:
            return read_number(text, self.shop.numbers) > 0
        except ValueError:
            self.fault(name, "is neither true nor false", self.text(name), "write TRUE or FALSE")
            return otherwise

    def sale_holds(self, first: str, last: str) -> bool:
        """Whether today is in a range of days. An open end always holds."""
        if not first and not last:
            return True
        today = self.shop.today
        if today is None:
            return False
        begins = _day(first) if first else date.min
        ends = _day(last) if last else date.max
        return begins is not None and ends is not None and begins <= today <= ends

    def fault(self, name: str, detail: str, value: str = "", advice: str = "") -> None:
        """Say that a cell keeps the row from being loaded."""
        self.faults.append(RowFault(*self._finding(name, detail, value, advice)))

    def warn(self, name: str, detail: str, value: str = "", advice: str = "") -> None:
        """Say that a cell was changed, or is missing."""
        self.warnings.append(RowWarning(*self._finding(name, detail, value, advice)))

    def addresses(self, name: str, images: Iterable[str]) -> None:
        """Warn of images that are no addresses, but names of files in a shop. They are kept."""
        names = [each for each in images if not each.lower().startswith(_ADDRESSES)]
        if names:
            detail = "is the name of a file, not an address, and kept as it is"
            advice = "write the whole address, as https://shop.example/hat.jpg"
            self.warn(name, detail, ", ".join(names), advice)

    def once(self, names: Iterable[str]) -> None:
        """Warn of cells that a record has several times, though the format takes one."""
        for name in names:
            if self.record.cells.get(name).__class__ is list:
                first, *others = dict.fromkeys(self.record.texts(name))
                if others:
                    detail = f"comes {len(others) + 1} times, and the first counts: {first}"
                    self.warn(name, detail, ", ".join(others), "give it once")

    def missing(self, name: str, detail: str, advice: str) -> None:
        """Warn of an empty cell. For a missing column the warning comes once."""
        if name in self.shop.fields:
            self.warn(name, detail, "", advice)
        else:
            self.warn_once(name, f"no such column, and {detail}; this warning comes once", advice)

    def warn_once(self, name: str, detail: str, advice: str, value: str = "") -> None:
        """Say what concerns a column of the whole file."""
        if name not in self.shop.missing:
            self.shop.missing.add(name)
            self._once.append(name)
            self.warn(name, detail, value, advice)

    def repeated(self, rows: Iterable[FeedRecord]) -> None:
        """Warn of earlier rows with the same id, which do not count."""
        for each in rows:
            column = self.shop.layout.column("id")
            self.replaced.append(
                RowWarning(
                    each.line,
                    f"the id comes again in line {self.record.line}, and that row counts",
                    self.kind,
                    self.external_id,
                    column,
                    self.external_id,
                    "give each product an id of its own",
                )
            )

    def _finding(self, name: str, detail: str, value: str, advice: str) -> tuple[Any, ...]:
        column = self.shop.layout.column(name)
        return self.record.line, detail, self.kind, self.external_id, column, value, advice

    def row(
        self, attributes: dict[str, Any], related: Iterable[str] | None = None
    ) -> Iterator[Row | Finding]:
        """Give the warnings and the row, or its faults as one.

        Warnings are of rows that go in, or of other rows. What is said once for a file is left to
        another row.
        """
        if not self.external_id.strip() and not self.faults:
            self.fault("id", "is empty, and names the row", "", "give an id")
        yield from self.replaced
        ids = tuple(dict.fromkeys(related)) if related is not None else None
        if self.faults:
            self.shop.missing.difference_update(self._once)
            yield from (each for each in self.warnings if each.line != self.record.line)
            read = {name: each for name, each in attributes.items() if each not in (None, "")}
            # The API asks for a description, which may be empty.
            read.setdefault("description", "")
            row = Row(self.record.line, self.kind, self.external_id, read, ids)
            yield _joined_fault(self.faults, own_names(row))
            return
        yield from self.warnings
        yield Row(self.record.line, self.kind, self.external_id, attributes, ids)


def variant_rows(
    item: Cells, made: Iterable[tuple[Cells, dict[str, Any]]], *, alone: bool, price: str
) -> Iterator[Row | Finding]:
    """Give the rows of an item's variants. Each one that is left out has a finding.

    With `alone` the item's one variant stands for it: without a price there is none, which
    `warn_of_no_price` has said. `price` is the field that a price is missing in.
    """
    for cells, values in made:
        lacks_all = not cells.faults and (item.faults or values["price"] is None)
        if alone and lacks_all and not cells.shop.keeps_unpriced:
            continue
        if item.faults and not alone:
            fault = item.faults[0]
            detail = f"has a fault in {fault.column}: {fault.detail}"
            cells.faults.append(
                RowFault(
                    cells.record.line,
                    f"its item in line {item.record.line} {detail}",
                    cells.kind,
                    cells.external_id,
                    fault.column,
                    fault.value,
                    fault.advice,
                )
            )
        elif values["price"] is None and not cells.faults:
            cells.fault(price, "is missing, and a variant needs one", "", "give a price")
        yield from cells.row(values, [item.external_id])


def warn_of_no_price(
    item: Cells, made: list[tuple[Cells, dict[str, Any]]], *, alone: bool, price: str
) -> None:
    """Say that an item goes in without a price, and what is lost with a variant that stands for it.

    The service has no variants without a price.
    """
    if any(cells.faults for cells, _ in made):
        detail = "the item is imported without a price, because its rows with prices have faults"
        item.warn(price, detail, "", "correct the rejected rows of the product")
        return
    if price not in item.shop.fields:
        detail = "no such column, so items are imported without prices, and without variants"
        item.warn_once(price, f"{detail}; this warning comes once", "add a column of prices")
        return
    detail, advice = "is missing, so the item is imported without a price", "give a price"
    if alone:
        values = made[0][1]
        kept = (("SKU", values["sku"]), ("stock", values["inventory_quantity"]))
        lost = " and ".join(f"{name} {value}" for name, value in kept if value)
        detail += ", and its one variant is rejected" + (f" ({lost})" if lost else "")
        advice += "; a variant needs one"
    item.warn(price, detail, "", advice)


def _joined_fault(faults: list[RowFault], read: dict[str, Any]) -> RowFault:
    """Make one fault of all faults of a row, because a report counts a failed row once.

    The column of the first one is the fault's, so only those of the others are named.
    """
    first = faults[0]
    others = (f"; {each.column}: {each.detail}" for each in faults[1:])
    return RowFault(
        first.line,
        first.detail + "".join(others),
        first.kind,
        first.external_id,
        first.column,
        first.value,
        "; ".join(each.advice for each in faults if each.advice),
        read=(read,),
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    try:
        if _SALE_DATE.match(text):
            return date.fromisoformat(text[:10])
        return datetime.strptime(text[:10], "%d.%m.%Y").date()  # noqa: DTZ007 - a day alone
    except ValueError:
        return None


def split_path(text: str) -> tuple[str, ...]:
    """Give the names of a category path `A > B`."""
    return tuple(part for each in re.split(r"\s*>\s*", text) if (part := each.strip()))


def category_ids(paths: Iterable[tuple[str, ...]]) -> list[str]:
    """Give the ids of the categories that paths lead to, and of all their ancestors."""
    found: dict[str, None] = {}
    for path in paths:
        for length in range(1, len(path) + 1):
            found[_PATH.join(path[:length])] = None
    return list(found)


def category_rows(shop: Shop, line: int, ids: Iterable[str]) -> Iterator[Row]:
    """Give the rows of categories that come for the first time."""
    for each in ids:
        if (known := hash(each)) not in shop.categories:
            shop.categories.add(known)
            yield Row(line, CATEGORY, each, {"name": each})


def address_warning(shop: Shop, line: int, column: str) -> Iterator[RowWarning]:
    """Warn once that the addresses of products are placeholders."""
    if shop.shop_url or shop.warned:
        return
    shop.warned = True
    yield RowWarning(
        line,
        "the feed has no addresses of products; they begin with https://shop.invalid/ until"
        " --shop-url gives the shop's",
        column=column,
        advice="give --shop-url 'https://shop.example/products/{handle}'",
    )


def slug(text: str) -> str:
    """Make an id of a name: letters and digits of any script, with hyphens between them."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    return re.sub(r"[\W_]+", "-", unicodedata.normalize("NFC", plain).lower()).strip("-")


def variant_id(parent: str, options: Iterable[str]) -> str:
    """Make the id of a variant that has none: its product and its options."""
    return "/".join(each.replace("%", "%25").replace("/", "%2F") for each in (parent, *options))


class Distinct:
    """Gives each id of a group once. One that comes again gets a number."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def __call__(self, identity: str) -> str:
        """Give an id that was not given before."""
        count = self._given.get(identity, 0) + 1
        self._given[identity] = count
        return self(f"{identity}/{count}") if count > 1 else identity
