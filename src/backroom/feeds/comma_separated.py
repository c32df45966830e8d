"""CSV with our own column names; also records of any CSV file, with their line numbers.

A quote that is never closed makes the CSV reader take all following lines as one record. Only the
first line of such a record is lost: the lines after it are read again. In a file with many such
quotes, this would take time that grows with the square of its lines. So the reader reads only a
multiple of the file again. After that, it reads the lines that were given back one by one.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from typing import IO, TYPE_CHECKING, Any

from backroom.feeds.advice import record_fault
from backroom.feeds.columns import METADATA_PREFIX, NUMBER_COLUMNS, own_names, row_from, value_of
from backroom.feeds.number_style import Evidence
from backroom.feeds.rows import LONGEST_LINE, TOO_LONG, FeedError, Row, RowFault, TornRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Self

    from backroom.feeds.number_style import NumberStyle

csv.field_size_limit(LONGEST_LINE)
_NEEDED_COLUMNS = ("type", "external_id")
_FIRST_CREDIT = 4_000_000
_CREDIT = 4
"""How many characters may be read again for each one that was read. The first credit is extra."""
_TAB = "\t"
_OPEN = re.compile(r'"[^"]*')
_QUOTED_CELL = re.compile(r'"(?:[^"]|"")*"')
_OTHER_ENCODING = "is not text in the encoding of the file"
_LONG_LINE = "a line that is too long, known by its identity"


def read(
    rows: Iterable[tuple[int, list[str] | str]],
    numbers: NumberStyle = "point",
    *,
    in_sheet: bool = False,
) -> Iterator[Row | RowFault]:
    """Read the rows of a table. Raises `FeedError` if its first one doesn't name the columns.

    Rows of a sheet end with their last cell that is not empty.
    """
    header: list[str] | None = None
    for line, cells in rows:
        if header is None:
            header = _column_names(cells)
        elif isinstance(cells, str):
            torn = cells.cells if isinstance(cells, TornRow) else []
            yield _torn_fault(line, header, torn, str(cells), numbers)
        else:
            missing = len(header) - len(cells) if in_sheet else 0
            yield _row_of_cells(line, header, [*cells, *[""] * missing], numbers)
    if header is None:
        raise FeedError("is empty: its first line has to name the columns")


def numbers_in(rows: Iterable[tuple[int, list[str] | str]]) -> Evidence:
    """Weigh how the columns that hold numbers are written."""
    evidence = Evidence()
    places: list[int] | None = None
    for _, cells in rows:
        if isinstance(cells, str):
            continue
        if places is None:
            names = [cell.strip().lower() for cell in cells]
            places = [place for place, name in enumerate(names) if name in NUMBER_COLUMNS]
            if not places:
                break
            continue
        for place in places:
            if place < len(cells) and cells[place]:
                evidence.add(cells[place])
    return evidence


def records(file: IO[str], delimiter: str = ",") -> Iterator[tuple[int, list[str] | str]]:
    """Give the first line of each record with its cells, or with a text that says what is wrong.

    Empty records are left out. `file` must be opened with `newline=""` and with
    `errors="surrogateescape"`.
    """
    lines = _Lines(file)
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    width = 0
    while True:
        number = lines.begin()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if lines.strip_padding(delimiter):
                continue
            lines.give_back()
            yield number, _wrong_cells(error, lines.first, delimiter, width)
            continue
        if delimiter == _TAB and len(cells) != width:
            if width and lines.give_back():
                cells = _plain_cells(lines.first)
            width = width or len(cells)
        if not _is_unicode("".join(cells)):
            yield number, TornRow(_OTHER_ENCODING, [_readable(each) for each in cells])
        elif any(cells):
            yield number, cells


def _wrong_cells(error: csv.Error, line: str, delimiter: str, width: int) -> list[str] | str:
    """Give the cells of a row that is not CSV, if they are clear, or what is wrong with it."""
    if str(error) == TOO_LONG:
        return TOO_LONG
    if delimiter == _TAB and _is_whole(cells := _plain_cells(line), width):
        return cells
    return TornRow(f"is not CSV: {error}", _cells_of(line, delimiter))


class _Lines:
    """The lines of a file. `give_back` gives back all lines of a record but the first."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._returned: deque[str] = deque()
        self._taken: list[str] = []
        self._length = 0
        """Characters of the record so far."""
        self._number = 1
        self._credit = _FIRST_CREDIT
        """How many characters may still be read again in records of several lines."""
        self._one_by_one = False
        self._padding: re.Pattern[str] | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        if self._one_by_one and self._taken:
            # The reader takes this for the end of the file, within a quote.
            raise StopIteration
        line = self._returned.popleft() if self._returned else self._read()
        self._taken.append(line)
        self._length += len(line)
        if self._length > LONGEST_LINE:
            raise csv.Error(TOO_LONG)
        if line is _LONG_LINE:
            raise csv.Error(TOO_LONG)
        return line

    def _read(self) -> str:
        line = end = self._file.readline(LONGEST_LINE + 1)
        if not line:
            raise StopIteration
        self._credit += _CREDIT * len(line)
        if len(line) <= LONGEST_LINE:
            return self._padding.sub('"', line) if self._padding else line
        while len(end) > LONGEST_LINE and not end.endswith("\n"):
            end = self._file.readline(LONGEST_LINE + 1)
        return _LONG_LINE

    @property
    def first(self) -> str:
        """The first line of the record."""
        return self._taken[0]

    def begin(self) -> int:
        """Begin a record. Gives the number of its first line."""
        self._number += len(self._taken)
        self._taken.clear()
        self._length = 0
        self._one_by_one &= bool(self._returned)
        return self._number

    def strip_padding(self, delimiter: str) -> bool:
        """Once for a file, read the record again without blanks between quotes and delimiters.

        Editors that align the columns of CSV write such blanks. Gives whether it is read again.
        """
        blanks = " " if delimiter == _TAB else " \t"
        if self._padding or not any(re.search(f'"[{blanks}]', each) for each in self._taken):
            return False
        # A quote behind a delimiter or at the beginning of a line opens a cell.
        self._padding = re.compile(
            rf'(?<=[^"\n{re.escape(delimiter)}])"[{blanks}]+(?=[{re.escape(delimiter)}\r\n])'
        )
        again = [self._padding.sub('"', each) for each in (*self._taken, *self._returned)]
        self._taken.clear()
        self._returned = deque(again)
        return True

    def give_back(self) -> bool:
        """Give back all lines of the record but the first. Gives whether there are any."""
        again = self._taken[1:]
        del self._taken[1:]
        self._returned.extendleft(reversed(again))
        self._credit -= sum(map(len, again))
        self._one_by_one |= self._credit < 0
        return bool(again)


def _plain_cells(line: str) -> list[str]:
    """Split a line at its tabs. Quotes that are not round a whole cell are text.

    Many programs write tables with tabs and quote nothing in them.
    """
    return [
        each[1:-1].replace('""', '"') if _QUOTED_CELL.fullmatch(each) else each
        for each in line.rstrip("\r\n").split(_TAB)
    ]


def _is_whole(cells: list[str], width: int) -> bool:
    """Whether a row that is not CSV can still be read. A quote that is open may be cut."""
    return len(cells) == width and not _OPEN.fullmatch(cells[-1])


def _cells_of(line: str, delimiter: str) -> list[str]:
    """Read the cells of a line whose last quote may be open."""
    try:
        return next(csv.reader([line.rstrip("\r\n")], delimiter=delimiter), [])
    except csv.Error:
        return []


def _is_unicode(text: str) -> bool:
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _readable(cell: str) -> str:
    """Give a cell with a replacement character for each byte that is no text."""
    return cell.encode(errors="replace").decode()


def _column_names(cells: list[str] | str) -> list[str]:
    """Give the names of the columns in lower case. The keys of metadata stay as they are."""
    if isinstance(cells, str):
        raise FeedError(f"can't be read: its first line {cells}")
    names = [
        METADATA_PREFIX + name[len(METADATA_PREFIX) :]
        if name.lower().startswith(METADATA_PREFIX)
        else name.lower()
        for name in (cell.strip() for cell in cells)
    ]
    if twice := {name for name in names if name and names.count(name) > 1}:
        raise FeedError(f"has more than one column {min(twice)!r}")
    if missing := [name for name in _NEEDED_COLUMNS if name not in names]:
        raise FeedError(
            f"has no column {missing[0]!r}: its first line has to name the columns, "
            "with commas between them"
        )
    return [name or f"(column {number})" for number, name in enumerate(names, start=1)]


def _row_of_cells(
    line: int, header: list[str], texts: list[str], numbers: NumberStyle
) -> Row | RowFault:
    if len(texts) != len(header):
        detail = f"has {len(texts)} cells where the first line has {len(header)}"
        return _torn_fault(line, header, texts, detail, numbers)
    cells: dict[str, Any] = {}
    faults: list[tuple[str, str, str]] = []
    for name, text in zip(header, texts, strict=True):
        if text.strip():
            try:
                cells[name] = value_of(name, text, numbers)
            except ValueError as error:
                faults.append((name, text, str(error)))
    row = row_from(line, cells)
    if faults and row.kind:
        # What to write instead stands behind the reason.
        parted = [(name, *reason.partition("; ")[::2]) for name, _, reason in faults]
        detail = "; ".join(f"{name}: {reason}" for name, reason, _ in parted)
        advice = "; ".join(dict.fromkeys(each for _, _, each in parted if each))
        name, text, _ = faults[0]
        read = own_names(row) if isinstance(row, Row) else dict(row.read[0])
        # The form that corrects the row shows its cells as they stand.
        read |= {name: text for name, text, _ in faults}
        return RowFault(line, detail, row.kind, row.external_id, name, text, advice, read=(read,))
    return row


def _torn_fault(
    line: int, header: list[str], texts: Sequence[str], detail: str, numbers: NumberStyle
) -> RowFault:
    """Say what is wrong with a record, with the cells that it has by the columns above them."""
    cells: dict[str, Any] = {}
    for name, text in zip(header, texts, strict=False):
        if text.strip():
            try:
                cells[name] = value_of(name, text, numbers)
            except ValueError:
                cells[name] = text
    return record_fault(line, detail, read=(cells,) if cells else ())
