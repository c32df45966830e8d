"""Records with a fault, as a file of the same format that can be corrected and imported alone.

A product of several records is there with all of them: without the others, its import would lose
variants and images. Records are copied as they stand in the file, with the headings of a table and
with what stands around the records of XML.
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING

from backroom.feeds.json_elements import array_texts, document_elements
from backroom.feeds.rows import FeedError
from backroom.feeds.workbooks import copy_rows
from backroom.feeds.xml_elements import record_ranges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.tables import FeedTable

_REJECTS_READ_BYTES = 1 << 20


def write_rejects(feed: Feed, ledger: Ledger, target: Path) -> int:
    """Copy the records with a fault; give how many those are.

    A workbook becomes CSV where the name of `target` ends so. Raises `FeedError` where a file can't
    be read or written.
    """
    marks = feed.rejected(ledger.has_failed)
    try:
        if target.exists() and target.samefile(feed.source.path):
            raise FeedError(f"{target} is the feed itself; name another file for --rejects")
        _WRITERS[feed.recognised.carrier](feed, marks, target)
    except OSError as error:
        raise FeedError(f"{target} can't be written: {error.strerror}") from error
    return sum(marks)


def _copy_lines(feed: Feed, marks: Iterable[int], target: Path) -> None:
    wanted = iter(marks)
    with feed.lines_path().open("rb") as source, target.open("wb") as file:
        for number, line in enumerate(source):
            text = line.removeprefix(b"\xef\xbb\xbf") if number == 0 else line
            if text.strip() and next(wanted, False):
                file.write(text)


def _copy_rejected_table(feed: Feed, marks: Iterable[int], target: Path) -> None:
    table = feed.recognised.table
    if table is None:
        raise FeedError(f"{feed.name} is no table")
    # The first row has the headings.
    wanted = chain([True], marks)
    if table.sheet:
        copy_rows(table.path, table.sheet, wanted, target)
    else:
        _copy_text(table, wanted, target)


def _copy_text(table: FeedTable, wanted: Iterable[int], target: Path) -> None:
    # Latin-1 keeps all bytes as they are. Only UTF-16 has line ends of other bytes.
    encoding = table.encoding if table.encoding.startswith(("utf-16", "utf_16")) else "latin-1"
    places = ((line, each) for (line, _), each in zip(table.rows(), wanted, strict=False))
    following = next(places, None)
    # What comes before the headings is copied with them.
    copies: int = True
    with (
        table.path.open(encoding=encoding, newline="") as source,
        target.open("w", encoding=encoding, newline="") as file,
    ):
        for number, line in enumerate(source, start=1):
            if following and number == following[0]:
                copies = following[1]
                following = next(places, None)
            if copies:
                file.write(line)


def _copy_elements(feed: Feed, marks: Iterable[int], target: Path) -> None:
    encoding = feed.recognised.encoding
    texts = array_texts(feed.source.path, encoding)
    kept = (text for text, mark in zip(texts, marks, strict=True) if mark)
    with target.open("w", encoding=encoding) as file:
        file.write("[\n")
        for number, text in enumerate(kept):
            file.write(f"{',' if number else ''}{text}\n")
        file.write("]\n")


def _copy_resources(feed: Feed, marks: Iterable[int], target: Path) -> None:
    encoding = feed.recognised.encoding
    elements = document_elements(feed.source.path, encoding)
    kept = [element for (_, element), mark in zip(elements, marks, strict=True) if mark]
    text = json.dumps({"data": kept}, ensure_ascii=False, indent=1)
    target.write_text(f"{text}\n", encoding=encoding)


def _copy_xml(feed: Feed, marks: Iterable[int], target: Path) -> None:
    """Copy the file without the records that were imported, so that it stays well-formed."""
    path = feed.source.path
    position = 0
    with path.open("rb") as source, target.open("wb") as file:
        ranges = record_ranges(path, feed.encoding_said)
        for (begin, end), mark in zip(ranges, marks, strict=True):
            source.seek(position)
            before = source.read(begin - position)
            if mark:
                file.write(before + source.read(end - begin))
            elif before.strip(b" \t\r\n\0"):
                file.write(before)
            position = end
        source.seek(position)
        while some := source.read(_REJECTS_READ_BYTES):
            file.write(some)


_WRITERS: dict[str, Callable[[Feed, Iterable[int], Path], None]] = {
    "lines": _copy_lines,
    "table": _copy_rejected_table,
    "array": _copy_elements,
    "document": _copy_resources,
    "xml": _copy_xml,
}
