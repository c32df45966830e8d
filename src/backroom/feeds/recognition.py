"""What a file is, by its content: how it carries records, its encoding, and its format."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from backroom.feeds import google
from backroom.feeds.api_answers import is_resource
from backroom.feeds.compressed import compression_of
from backroom.feeds.fields import Headings, normal_heading
from backroom.feeds.json_elements import array_elements
from backroom.feeds.rows import FeedError
from backroom.feeds.tables import FeedTable, checked_delimiter, delimiter_of
from backroom.feeds.text_encoding import checked_encoding, encoding_of
from backroom.feeds.workbooks import is_workbook, sheet_names
from backroom.feeds.xml_elements import is_feed_root, root_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from backroom.feeds.feed_options import FeedOptions
    from backroom.feeds.shop_format import ShopFormat

Carrier = Literal["table", "xml", "lines", "array", "document"]
_RECOGNISED_CHARACTERS = 200_000
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF = b"%PDF-"
_ARRAY = re.compile(r"\[\s*(?:[{\]]|$)")
"""An array of objects begins so. Other brackets may be a broken line."""
_PACKED_BEGINNINGS = (b"PK", _OLD_WORKBOOK, _PDF)
_DOCUMENT_MEMBERS = {"data", "errors"}
_MEMBER = re.compile(r'"(data|errors)"\s*:')
_OUTERMOST = re.compile(r'\{\s*"((?:[^"\\]|\\.)*)"\s*:')
_XML_ENCODING = re.compile(r"""<\?xml[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]+)""")
_OWN_HEADINGS = {"type", "external id"}
_INVENTORY_HEADINGS = {"handle", "hs code", "coo"}
_PRICE_HEADINGS = {"variant price", "price"}
_GOOGLE_IDS = {"id", "itemid", "item id"}
_GOOGLE_SUPPLEMENTS = {
    normal_heading(heading.replace("{n}", str(number)))
    for number in range(5)
    for each in google.FIELDS
    for heading in each.headings
} - _GOOGLE_IDS
_CODE_PAGES_TRIED = ("cp1252", "cp1250", "cp1251", "cp1254", "cp1253", "mac_roman", "koi8_r")
_MOST_HEADINGS_SHOWN = 12
_LONGEST_HEADING_SHOWN = 40


@dataclass(frozen=True)
class Recognised:
    """What a file is."""

    carrier: Carrier
    encoding: str
    table: FeedTable | None = None
    columns: tuple[str, ...] = ()
    root: str = ""
    """The root element of XML."""
    guess: str = ""
    """The name of the format, empty where no format has what was read."""


def recognise(
    path: Path, options: FeedOptions, formats: Iterable[ShopFormat], *, lines: bool = False
) -> Recognised:
    """Find out what a file is. Raises `FeedError` if it is nothing that can be a feed.

    With `lines` it is JSON Lines, as far as it can be: lines that are no JSON are faults.
    """
    with path.open("rb") as file:
        start = file.read(_RECOGNISED_CHARACTERS)
    if lines and not start.startswith(_PACKED_BEGINNINGS):
        found = _recognised_lines(path, start, options)
        if found:
            return found
    if start.startswith(_OLD_WORKBOOK):
        raise FeedError("is a workbook of the old kind (.xls): save it as .xlsx or CSV")
    if start.startswith(_PDF):
        raise FeedError("is a PDF document, not a feed")
    if start.startswith(b"PK") and compression_of(path) == "none" and is_workbook(path):
        return _workbook(path, options, list(formats))
    encoding = checked_encoding(options.encoding) if options.encoding else encoding_of(path)
    text = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if not text:
        raise FeedError("is empty: it has blanks alone")
    if text.startswith("<"):
        return _xml(start, text, encoding, options)
    if text.startswith("["):
        return Recognised("array", encoding, guess=_format_of_array(path, encoding))
    if text.startswith("{"):
        return _object_or_lines(text, encoding)
    return _delimited(path, encoding, options, list(formats))


def _delimited(
    path: Path, encoding: str, options: FeedOptions, formats: list[ShopFormat]
) -> Recognised:
    delimiter = (
        checked_delimiter(options.delimiter) if options.delimiter else delimiter_of(path, encoding)
    )
    table = FeedTable(path, encoding, delimiter)
    if not options.encoding and not encoding.startswith("utf"):
        table = _in_code_page_of_headings(table, formats)
    return _recognised_table(table, options, formats)


def _in_code_page_of_headings(table: FeedTable, formats: list[ShopFormat]) -> FeedTable:
    """Give the table in the code page in which most of its headings are known.

    A few letters tell little of other texts.
    """
    counts: dict[FeedTable, int] = {}
    for encoding in dict.fromkeys((table.encoding, *_CODE_PAGES_TRIED)):
        candidate = replace(table, encoding=encoding)
        try:
            columns = candidate.header()
        except FeedError:
            continue
        if "".join(columns).isascii():
            return table
        counts[candidate] = _best_format(columns, formats)[1]
    return max(counts, key=lambda each: counts[each], default=table)


def _recognised_lines(path: Path, start: bytes, options: FeedOptions) -> Recognised | None:
    try:
        encoding = checked_encoding(options.encoding) if options.encoding else encoding_of(path)
    except FeedError:
        if options.encoding:
            raise
        encoding = "utf-8"
    text = start.decode(encoding, "replace").lstrip("\ufeff \t\r\n")
    if _ARRAY.match(text) or text.startswith("<") or (text.startswith("{") and _is_document(text)):
        return None
    # Only UTF-16 must be recognised. Lines in other encodings are faults, as are other texts.
    known = encoding if options.encoding or encoding.startswith("utf") else "utf-8"
    return Recognised("lines", known, guess=_format_of_lines(text))


def unknown_columns(found: Recognised, format_title: str = "") -> FeedError:
    """Say what was read in place of columns that a format has."""
    if not format_title and (of_google := _partial_feed_of_google(found.columns)):
        return of_google
    if format_title:
        of = f"and lacks those of {format_title}"
        advice = "name the fields of its columns with --mapping; --show-mapping writes a start"
    else:
        of = "that are of no known format"
        advice = (
            "name the format with --input-format, or the fields of its columns with --mapping, for"
            " which --input-format NAME --show-mapping writes a start"
        )
    return FeedError(f"has columns {of}: {_listed_names(found.columns)}; {advice}")


def without_fields(missing: Iterable[str], names: Sequence[str]) -> FeedError:
    """Say that no product of XML or JSON has a field that each of them needs."""
    return FeedError(
        f"gives no product a value for {', '.join(missing)}; what its products have is called"
        f" {_listed_names(names)}; say which is which with --mapping; --show-mapping writes a start"
    )


def _listed_names(names: Sequence[str]) -> str:
    shown = ", ".join(repr(each[:_LONGEST_HEADING_SHOWN]) for each in names[:_MOST_HEADINGS_SHOWN])
    return (
        f"{shown} and {len(names) - _MOST_HEADINGS_SHOWN} more"
        if len(names) > _MOST_HEADINGS_SHOWN
        else shown
    )


def _partial_feed_of_google(columns: Iterable[str]) -> FeedError | None:
    """Say that a table is of Google Merchant, but only adds to another feed of the shop."""
    present = {normal_heading(each) for each in columns}
    if not present & _GOOGLE_IDS or "title" in present:
        return None
    if "store code" in present:
        return FeedError(
            "is a local inventory feed of Google Merchant: it has what each store has in stock, and"
            " no titles or links; import the feed of the products instead"
        )
    if len(present & _GOOGLE_SUPPLEMENTS) >= len(present) - 1 > 0:
        return FeedError(
            "is a supplemental feed of Google Merchant: it changes products of another feed, and"
            " has no titles or links; import the feed of the products instead, or give this one"
            " the API's names (type, external_id, price and so on) and --mode update"
        )
    return None


def _workbook(path: Path, options: FeedOptions, formats: list[ShopFormat]) -> Recognised:
    names = sheet_names(path)
    if options.sheet and options.sheet not in names:
        raise FeedError(f"has no sheet {options.sheet!r}, but {', '.join(names)}")
    found: list[Recognised] = []
    why_not = FeedError("is a workbook without cells")
    for name in [options.sheet] if options.sheet else names:
        try:
            found.append(_recognised_table(FeedTable(path, sheet=name), options, formats))
        except FeedError as error:
            # An empty sheet is usual. The error is about another one that can't be read, if any.
            why_not = why_not if _is_of_empty_sheet(error) else error
            continue
        if found[-1].guess:
            return found[-1]
    if not found:
        raise why_not
    return found[0]


def _is_of_empty_sheet(error: FeedError) -> bool:
    return str(error).startswith("is empty")


def _recognised_table(
    table: FeedTable, options: FeedOptions, formats: list[ShopFormat]
) -> Recognised:
    columns = tuple(table.header())
    guess = options.mapping.format if options.mapping else ""
    if not guess:
        guess = _format_of_columns(columns, formats)
    return Recognised("table", table.encoding, table, columns, guess=guess)


def _format_of_columns(columns: tuple[str, ...], formats: list[ShopFormat]) -> str:
    """Give the format that knows most of the columns, of those whose own columns are there."""
    present = {normal_heading(each) for each in columns}
    if present >= _OWN_HEADINGS:
        return "csv"
    if present >= _INVENTORY_HEADINGS and not present & _PRICE_HEADINGS:
        # It has a handle and a title, but as products its rows would clear prices and images.
        raise FeedError(
            "is an inventory CSV of Shopify, without prices: export the products instead"
        )
    return _best_format(columns, formats)[0]


def _best_format(columns: Iterable[str], formats: Iterable[ShopFormat]) -> tuple[str, int]:
    """Give a format, and how many of the columns it knows."""
    best, most = "", (0, False)
    for each in formats:
        headings = Headings(each.fields)
        found = [known for column in columns if (known := headings.find(column))]
        names = {name for name, _ in found}
        # Google and Klaviyo share many columns. Without an availability, a stock is Klaviyo's.
        weight = len(found), each.is_open and "quantity" in names
        if any(names >= needed for needed in each.needed) and weight > most:
            best, most = each.name, weight
    return best, most[0]


def _xml(start: bytes, text: str, encoding: str, options: FeedOptions) -> Recognised:
    if re.match(r"<!doctype\s+html|<html", text, re.IGNORECASE):
        raise FeedError("is a web page, not a feed")
    _, root = root_of(start)
    if not is_feed_root(root):
        raise FeedError(
            f"is XML with the root element {root!r}; known are rss, channel and feed"
            " (Google Merchant) and Products (Klaviyo)"
        )
    guess = "klaviyo" if root.lower() == "products" else "google"
    declared = _XML_ENCODING.match(text)
    if declared and not options.encoding:
        encoding = checked_encoding(declared[1])
    return Recognised("xml", encoding, root=root, guess=guess)


def _format_of_array(path: Path, encoding: str) -> str:
    for _, element in array_elements(path, encoding):
        return _format_of_object(element)
    raise FeedError("is an empty array")


def _format_of_object(element: Any) -> str:
    if is_resource(element):
        return "api"
    if isinstance(element, dict) and {"type", "external_id"} <= element.keys():
        return "json"
    if isinstance(element, dict) and _is_of_openai(element):
        return "openai"
    return "klaviyo"


def _object_or_lines(text: str, encoding: str) -> Recognised:
    if _is_document(text):
        return Recognised("document", encoding, guess="api")
    if members := _members_of_whole(text):
        raise _one_object(members)
    return Recognised("lines", encoding, guess=_format_of_lines(text))


def _format_of_lines(text: str) -> str:
    try:
        first = json.loads(text.partition("\n")[0])
    except (json.JSONDecodeError, RecursionError):
        return "jsonl"
    return "openai" if isinstance(first, dict) and _is_of_openai(first) else "jsonl"


def _is_of_openai(element: dict[str, Any]) -> bool:
    return {"item_id", "title", "url"} <= element.keys()


def _members_of_whole(text: str) -> list[str]:
    """Give the members of an object that is a file alone, over several lines or of lists.

    None if the text may be JSON Lines.
    """
    line, _, rest = text.partition("\n")
    try:
        first = json.loads(line)
    except json.JSONDecodeError as error:
        found = _OUTERMOST.match(text)
        goes_on = error.pos >= len(line.rstrip()) and rest.strip() and not _begins_with_row(rest)
        return [found[1]] if found and goes_on else []
    except RecursionError:
        return []
    is_row = bool({"type", "external_id"} & first.keys())
    is_wrapped = any(isinstance(each, list) for each in first.values())
    return list(first) if is_wrapped and not is_row and not rest.strip() else []


def _begins_with_row(rest: str) -> bool:
    """Whether a whole object follows. If so, the line before it is a broken one."""
    try:
        return isinstance(json.loads(rest.lstrip().partition("\n")[0]), dict)
    except (json.JSONDecodeError, RecursionError):
        return False


def _one_object(members: list[str]) -> FeedError:
    return FeedError(
        f"is one JSON object that begins with {_listed_names(members)}, which no format has: a feed"
        " is an array of products, JSON Lines, or an answer of the API"
    )


def _is_document(text: str) -> bool:
    """Whether an object is one document over all lines, not the first of JSON Lines."""
    line, _, rest = text.partition("\n")
    line = line.rstrip()
    try:
        first = json.loads(line)
    except json.JSONDecodeError as error:
        # A line that ends within an object goes on in the next line.
        return error.pos >= len(line) and bool(rest.strip()) and bool(_MEMBER.search(text))
    except RecursionError:
        return False
    return "type" not in first and not _DOCUMENT_MEMBERS.isdisjoint(first)
