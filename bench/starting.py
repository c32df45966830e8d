"""From nothing to the first answer, against a Python that only imports the HTTP server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from bench import catalog, cores, servers
from bench.measuring import Found, Goal, Piece, Row, Sample, alternate, durations

if TYPE_CHECKING:
    from pathlib import Path

    from bench.measuring import Contestants
    from bench.settings import Settings

_SLICES = 2
_IDLE_SECONDS = 0.3
_MOST_MEGABYTES = 80.0
_MEGABYTE = 1e6

_numbers = count()


def measured(directory: Path, settings: Settings) -> Found:
    """Measure both, and how much memory a server that has answered one request holds."""
    held: list[float] = []
    contestants: Contestants = {
        "start": partial(_started, directory, held),
        "start: floor": _imported,
    }
    _imported()
    taken = alternate(replace(settings, slices=_SLICES), contestants)
    start = Row(
        "start to first answer, on a new database file",
        Goal(most=3.0),
        "ms",
        "import uvicorn",
        durations(taken["start"], 1e3),
        durations(taken["start: floor"], 1e3),
    )
    memory = Row(
        "resident memory, idle",
        Goal(most_figure=_MOST_MEGABYTES, unit="MB"),
        "MB",
        "limit",
        [Sample(each) for each in held],
        [Sample(_MOST_MEGABYTES)] * len(held),
    )
    return Found([start, memory])


def _started(directory: Path, held: list[float]) -> Piece:
    """Start a server, have a list answered, and stop it; `held` gets its megabytes."""
    home = directory / f"start-{next(_numbers)}"
    home.mkdir()
    began = time.perf_counter()
    with servers.backroom(home / "backroom.db") as served:
        answer = served.get(catalog.ITEMS, catalog.headers(served.key))
        took, computing = time.perf_counter() - began, cores.used(served.process)
        assert answer.status == 200, answer
        time.sleep(_IDLE_SECONDS)
        held.append(cores.resident_bytes(served.process) / _MEGABYTE)
    shutil.rmtree(home)
    return Piece(1, took, computing)


def _imported() -> Piece:
    """Start a Python that imports the HTTP server and ends."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", "import uvicorn"])
    cores.pin(cores.SERVER, process.pid)
    _, status, spent = os.wait4(process.pid, 0)
    took = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return Piece(1, took, spent.ru_utime + spent.ru_stime)
