"""How fast feeds are read: rows in a second of processor time, from opening to the last row.

Each reader is measured beside the bare library under it on the same file, beside our reader of JSON
Lines, and beside a server that applies waiting jobs in the same rounds: operations in a second of
the server's processor time. A reader has one thread, so on a quiet machine a second of processor
time is a second.
"""

from __future__ import annotations

import csv
import json
import shutil
import time
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from openpyxl import load_workbook

from backroom.feeds.formats import open_feed
from backroom.feeds.rows import Row as FeedRow
from bench import applying, feed_files
from bench.measuring import Found, Goal, Piece, Row, alternate_afresh

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.measuring import Contestants, Sample
    from bench.settings import Settings

_RECORDS = 5_000
_RECORDS_OF_A_WORKBOOK = 500
_LINES = "JSON Lines"
_SERVER = "server"


def measured(directory: Path, settings: Settings) -> Found:
    """Measure files of some thousand records in each format, and a server, in turns."""
    home = directory / "feeds"
    home.mkdir()
    readers: Contestants = {}
    for name in feed_files.WRITERS:
        path = _written(home, name)
        readers[name] = _timed(path, partial(_read, path))
        readers[_bare_of(name)] = _timed(path, partial(_bare(name), path))
    waiting = applying.prepared(home / "waiting", settings.waiting_jobs)
    opened = partial(_beside_server, readers, waiting, home / "applying", settings)
    figures = alternate_afresh(settings, opened)
    shutil.rmtree(home)
    return Found([row for name in feed_files.WRITERS for row in _rows(name, figures)])


def _rows(name: str, figures: dict[str, list[Sample]]) -> list[Row]:
    """Give a format beside the server, beside the bare library and beside JSON Lines."""
    ours, bare = figures[name], figures[_bare_of(name)]
    # openpyxl alone takes longer for the rows of a workbook than the server for applying them.
    goal = Goal() if "workbook" in name else Goal(least=1.0)
    read, unit = f"{name}: rows read", "rows/s"
    server = f"{read}, beside what the server applies"
    found = [
        Row(server, goal, unit, "server", ours, figures[_SERVER]),
        Row(f"{read}, beside the bare library", Goal(), unit, "library", ours, bare),
    ]
    if name != _LINES:
        lines = figures[_LINES]
        found.append(Row(f"{read}, beside JSON Lines", Goal(), unit, _LINES, ours, lines))
    return found


def _bare_of(name: str) -> str:
    return f"{name}: bare library"


@contextmanager
def _beside_server(
    readers: Contestants, waiting: Path, home: Path, settings: Settings, place: int
) -> Iterator[Contestants]:
    """Give the readers, and a server with jobs to apply that stands still while they read."""
    with applying.draining(waiting, home / f"round-{place}") as (served, connection):
        applying.wait_until(connection, settings.waiting_jobs - 1)

        def applied() -> Piece:
            piece = applying.resumed(served, connection, settings.seconds)
            return piece._replace(seconds=piece.computing)

        with served.held():
            yield readers | {_SERVER: applied}
        applying.check(connection)


def _written(home: Path, name: str) -> Path:
    ending = feed_files.ending(name)
    path = home / f"{name}.{ending}"
    records = _RECORDS_OF_A_WORKBOOK if ending == "xlsx" else _RECORDS
    return feed_files.write(name, path, records)


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
