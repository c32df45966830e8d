"""The formats that feeds come in, and a feed: a file that is recognised, and can be read.

`open_feed` says what a file is before any of its rows is asked for. What a user says goes before
what is recognised.
"""

from __future__ import annotations

import codecs
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from backroom.feeds import comma_separated, google, json_lines, klaviyo, shopify, woocommerce
from backroom.feeds.advice import record_fault
from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.joining import Joined
from backroom.feeds.json_elements import array_elements, document_elements
from backroom.feeds.mapping import shown_mapping
from backroom.feeds.read_progress import SAID_EVERY, FollowedFile, ReadProgress
from backroom.feeds.recognition import recognise, unknown_columns, without_fields
from backroom.feeds.rows import FeedError, Row
from backroom.feeds.shop_format import ShopFormat
from backroom.feeds.sources import Source, shown_name
from backroom.feeds.tables import DELIMITERS
from backroom.feeds.text_encoding import shown_encoding
from backroom.feeds.xml_elements import xml_records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backroom.feeds.joining import Found
    from backroom.feeds.number_style import NumberStyle
    from backroom.feeds.recognition import Carrier, Recognised
    from backroom.feeds.rows import Finding

SHOPS = {
    each.name: each
    for each in (
        ShopFormat(
            "shopify",
            "Shopify",
            shopify.FIELDS,
            (
                frozenset({"handle", "title"}),
                frozenset({"title", "option 1 value"}),
                frozenset({"title", "published", "price"}),
            ),
            shopify.group_of,
            shopify.rows_of,
            is_variant=shopify.is_variant,
            sku_of=shopify.sku_of,
            follows=shopify.follows,
        ),
        ShopFormat(
            "woocommerce",
            "WooCommerce",
            woocommerce.FIELDS,
            (
                frozenset({"type", "name"}),
                frozenset({"sku", "name", "regular price"}),
                frozenset({"sku", "name", "short description"}),
                frozenset({"id", "name", "regular price"}),
            ),
            woocommerce.group_of,
            woocommerce.rows_of,
            aliases_of=woocommerce.aliases_of,
            refers=woocommerce.is_variation,
            unguarded=woocommerce.unguard,
            grouped_in=woocommerce.grouped_in,
            names_of=woocommerce.names_of,
        ),
        ShopFormat(
            "google",
            "Google Merchant",
            google.FIELDS,
            (frozenset({"id", "title", "link"}),),
            google.group_of,
            google.rows_of,
        ),
        ShopFormat(
            "openai",
            "OpenAI product feed",
            google.OPENAI_FIELDS,
            (frozenset({"id", "title", "link"}),),
            google.group_of,
            google.rows_of,
        ),
        ShopFormat(
            "klaviyo",
            "Klaviyo",
            klaviyo.FIELDS,
            (frozenset({"id", "title", "link"}),),
            klaviyo.group_of,
            klaviyo.rows_of,
            is_open=True,
        ),
    )
}


@dataclass(frozen=True)
class Format:
    """A format by its name. `carriers` are the ways in which a file can carry it."""

    name: str
    title: str
    carriers: tuple[Carrier, ...]


FORMATS = {
    each.name: each
    for each in (
        Format("jsonl", "JSON Lines", ("lines",)),
        Format("csv", "CSV with the API's names", ("table",)),
        Format("json", "JSON array with the API's names", ("array",)),
        Format("api", "answer of the API", ("array", "document", "lines")),
        Format("shopify", "Shopify", ("table",)),
        Format("woocommerce", "WooCommerce", ("table",)),
        Format("google", "Google Merchant", ("table", "xml")),
        Format("openai", "OpenAI product feed", ("table", "lines", "array")),
        Format("klaviyo", "Klaviyo", ("array", "xml", "table")),
    )
}
_CARRIERS = {
    "table": "a table",
    "xml": "XML",
    "lines": "JSON Lines",
    "array": "one JSON array",
    "document": "one JSON object",
}
_ENDINGS_OF_LINES = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")
_ROOTS = {"rss": "RSS 2.0", "RDF": "RSS 1.0", "feed": "Atom"}


class Feed:
    """A file that can be read any number of times, so that its rows need not be kept."""

    def __init__(self, place: Path | str, format_name: str | None, options: FeedOptions) -> None:
        """Fetch and recognise a file. Raises `FeedError`."""
        self._options = options
        self.path = Path(place)
        self._evidence: NumberStyle | None = None
        self._utf_8: Path | None = None
        self.source = Source(place, options)
        self.name = self.source.name
        self.location = str(place) if isinstance(place, Path) else self.name
        """The path of a file, the name of all else."""
        mapped = options.mapping.format if options.mapping else ""
        name = format_name or mapped
        lines = self.name.lower().endswith(_ENDINGS_OF_LINES) if not name else name == "jsonl"
        self._found = recognise(self.source.path, options, SHOPS.values(), lines=lines)
        name = name or self._found.guess
        if not name:
            raise unknown_columns(self._found)
        if name not in FORMATS:
            raise FeedError(f"can't be read as {name!r}; known are {', '.join(FORMATS)}")
        self.format = FORMATS[name]
        if self._found.carrier not in self.format.carriers:
            raise FeedError(
                f"is {_CARRIERS[self._found.carrier]}, which is not how {self.format.title} is"
                " written; leave the format out, and it is recognised"
            )
        shop = SHOPS.get(name)
        columns = self._found.columns
        usual = self._usual()
        self._joined = Joined(shop, self._records, options, usual, columns) if shop else None
        self._followed = FollowedFile()
        self.say: Callable[[ReadProgress], object] = lambda _: None
        """Called now and then while the rows are read."""
        if self._joined:
            self._joined.say = self._say

    @property
    def described(self) -> str:
        """Say in one line what the file is."""
        found, title = self._found, self.format.title
        parts = []
        if found.table and found.table.sheet:
            parts = [f"{title} workbook, sheet {found.table.sheet}"]
        elif found.table:
            # The format with our own names is called CSV already.
            parts = [
                title
                if "CSV" in title
                else f"{title} {'TSV' if found.table.delimiter == chr(9) else 'CSV'}"
            ]
        elif found.carrier == "xml":
            parts = [f"{title} {_ROOTS.get(found.root, 'XML')}"]
        else:
            of_shop = self.format.name in SHOPS
            name = f"{title} JSON{' Lines' if found.carrier == 'lines' else ''}"
            parts = [name if of_shop else title]
        if self.format.name == "google" and (dialect := google.dialect_of(found.columns)):
            parts[0] += f" with columns of {dialect}"
        if found.columns:
            parts.append(f"{len(found.columns)} columns")
        if found.encoding:
            parts.append(shown_encoding(found.encoding))
        if found.table and not found.table.sheet:
            parts.append(
                DELIMITERS.get(found.table.delimiter, f"{found.table.delimiter!r} between cells")
            )
        if self.source.compression != "none":
            parts.append(f"compressed as {self.source.compression}")
        return ", ".join(parts)

    @property
    def recognised(self) -> Recognised:
        """What the file is."""
        return self._found

    def rows(self) -> Iterator[Row | Finding]:
        """Read the file from its beginning. Raises `FeedError`."""
        self.check_columns()
        count = 0
        try:
            for row in self._rows():
                count += 1
                if not self._joined and not count % SAID_EVERY:
                    self._say("reading", count)
                yield row
            if not self._joined:
                self.source.check_unchanged()
        except FeedError as error:
            raise FeedError(f"{self.name} {error}") from None
        except (OSError, UnicodeError) as error:
            raise FeedError(f"{self.name} {_why_unreadable(error)}") from error
        if not count:
            raise FeedError(f"{self.name} is empty: it has no rows")

    @property
    def records(self) -> str:
        """How many rows or products a shop's file has, with the noun; known when it was read."""
        if not self._joined:
            return ""
        return (
            f"{self._joined.count:,} {self.nouns[:-1] if self._joined.count == 1 else self.nouns}"
        )

    @property
    def nouns(self) -> str:
        """What the records of the file are called."""
        is_rows = not self._joined or self._found.carrier in {"table", "lines"}
        return "rows" if is_rows else "products"

    def check_columns(self) -> None:
        """Raise `FeedError` if a table lacks the columns without which it is not of its format."""
        if self._joined and not self._joined.has_needed:
            needed = " or ".join(", ".join(sorted(each)) for each in SHOPS[self.format.name].needed)
            error = unknown_columns(self._found, f"{self.format.title} ({needed})")
            raise FeedError(f"{self.name} {error}")

    @property
    def encoding_said(self) -> str | None:
        """The encoding that the user names. XML names its own."""
        return self._options.encoding or None

    def rejected(self, failed: Callable[[Row], bool]) -> bytearray:
        """Mark the records with a fault: a byte for each. `failed` says it of a row that was read.

        Of a product that is several records, all are marked if one has a fault.
        """
        if self._joined:
            return self._joined.rejected(failed)
        return bytearray(not isinstance(each, Row) or failed(each) for each in self._rows())

    def reading(self) -> dict[str, str]:
        """Give what only the whole file shows, as options of the command."""
        if not self._joined:
            return {"numbers": self._evidence} if self._evidence else {}
        numbers, skus_identify = self._joined.reading()
        said = {"numbers": str(numbers)}
        if self.format.name == "shopify" and skus_identify is not None:
            said["variant-ids"] = "sku" if skus_identify else "options"
        return said

    def shown_mapping(self) -> str:
        """Write the mapping in use as TOML. Raises `FeedError` for formats without one."""
        if self._joined is None:
            raise FeedError(f"{self.name} has the API's own names, and needs no mapping")
        columns = list(self._found.columns)
        if not columns:
            for _, pairs in self._records():
                columns += [] if isinstance(pairs, str) else [name for name, _ in pairs]
                columns = list(dict.fromkeys(columns))
        shop = SHOPS[self.format.name]
        return shown_mapping(shop.name, columns, self._joined.layout.headings, shop.fields)

    def close(self) -> None:
        """Delete what is temporary. The feed can't be read any more."""
        if self._joined:
            self._joined.close()
        self.source.close()

    def _rows(self) -> Iterator[Row | Finding]:
        if self._joined:
            if missing := self._joined.missing_fields():
                raise without_fields(missing, self._joined.field_names)
            yield from self._joined.rows()
        elif self._found.table:
            if self._evidence is None:
                weighed = comma_separated.numbers_in(self._found.table.rows())
                self._evidence = self._options.numbers or weighed.style(self._usual())
            table = self._found.table
            yield from comma_separated.read(
                table.rows(self._followed.follow), self._evidence, in_sheet=bool(table.sheet)
            )
        elif self._found.carrier == "lines":
            yield from json_lines.read(self.lines_path(), self._followed.follow)
        else:
            for line, element in self._elements():
                if isinstance(element, dict):
                    yield json_lines.object_row(line, element)
                else:
                    yield record_fault(line, "is not a JSON object")

    def _records(self) -> Iterator[Found]:
        """Give the records of a shop's format, and notice if the file was changed meanwhile."""
        follow = self._followed.follow
        if self._found.table:
            yield from self._found.table.pairs(follow)
        elif self._found.carrier == "xml":
            yield from xml_records(self.source.path, self.encoding_said, follow)
        elif self._found.carrier == "lines":
            for line, found in json_lines.objects(self.lines_path(), follow):
                yield line, found if isinstance(found, str) else list(found.items())
        else:
            for line, element in self._elements():
                if isinstance(element, dict):
                    yield line, [(str(name), value) for name, value in element.items()]
                else:
                    yield line, "is not a JSON object"
        self.source.check_unchanged()

    def _elements(self) -> Iterable[tuple[int, object]]:
        read = array_elements if self._found.carrier == "array" else document_elements
        return read(self.source.path, self._found.encoding, self._followed.follow)

    def _say(self, step: Literal["reading", "joining"], records: int) -> None:
        count = self._joined.count if self._joined and step == "joining" else None
        size = self.source.path.stat().st_size
        self.say(ReadProgress(step, records, count, self._followed.position, size))

    def _usual(self) -> NumberStyle:
        """Give the style of numbers that Excel has where it puts semicolons between cells."""
        semicolons = self._found.table and self._found.table.delimiter == ";"
        return "comma" if semicolons else "point"

    def lines_path(self) -> Path:
        """Give JSON Lines in UTF-8."""
        if self._found.encoding.startswith("utf-8"):
            return self.source.path
        if self._utf_8 is None:
            into = self.source.temporary("utf-8")
            with (
                codecs.open(str(self.source.path), encoding=self._found.encoding) as file,
                into.open("w", encoding="utf-8", newline="") as written,
            ):
                shutil.copyfileobj(file, written)
            self.source.check_unchanged()
            self._utf_8 = into
        return self._utf_8


def open_feed(
    place: Path | str, format_name: str | None = None, options: FeedOptions | None = None
) -> Feed:
    """Open the file, the URL, or with `-` the standard input at `place`. Raises `FeedError`."""
    try:
        return Feed(place, format_name, options or FeedOptions())
    except FeedError as error:
        raise FeedError(f"{shown_name(place)} {error}") from None
    except (OSError, UnicodeError) as error:
        raise FeedError(f"{shown_name(place)} {_why_unreadable(error)}") from error


def _why_unreadable(error: OSError | UnicodeError) -> str:
    """Say why a file can't be read at all. UTF-16 has no single wrong bytes, as UTF-8 has."""
    if isinstance(error, OSError):
        return f"can't be read: {error.strerror or error}"
    return f"is not text in one encoding: {error}"
