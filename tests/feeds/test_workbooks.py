from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from backroom.feeds import workbooks
from backroom.feeds.rows import FeedError
from backroom.feeds.workbooks import (
    is_workbook,
    openpyxl_parts_missing,
    sheet_names,
    sheet_rows,
)

CASE = Path(__file__).parent / "shopify" / "workbook.xlsx"


def test_sheets_have_rows() -> None:
    assert is_workbook(CASE)
    sheet = sheet_names(CASE)[-1]
    rows = list(sheet_rows(CASE, "Products"))
    assert sheet in {"Products", "Sheet"}
    assert rows[1] == (2, ["cap", "Mütze", "19.95", "4711", "Size", "M", "3.65275E+11"])
    assert rows[2] == (3, ["cap", "", "21", "0815", "", "L"])


def test_values_are_as_shown(tmp_path: Path) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("A")
    sheet.append([None, True, 3.0, 0.1, dt.datetime(2026, 1, 2), "=1+1", "x"])  # noqa: DTZ001 - workbooks have none
    sheet.append([])
    sheet.append(["y"])
    book.save(tmp_path / "a.xlsx")
    rows = list(sheet_rows(tmp_path / "a.xlsx", "A"))
    assert rows == [(1, ["", "TRUE", "3", "0.1", "2026-01-02", "", "x"]), (3, ["y"])]


def changed(part: str, content: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(CASE) as old, zipfile.ZipFile(written, "w") as new:
        for each in old.infolist():
            new.writestr(each.filename, content if each.filename == part else old.read(each))
    return written.getvalue()


def test_document_types_are_refused(tmp_path: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'
    (tmp_path / "a").write_bytes(changed("xl/worksheets/sheet1.xml", bomb))
    with pytest.raises(FeedError, match=r"a document type \(DTD\) in xl/worksheets"):
        sheet_names(tmp_path / "a")


def test_broken_workbooks_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(changed("xl/workbook.xml", b"<x"))
    with pytest.raises(FeedError, match="can't be read as a workbook"):
        sheet_names(tmp_path / "a")
    (tmp_path / "a").write_bytes(CASE.read_bytes()[:-100])
    with pytest.raises(FeedError, match="can't be read as a workbook"):
        sheet_names(tmp_path / "a")


def test_opening_a_book_parses_no_sheet(tmp_path: Path) -> None:
    broken = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x'
    book = tmp_path / "a.xlsx"
    book.write_bytes(changed("xl/worksheets/sheet1.xml", broken))
    assert sheet_names(book) == sheet_names(CASE)
    with pytest.raises(FeedError, match="can't be read as a workbook"):
        list(sheet_rows(book, sheet_names(book)[0]))


def test_installed_openpyxl_has_the_parts() -> None:
    missing = openpyxl_parts_missing()
    assert not missing, f"openpyxl has changed: {missing} is gone, so workbooks open more slowly"


def test_missing_part_of_openpyxl_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(ReadOnlyWorksheet, "_get_size")
    assert openpyxl_parts_missing.__wrapped__() == "_get_size"


def test_changed_openpyxl_is_used_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = list(sheet_rows(CASE, "Products"))
    monkeypatch.setattr(workbooks, "openpyxl_parts_missing", lambda: "_get_size")
    monkeypatch.delattr(workbooks, "_reader")
    assert list(sheet_rows(CASE, "Products")) == usual


def test_large_parts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "_LARGEST_PART", 100)
    with pytest.raises(FeedError, match="a part that is too large"):
        sheet_names(CASE)
