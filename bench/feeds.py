"""How fast feeds are read: rows in a second of processor time, from opening to the last row.

Each reader is measured beside the bare library under it on the same file, beside our reader of JSON
Lines, and beside what the server applies in a second of its own processor time. A reader has one
thread, so on a quiet machine a second of processor time is a second.
"""

from __future__ import annotations

import csv
import json
import time
import xml.etree.ElementTree as ET
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from openpyxl import load_workbook

from backroom.feeds.formats import open_feed
from backroom.feeds.rows import Row as FeedRow
from bench import feed_files
from bench.measuring import Found, Goal, Piece, Row, Sample, alternate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.settings import Settings

_RECORDS = 5_000
_RECORDS_OF_A_WORKBOOK = 500
_APPLIED = 17_000.0
"""Operations that the server applies in a second of its processor time, by the part `applying`."""
_LINES = "JSON Lines"
_ENDINGS = {"Lines": "jsonl", "JSON": "json", "workbook": "xlsx", "TSV": "tsv", "CSV": "csv"}


def measured(directory: Path, settings: Settings) -> Found:
    """Measure files of some thousand records in each format."""
    home = directory / "feeds"
    home.mkdir()
    lines = _written(home, _LINES)
    rows = []
    for name in feed_files.WRITERS:
        path = _written(home, name)
        figures = alternate(
            settings,
            {
                "ours": _timed(path, partial(_read, path)),
                "bare": _timed(path, partial(_bare(name), path)),
                "lines": _timed(lines, partial(_read, lines)),
            },
        )
        ours, is_workbook = figures["ours"], path.suffix == ".xlsx"
        applied = [Sample(_APPLIED) for _ in ours]
        # openpyxl alone takes longer for the rows of a workbook than the server for applying them.
        goal = Goal() if is_workbook else Goal(least=1.0)
        read = f"{name}: rows read"
        rows += [
            Row(f"{read}, beside what the server applies", goal, "rows/s", "server", ours, applied),
            Row(
                f"{read}, beside the bare library",
                Goal(),
                "rows/s",
                "library",
                ours,
                figures["bare"],
            ),
            Row(
                f"{read}, beside JSON Lines", Goal(), "rows/s", "JSON Lines", ours, figures["lines"]
            ),
        ]
    return Found(rows)


def _written(home: Path, name: str) -> Path:
    ending = next((each for word, each in _ENDINGS.items() if word in name), "xml")
    path = home / f"{name}.{ending}"
    records = _RECORDS_OF_A_WORKBOOK if ending == "xlsx" else _RECORDS
    return path if path.exists() else feed_files.write(name, path, records)


def _timed(path: Path, work: Callable[[], object]) -> Callable[[], Piece]:
    """Time work on a file. Its unit is a row that we read of that file, whoever does the work."""
    rows = _read(path)

    def piece() -> Piece:
        began = time.process_time()
        work()
        took = time.process_time() - began
        return Piece(rows, took, took)

    return piece


def _read(path: Path) -> int:
    feed = open_feed(path)
    count = sum(isinstance(row, FeedRow) for row in feed.rows())
    feed.close()
    return count


def _bare(name: str) -> Callable[[Path], None]:
    words: dict[str, Callable[[Path], None]] = {
        "Lines": _bare_lines,
        "workbook": _bare_workbook,
        "CSV": _bare_csv,
        "TSV": partial(_bare_csv, delimiter="\t"),
        "JSON": _bare_json,
        "array": _bare_json,
    }
    return next((each for word, each in words.items() if word in name), _bare_xml)


def _bare_csv(path: Path, delimiter: str = ",") -> None:
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.DictReader(file, delimiter=delimiter):
            pass


def _bare_lines(path: Path) -> None:
    with path.open("rb") as file:
        for line in file:
            msgspec.json.decode(line)


def _bare_json(path: Path) -> None:
    json.loads(path.read_bytes())


def _bare_xml(path: Path) -> None:
    for _, element in ET.iterparse(path):  # noqa: S314 - written above
        if element.tag.endswith(("item", "entry", "Product")):
            element.clear()


def _bare_workbook(path: Path) -> None:
    book = load_workbook(path, read_only=True, data_only=True)
    for _ in book.worksheets[0].iter_rows(values_only=True):
        pass
    book.close()
