"""Which core runs what, and how much processor time a process has used."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PINS = hasattr(os, "sched_setaffinity")
_NANOSECONDS = 1e9


def available() -> list[int]:
    """Give the cores that this process may run on; none where the system can't say."""
    return sorted(os.sched_getaffinity(0)) if _PINS else []


ALL = available()
SERVER = ALL[:1] if len(ALL) > 1 else ALL
"""The core of whatever is measured. Floors run there too."""
LOAD = ALL[-1:] if len(ALL) > 1 else ALL
"""The core of the load generator, and of whatever else must not disturb."""


def pin(cores: list[int], process: int = 0) -> None:
    """Keep a process to some cores: the threads that it starts from now on as well."""
    if _PINS and cores:
        os.sched_setaffinity(process, cores)


@contextmanager
def pinned(cores: list[int]) -> Iterator[None]:
    """Keep this process to some cores until the block ends."""
    before = available()
    pin(cores)
    try:
        yield
    finally:
        pin(before)


def used(process: int) -> float:
    """Give the seconds of processor time of all threads of a process that are still there.

    0 where the system has no such files. Nanoseconds where it counts them, else hundredths.
    """
    tasks = Path(f"/proc/{process}/task")
    if not tasks.exists():
        return 0.0
    try:
        spent = [(task / "schedstat").read_text().split()[0] for task in tasks.iterdir()]
    except OSError:
        return _by_ticks(process)
    return sum(map(int, spent)) / _NANOSECONDS


def _by_ticks(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    # The twelfth and thirteenth after the name: in the program itself and in the system for it.
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(process: int) -> int:
    """Give how much memory a process holds."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


class Watch:
    """The time that passes and what this process computes in it, from its making on."""

    def __init__(self) -> None:
        self._began = time.perf_counter()
        self._used = time.process_time()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._began

    @property
    def computing(self) -> float:
        """Seconds of processor time."""
        return time.process_time() - self._used
