"""An import of JSON Lines, against its server that applies the same rows from jobs that are posted.

The floor posts the finished bodies of the jobs with many requests in flight, and waits until all
are applied: the server has nothing else to do. The import reads the file, keeps its progress on
disk, and compares the rows before it sends them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from backroom.catalog.kinds import ITEM
from bench import applying, catalog, cores, floors, load, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.servers import Served
    from bench.settings import Settings

_SHARE = 5
"""An import is measured with a part of the rows of the large catalog."""
_ROUNDS = 3
_LOOK_SECONDS = 0.05
_MOST_MEMORY = 150.0
"""Megabytes."""


def measured(directory: Path, settings: Settings) -> Found:
    """Measure imports of new rows and of rows that are there, and the memory of a large one."""
    rows = settings.items // _SHARE
    feed = written(directory / "feed.jsonl", rows)
    new: list[Sample] = []
    again: list[Sample] = []
    posted: list[Sample] = []
    memory: list[float] = []
    for place in range(_ROUNDS):
        with _served(directory / f"importing-{place}") as (served, _):
            for found in (new, again):
                sample, megabytes = imported(served, feed, rows)
                found.append(sample)
                memory.append(megabytes)
        with _served(directory / f"posting-{place}") as (served, database):
            posted.append(_posted(served, database, rows))
    large = written(directory / "large.jsonl", settings.items)
    with _served(directory / "large") as (served, _):
        sample, megabytes = imported(served, large, settings.items, "--dry-run")
    feed.unlink()
    large.unlink()
    limit = Goal(most_figure=_MOST_MEMORY, unit="MB")
    return Found(
        [
            Row("import new items", Goal(least=0.5), "rows/s", ours=new, floor=posted),
            Row("import the same items again", Goal(least=0.5), "rows/s", ours=again, floor=posted),
            Row(
                f"memory of an import of {rows:,} rows",
                limit,
                "MB",
                "limit",
                [Sample(max(memory))],
                [Sample(_MOST_MEMORY)],
            ),
            Row(
                f"memory of a dry run of {settings.items:,} rows",
                limit,
                "MB",
                "limit",
                [Sample(megabytes)],
                [Sample(_MOST_MEMORY)],
            ),
        ],
        {"dry run rows/s": round(sample.figure)},
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


def imported(served: Served, feed: Path, rows: int, *flags: str) -> tuple[Sample, float]:
    """Import a feed; give rows in a second, and the megabytes that the import had at most."""
    url = f"http://127.0.0.1:{served.port}"
    command = servers.program("import", str(feed), "--mode", "upsert", "--format", "json", *flags)
    report = feed.with_suffix(".report")
    before, began = cores.used(served.process), time.perf_counter()
    megabytes = 0.0
    with report.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.DEVNULL,
            env=servers.environment(BACKROOM_URL=url, BACKROOM_KEY=served.key),
        )
        while process.poll() is None:
            megabytes = max(megabytes, _memory(process.pid))
            time.sleep(_LOOK_SECONDS)
    took = time.perf_counter() - began
    counts = json.loads(report.read_bytes())["counts"][ITEM.type]
    assert process.returncode == 0, report.read_bytes()[:2000]
    assert counts["created"] + counts["unchanged"] == rows, counts
    return (
        Sample(rows / took, (cores.used(served.process) - before) / rows),
        megabytes,
    )


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
