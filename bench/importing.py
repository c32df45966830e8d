"""Imports into a server: how fast they are, what they cost beside it, and their memory.

The floor of an import of JSON Lines posts the finished bodies of the jobs with many requests in
flight, and waits until all are applied: the server has nothing else to do. The import reads the
file, keeps its progress on disk, and compares the rows before it sends them.

For each format, all of an import is measured beside its server: rows in a second of processor time,
of the one process and of the other.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from bench import applying, catalog, cores, feed_files, floors, load, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.servers import Served
    from bench.settings import Settings

_SHARE = 40
"""Imports of each format have a part of the rows of the large catalog."""
_SHARE_OF_WHOLE = 10
"""As has the import whose memory is measured."""
_ROUNDS = 3
_LOOK_SECONDS = 0.02
_MOST_MEMORY = 150.0
"""Megabytes."""
_FORMATS = ("JSON Lines", "Shopify CSV", "WooCommerce CSV", "Google RSS", "Klaviyo JSON")


class Imported(NamedTuple):
    """One import: rows in a second, processor time of its process and the server's, memory."""

    rows: int
    seconds: float
    own: float
    of_server: float
    megabytes: float

    @property
    def rate(self) -> Sample:
        """Rows in a second, with the processor time of the server for each."""
        return Sample(self.rows / self.seconds, self.of_server / self.rows)


def measured(directory: Path, settings: Settings) -> Found:
    """Measure imports of new rows and of rows that are there, of each format, and the memory."""
    rows = settings.items // _SHARE
    feed = written(directory / "feed.jsonl", rows)
    new: list[Sample] = []
    again: list[Sample] = []
    posted: list[Sample] = []
    for place in range(_ROUNDS):
        with _served(directory / f"importing-{place}") as (served, _):
            for found in (new, again):
                found.append(imported(served, feed).rate)
        with _served(directory / f"posting-{place}") as (served, database):
            posted.append(_posted(served, database, rows))
    feed.unlink()
    return Found(
        [
            Row("import new items", Goal(least=0.5), "rows/s", ours=new, floor=posted),
            Row("import the same items again", Goal(least=0.5), "rows/s", ours=again, floor=posted),
            *_of_formats(directory, rows),
            *_memory_rows(directory, settings),
        ],
    )


def _of_formats(directory: Path, rows: int) -> Iterator[Row]:
    """Measure all of an import of each format beside its server, in turns."""
    feeds = {
        name: feed_files.write(name, directory / f"{name}.{feed_files.ending(name)}", rows)
        for name in _FORMATS
    }
    found: dict[str, list[Imported]] = {name: [] for name in feeds}
    for place in range(_ROUNDS):
        for name, feed in feeds.items():
            with _served(directory / f"format-{place}") as (served, _):
                found[name].append(imported(served, feed))
    for name, feed in feeds.items():
        feed.unlink()
        yield Row(
            f"{name}: processor time of an import, beside its server",
            Goal(),
            "rows/s",
            "server",
            [_in_own_time(each.rows, each.own) for each in found[name]],
            [_in_own_time(each.rows, each.of_server) for each in found[name]],
        )


def _in_own_time(rows: int, seconds: float) -> Sample:
    return Sample(rows / seconds, seconds / rows)


def _memory_rows(directory: Path, settings: Settings) -> Iterator[Row]:
    """Measure the memory of a real import, and of a dry run of as many rows as the catalog has."""
    runs: dict[str, tuple[str, int, tuple[str, ...]]] = {
        "an import": ("Shopify CSV", settings.items // _SHARE_OF_WHOLE, ()),
        "a dry run": ("JSON Lines", settings.items, ("--dry-run",)),
    }
    for what, (name, records, flags) in runs.items():
        feed = feed_files.write(name, directory / f"large.{feed_files.ending(name)}", records)
        with _served(directory / "large") as (served, _):
            found = imported(served, feed, *flags)
        feed.unlink()
        yield Row(
            f"memory of {what} of {found.rows:,} rows of {name}",
            Goal(most_figure=_MOST_MEMORY, unit="MB"),
            "MB",
            "limit",
            [Sample(found.megabytes)],
            [Sample(_MOST_MEMORY)],
        )


@contextmanager
def _served(home: Path) -> Iterator[tuple[Served, Path]]:
    home.mkdir()
    database = home / "backroom.db"
    with servers.backroom(database) as served:
        yield served, database
    shutil.rmtree(home)


def written(path: Path, rows: int) -> Path:
    """Write a feed of so many items."""
    encode = msgspec.json.Encoder().encode
    with path.open("wb") as file:
        for place in range(rows):
            file.write(encode({"type": "item"} | catalog.attributes(place)) + b"\n")
    return path


def imported(served: Served, feed: Path, *flags: str) -> Imported:
    """Import a feed. All of its rows have to go in, or be there."""
    url = f"http://127.0.0.1:{served.port}"
    command = servers.program("import", str(feed), "--mode", "upsert", "--format", "json", *flags)
    report = feed.with_suffix(".report")
    before, began = cores.used(served.process), time.perf_counter()
    with report.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=servers.environment(BACKROOM_URL=url, BACKROOM_KEY=served.key),
        )
        own, megabytes = _watched(process)
    took = time.perf_counter() - began
    said = json.loads(report.read_bytes())
    counts = said["counts"].values()
    rows = sum(each["rows"] for each in counts)
    assert process.returncode == 0, said["error"]
    assert sum(each["created"] + each["unchanged"] for each in counts) == rows > 0, said["counts"]
    return Imported(rows, took, own, cores.used(served.process) - before, megabytes)


def _watched(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Wait for a process; give the seconds of its processor time, and the most megabytes it had."""
    megabytes = 0.0
    while True:
        megabytes = max(megabytes, _memory(process.pid))
        ended, status, usage = os.wait4(process.pid, os.WNOHANG)
        if ended:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime, megabytes
        time.sleep(_LOOK_SECONDS)


def _memory(process: int) -> float:
    """Give the most megabytes that a process has had; none once it is gone.

    The figure of `wait4` would count what this process had when it started the other.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1_000 if found else 0.0


def _posted(served: Served, database: Path, rows: int) -> Sample:
    jobs = rows // catalog.OPERATIONS
    stream = [
        catalog.posting(served.port, served.key, catalog.OPERATIONS * place)
        for place in range(jobs)
    ]
    connection = floors.connected(str(database))
    before, began = cores.used(served.process), time.perf_counter()
    load.run(Plan(served.port, [stream], most=jobs))
    applying.wait_until(connection, 0)
    took = time.perf_counter() - began
    applying.check(connection)
    connection.close()
    return Sample(rows / took, (cores.used(served.process) - before) / rows)
