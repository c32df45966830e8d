"""Excel workbooks: the rows of one sheet as texts, read one by one.

A workbook is a zip of XML. Before openpyxl sees it, its sizes are compared with bounds, and a
document type in one of its parts refuses it.

This module alone uses private parts of openpyxl, to open a workbook without parsing its sheets. It
relies on these, which are the same in all of 3.1:

- `ReadOnlyWorksheet._get_size()` is called when a sheet is opened, and may leave its size open;
- `ExcelReader.read_worksheets()` appends each sheet to `_sheets` of the workbook.

`openpyxl_parts_missing` compares them with the installed library. If one is missing, the public
`load_workbook` opens the workbook, which takes longer for a sheet that does not say its size.
"""

from __future__ import annotations

import csv
import re
import warnings
import zipfile
import zlib
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any

from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_LARGEST_PART = 1_000_000_000
_LARGEST_STRINGS = 60_000_000
"""Bytes of the texts that all sheets share: they are in memory as long as the book is open."""
_HEAD = 4_096
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
"""What reading a broken zip may raise."""
_DOCUMENT_TYPE = re.compile(rb"<!\s*DOCTYPE", re.IGNORECASE)
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def is_workbook(path: Path) -> bool:
    """Whether a zip file is a workbook. One that is broken is not."""
    try:
        with zipfile.ZipFile(path) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except _BROKEN:
        return False


def sheet_names(path: Path) -> list[str]:
    """Give the names of the sheets that hold cells. Raises `FeedError`."""
    with _opened_book(path) as book:
        return [sheet.title for sheet in book.worksheets]


def sheet_rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Give the cells of each row that has any, with its number. Raises `FeedError`."""
    for number, row in _valued_rows(path, sheet):
        cells = [_as_cell(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            yield number, cells


def copy_rows(path: Path, sheet: str, wanted: Iterable[object], target: Path) -> None:
    """Copy rows that have any cells, as `wanted` says it of each, to a workbook or to CSV."""
    rows = (row for _, row in _valued_rows(path, sheet) if any(map(_as_cell, row)))
    kept = (row for row, each in zip(rows, wanted, strict=False) if each)
    if target.suffix.lower() == ".csv":
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(_as_wide_rows(kept))
        return
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    page = book.create_sheet(sheet)
    for row in kept:
        page.append(row)
    book.save(target)


def _as_wide_rows(rows: Iterable[Sequence[Any]]) -> Iterator[list[str]]:
    """Give all rows as many cells as the first has."""
    width = None
    for row in rows:
        cells = [_as_cell(value) for value in row]
        while cells and not cells[-1] and (width is None or len(cells) > width):
            cells.pop()
        width = width or len(cells)
        yield cells + [""] * (width - len(cells))


def _valued_rows(path: Path, sheet: str) -> Iterator[tuple[int, Sequence[Any]]]:
    with _opened_book(path) as book:
        try:
            yield from enumerate(book[sheet].iter_rows(values_only=True), start=1)
        except (*_BROKEN, SyntaxError, KeyError, TypeError, IndexError) as error:
            raise FeedError(f"can't be read as a workbook: {error}") from None


class _opened_book:  # noqa: N801 - used as a function
    def __init__(self, path: Path) -> None:
        _check_parts(path)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._book = _loaded_book(path)
        except FeedError:
            raise
        except Exception as error:  # noqa: BLE001 - it raises whatever its parts raise
            raise FeedError(f"can't be read as a workbook: {error}") from None

    def __enter__(self) -> Any:
        return self._book

    def __exit__(self, *_: object) -> None:
        self._book.close()


@cache
def openpyxl_parts_missing() -> str:
    """Name the first private part that the installed openpyxl lacks, empty if it has all."""
    import openpyxl
    from openpyxl.reader.excel import ExcelReader

    try:
        from openpyxl.worksheet._read_only import ReadOnlyWorksheet
    except ImportError:
        return "openpyxl.worksheet._read_only.ReadOnlyWorksheet"
    for holder, name in (
        (ReadOnlyWorksheet, "_get_size"),
        (ExcelReader, "read_worksheets"),
        (openpyxl.Workbook(), "_sheets"),
    ):
        if not hasattr(holder, name):
            return name
    return ""


def _loaded_book(path: Path) -> Any:
    if openpyxl_parts_missing():
        from openpyxl import load_workbook

        return load_workbook(path, read_only=True, data_only=True)
    reader = _reader()(path, read_only=True, data_only=True)
    reader.read()
    return reader.wb


@cache
def _reader() -> Any:
    """Give openpyxl's reader of workbooks, which looks into no sheet before its rows are asked for.

    The reader of openpyxl looks for the size of each sheet whenever it opens a workbook. If a sheet
    does not say its size, it parses all of the sheet before anything is refused or read.
    """
    # openpyxl takes a quarter of a second to import.
    from openpyxl.reader.excel import ExcelReader
    from openpyxl.worksheet._read_only import ReadOnlyWorksheet

    class Page(ReadOnlyWorksheet):
        def _get_size(self) -> None:
            """Leave the size open, as `reset_dimensions` does."""

    class Reader(ExcelReader):
        def read_worksheets(self) -> None:
            for sheet, part in self.parser.find_sheets():
                if part.target in self.valid_files and "chartsheet" not in part.Type:
                    page = Page(self.wb, sheet.name, part.target, self.shared_strings)
                    self.wb._sheets.append(page)  # type: ignore[attr-defined]  # noqa: SLF001 - as openpyxl does

    return Reader


def _check_parts(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            for part in archive.infolist():
                strings = part.filename.endswith("sharedStrings.xml")
                if part.file_size > (_LARGEST_STRINGS if strings else _LARGEST_PART):
                    raise FeedError(f"is a workbook with a part that is too large: {part.filename}")
                if part.filename.endswith((".xml", ".rels")):
                    with archive.open(part) as file:
                        head = file.read(_HEAD)
                    if _DOCUMENT_TYPE.search(head) or head.startswith(_UTF_16):
                        raise FeedError(
                            f"is a workbook with a document type (DTD) in {part.filename}"
                        )
    except _BROKEN as error:
        raise FeedError(f"can't be read as a workbook: {error}") from None


def _as_cell(value: Any) -> str:
    """Give a value as a cell of CSV would have it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)  # noqa: PLR2004 - where repr begins to write an exponent
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    return value.isoformat() if isinstance(value, (date, time)) else str(value)
