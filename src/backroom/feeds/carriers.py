"""How an export writes records: as a table, as JSON, or as a workbook.

A carrier first says what of a record it can carry: `carried` gives the record as a reader will find
it. `export_xml.py` has the carriers in XML.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from functools import lru_cache
from typing import IO, TYPE_CHECKING, Any, Protocol

import msgspec

from backroom.feeds.number_style import read_number
from backroom.feeds.records import as_text
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Pairs = list[tuple[str, Any]]
"""Headings with their values. A heading may come again."""

MOST_COLUMNS = 2_000
"""Columns of a table. Each entry of metadata may need one of its own."""
_MOST_OF_ONE = 20
"""Columns with one heading, for a list of texts."""
_SPREADSHEET = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings of cells that spreadsheets take for a formula."""
_LONGEST_CELL = 32_767
"""Characters of a cell of a workbook."""
_MOST_ROWS = 1_048_576
_MOST_SHEET_COLUMNS = 16_384
_LARGEST_CELL_NUMBER = 10**15
"""Numbers up to here come back from a workbook as they are."""
_NOT_IN_SHEETS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\r\n?")
_OWN_HEADING = "external id"
"""A table with this heading and a type is taken for one with the API's names."""


class CarrierWriter(Protocol):
    """What writes records."""

    is_table: bool
    """Whether all records have the same columns, which are known before the first one."""

    def carried(self, pairs: Pairs) -> Pairs:
        """Give a record as a reader will find it."""

    def expect(self, records: int) -> None:
        """Raise `FeedError` if so many records are more than the carrier holds."""

    def begin(self, columns: Sequence[str]) -> None:
        """Write what stands before all records."""

    def write(self, pairs: Pairs) -> None:
        """Write a record that was carried."""

    def end(self) -> None:
        """Write what stands behind all records."""


class TableColumns:
    """The columns of a table, as its records need them. Those beyond a number are left out."""

    def __init__(self, most: int = MOST_COLUMNS) -> None:
        self._most = most
        self._widths: dict[str, int] = {}
        self._total = 0

    def add(self, pairs: Pairs) -> None:
        """Make room for a record."""
        for heading, count in Counter(name for name, _ in pairs).items():
            if heading.lower().replace("_", " ") == _OWN_HEADING:
                continue
            width = self._widths.get(heading, 0)
            wanted = min(count, _MOST_OF_ONE)
            if wanted > width and self._total + wanted - width <= self._most:
                self._widths[heading] = wanted
                self._total += wanted - width

    def fitting(self, pairs: Pairs) -> Pairs:
        """Give what of a record has a column."""
        left = dict(self._widths)
        found = []
        for heading, value in pairs:
            if left.get(heading, 0):
                left[heading] -= 1
                found.append((heading, value))
        return found

    def headings(self, first: Iterable[str]) -> list[str]:
        """Give the headings: those of `first` that are there in their order, then all others."""
        known = [each for each in first if each in self._widths]
        others = [each for each in self._widths if each not in set(known)]
        return [heading for heading in (*known, *others) for _ in range(self._widths[heading])]


class _Table:
    """Records as rows below the headings."""

    is_table = True

    def __init__(self) -> None:
        self._places: dict[str, list[int]] = {}
        self._width = 0

    def carried(self, pairs: Pairs) -> Pairs:
        found: Pairs = []
        for heading, value in pairs:
            if not _is_heading(heading):
                continue
            if value.__class__ is str:
                found.append((heading, self.clean(value)))
                continue
            values = value if _is_texts(value) else [value]
            texts = (cell_text(each) for each in values if each is not None)
            found += [(heading, self.clean(text)) for text in texts]
        return found

    def clean(self, text: str) -> str:
        """Give a text as the table can hold it."""
        return text

    def expect(self, records: int) -> None:
        """Take any number of records."""

    def begin(self, columns: Sequence[str]) -> None:
        self._width = len(columns)
        for place, heading in enumerate(columns):
            self._places.setdefault(heading, []).append(place)
        self.put(list(columns))

    def write(self, pairs: Pairs) -> None:
        cells = [""] * self._width
        used: dict[str, int] = {}
        for heading, text in pairs:
            count = used.get(heading, 0)
            used[heading] = count + 1
            cells[self._places[heading][count]] = text
        self.put(cells)

    def put(self, cells: list[str]) -> None:
        """Write a row."""
        raise NotImplementedError

    def end(self) -> None:
        """Write nothing more."""


class DelimitedTable(_Table):
    """CSV or TSV in UTF-8."""

    def __init__(self, file: IO[bytes], delimiter: str, *, safe: bool = False) -> None:
        """With `safe` an apostrophe stands before cells that a spreadsheet would execute."""
        super().__init__()
        self._text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
        self._write = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n").writerow
        self._safe = safe
        self.changed_cells = 0

    def put(self, cells: list[str]) -> None:
        if self._safe:
            cells = [self._made_safe(each) for each in cells]
        self._write(cells)

    def end(self) -> None:
        self._text.flush()
        self._text.detach()

    def _made_safe(self, cell: str) -> str:
        if not cell.startswith(_SPREADSHEET) or _reads_as_number(cell):
            return cell
        self.changed_cells += 1
        return f"'{cell}"


class WorkbookTable(_Table):
    """A workbook with one sheet. Texts are texts in it, also those that begin as formulas."""

    def __init__(self, file: IO[bytes], is_number: Callable[[str], bool]) -> None:
        """`is_number` says whether a column holds numbers."""
        # openpyxl takes a quarter of a second to import.
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell

        super().__init__()
        self._file = file
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet("catalog")
        self._cell = WriteOnlyCell
        self._is_number = is_number
        self._numeric: list[bool] = []
        self._rows = 0

    def clean(self, text: str) -> str:
        return _NOT_IN_SHEETS.sub(_in_sheets, text)[:_LONGEST_CELL]

    def expect(self, records: int) -> None:
        """Refuse more rows than a sheet has, before the first of them takes its time."""
        if records >= _MOST_ROWS:
            raise FeedError(
                f"would have more than {_MOST_ROWS:,} rows, which is all that a sheet has: export"
                " CSV"
            )

    def begin(self, columns: Sequence[str]) -> None:
        if len(columns) > _MOST_SHEET_COLUMNS:
            raise FeedError(f"would have {len(columns):,} columns, and a sheet has 16,384 at most")
        self._numeric = [self._is_number(each) for each in columns]
        super().begin(columns)

    def put(self, cells: list[str]) -> None:
        self._rows += 1
        head = self._rows == 1
        self._sheet.append(
            [
                self._made(text, numeric=numeric and not head)
                for text, numeric in zip(cells, self._numeric, strict=True)
            ]
        )

    def end(self) -> None:
        self._book.save(self._file)

    def _made(self, text: str, *, numeric: bool) -> Any:
        if not text:
            return None
        if numeric and (number := _exact_number(text)) is not None:
            return number
        cell = self._cell(self._sheet, value=text)
        # A text that begins with = would be a formula.
        cell.data_type = "s"
        return cell


class JsonLines:
    """Each record as an object in a line of its own."""

    is_table = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._encode = msgspec.json.Encoder().encode

    def carried(self, pairs: Pairs) -> Pairs:
        """Give all of it."""
        return pairs

    def expect(self, records: int) -> None:
        """Take any number of records."""

    def begin(self, columns: Sequence[str]) -> None:
        """Write nothing."""

    def write(self, pairs: Pairs) -> None:
        """Write a line."""
        self._file.write(self._encode(dict(pairs)) + b"\n")

    def end(self) -> None:
        """Write nothing more."""


class JsonArray(JsonLines):
    """All records as the objects of one array, each in a line."""

    _between = b"[\n"

    def write(self, pairs: Pairs) -> None:
        """Write an object."""
        self._file.write(self._between + self._encode(dict(pairs)))
        self._between = b",\n"

    def end(self) -> None:
        """Close the array."""
        self._file.write(b"[]\n" if self._between == b"[\n" else b"\n]\n")


def cell_text(value: Any) -> str:
    """Give a value as the text of a cell."""
    return number_text(value) if isinstance(value, (int, float)) else as_text(value)


def number_text(value: float) -> str:
    """Give a number with a decimal point. The text reads as the same number."""
    return ("true" if value else "false") if isinstance(value, bool) else repr(value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, str) for each in value)


@lru_cache(maxsize=MOST_COLUMNS)
def _is_heading(heading: str) -> bool:
    """Whether a column may have this name. A reader strips the blanks round it."""
    return heading.replace("\ufeff", "").strip() == heading != ""


def _reads_as_number(cell: str) -> bool:
    try:
        read_number(cell)
    except ValueError:
        return False
    return True


def _exact_number(text: str) -> float | None:
    try:
        value = read_number(text)
    except ValueError:
        return None
    return value if abs(value) < _LARGEST_CELL_NUMBER and repr(value) == text else None


def _in_sheets(found: re.Match[str]) -> str:
    """Give the text that a sheet gets in place of a value that it can't hold."""
    return "\n" if found[0][0] == "\r" else ""
