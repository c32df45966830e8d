"""Tables: delimited text in any dialect, or a sheet of a workbook, row by row with line numbers."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING

from backroom.feeds.comma_separated import records
from backroom.feeds.read_progress import unfollowed
from backroom.feeds.rows import FeedError, TornRow
from backroom.feeds.workbooks import sheet_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backroom.feeds.read_progress import Follow

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
"""What may stand between cells, and how it is called."""
_DELIMITER_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "\\t": "\t"}
_SAMPLE_CHARACTERS = 200_000
_SEPARATOR_LINE = "sep="
_COMMENT_SIGN = "# "
"""How the rows begin that explain the headings below them."""
_NAMELESS_COLUMN = "(column "
_LONGEST_CELL_SHOWN = 200
_LEAST_HEADINGS = 4
"""Cells of the row that has the headings, below the name of a table."""


@dataclass(frozen=True)
class FeedTable:
    """One table of a file."""

    path: Path
    encoding: str = ""
    delimiter: str = ","
    sheet: str = ""
    """The sheet of a workbook. Empty for text."""

    def rows(self, follow: Follow = unfollowed) -> Iterator[tuple[int, list[str] | str]]:
        """Give the line and the cells of each row that is not empty, or what is wrong with it."""
        if self.sheet:
            yield from sheet_rows(self.path, self.sheet)
            return
        with self.path.open(encoding=self.encoding, errors="surrogateescape", newline="") as file:
            follow(file)
            rows = records(file, self.delimiter)
            yield from _from_header(rows)
            yield from rows

    def header(self) -> list[str]:
        """Give the headings. Raises `FeedError` if there are none."""
        for _, cells in self.rows():
            if isinstance(cells, str):
                raise FeedError(f"can't be read: its first line {cells}")
            return _headings(cells)
        raise FeedError("is empty: its first line has to name the columns")

    def pairs(
        self, follow: Follow = unfollowed
    ) -> Iterator[tuple[int, list[tuple[str, str]] | str]]:
        """Give the line of each row below the headings, with its headings and cells.

        Cells without anything are left out: of most rows that is most of them.
        """
        header: list[str] | None = None
        for line, cells in self.rows(follow):
            if isinstance(cells, str):
                yield line, cells
            elif header is None:
                header = _headings(cells)
            elif len(cells) != len(header):
                if _is_short(cells, header, in_sheet=bool(self.sheet)):
                    yield line, list(compress(zip(header, cells, strict=False), cells))
                else:
                    yield line, TornRow(wrong_length(cells, header), cells)
            else:
                yield line, list(compress(zip(header, cells, strict=True), cells))


def _is_short(cells: list[str], header: list[str], *, in_sheet: bool) -> bool:
    """Whether a row lacks nothing but empty cells at its end.

    Sheets end rows so. Some shops end the headings alone with what stands between cells.
    """
    missing = header[len(cells) :]
    return bool(missing) and (
        in_sheet or all(each.startswith(_NAMELESS_COLUMN) for each in missing)
    )


def wrong_length(cells: list[str], header: list[str]) -> str:
    """Say that a row has other columns than the first line."""
    return f"has {len(cells)} cells where the first line has {len(header)}"


def delimiter_of(path: Path, encoding: str) -> str:
    """Give what stands between the headings."""
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
        sample = file.read(_SAMPLE_CHARACTERS).lstrip("\ufeff \r\n")
    if sample.lower().startswith(_SEPARATOR_LINE) and sample[4:5] in DELIMITERS:
        return sample[4]
    counts = {each: len(_first_row(sample, each)) for each in DELIMITERS}
    return max(counts, key=lambda each: counts[each])


def checked_delimiter(name: str) -> str:
    """Give the character that a user names. Raises `FeedError` if it is none."""
    found = _DELIMITER_NAMES.get(name.lower(), name)
    if len(found) != 1 or found in '"\r\n':
        raise FeedError(f"can't be read: {name!r} is not one character between cells")
    return found


def _first_row(sample: str, delimiter: str) -> list[str]:
    try:
        for cells in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(cells) and not cells[0].startswith(_COMMENT_SIGN):
                return cells
    except csv.Error:
        pass
    return []


def _from_header(
    rows: Iterator[tuple[int, list[str] | str]],
) -> Iterator[tuple[int, list[str] | str]]:
    """Give the first rows, from that with the headings on.

    Before it may stand Excel's line of the delimiter, rows of comments, and the name of the table:
    one cell, above a row of many.
    """
    line, cells = next(rows, (0, ""))
    if line and _is_separator_line(cells):
        line, cells = next(rows, (0, ""))
    while line and _is_comment(cells):
        line, cells = next(rows, (0, ""))
    if not line:
        return
    below = next(rows, None) if len(cells) == 1 and isinstance(cells, list) else None
    is_name = below and isinstance(below[1], list) and len(below[1]) >= _LEAST_HEADINGS
    if not is_name:
        yield line, cells
    if below:
        yield below


def _is_comment(cells: list[str] | str) -> bool:
    """Whether a row says what the headings below it mean, as in Meta's templates."""
    return not isinstance(cells, str) and all(
        each.startswith(_COMMENT_SIGN) for each in cells if each
    )


def _is_separator_line(cells: list[str] | str) -> bool:
    """Whether a row is the line by which Excel says what stands between cells."""
    return (
        not isinstance(cells, str)
        and cells[0].lower().startswith(_SEPARATOR_LINE)
        and not any(cells[1:])
    )


def _headings(cells: list[str]) -> list[str]:
    names = [cell.replace("\ufeff", "").strip() for cell in cells]
    return [name or f"{_NAMELESS_COLUMN}{number})" for number, name in enumerate(names, start=1)]
