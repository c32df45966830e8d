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
    """Give the seconds of processor time of a process and of those that it has started.

    0 where the system doesn't tell.
    """
    try:
        spent = time.clock_gettime(_clock_of(process))
        tasks = list(Path(f"/proc/{process}/task").iterdir())
    except (AttributeError, OSError):
        return 0.0
    return spent + sum(used(each) for task in tasks for each in _started_by(task))


def _clock_of(process: int) -> int:
    """Give the number of a process's clock, as `clock_getcpuclockid` composes it on Linux."""
    return ~process << 3 | 2


def _started_by(task: Path) -> list[int]:
    """Give the processes that a thread has started; none where it has ended."""
    try:
        return [int(each) for each in (task / "children").read_text().split()]
    except OSError:
        return []


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
