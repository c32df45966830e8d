"""A server that ends itself as kill -9 does, when its worker comes to a step for the nth time.

With `--power-cut`, what it wrote but did not sync goes with it. On SIGUSR1 the disk is full for it,
on SIGUSR2 there is room again.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import resource
import signal
import threading
from typing import TYPE_CHECKING

from backroom.server import Server, Started
from backroom.settings import Settings
from crash import power

if TYPE_CHECKING:
    from collections.abc import Callable


def dying_at(step: str, nth: int, die: Callable[[], None]) -> Callable[[str], None]:
    """Watch the worker's steps."""
    lock = threading.Lock()
    left = nth

    def watch(reached: str) -> None:
        nonlocal left
        with lock:
            left -= reached == step
            if left == 0:
                die()

    return watch


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def announce(started: Started) -> None:
    key = started.first_key.key if started.first_key else None
    print(json.dumps({"url": started.url, "key": key}), flush=True)  # noqa: T201 - for the test


def limit_files_by_signals() -> None:
    """Let every write to a file fail from one signal on, until the other."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limited(size: int) -> Callable[..., None]:
        return lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))

    signal.signal(signal.SIGUSR1, limited(0))
    signal.signal(signal.SIGUSR2, limited(most))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("--step", default="")
    parser.add_argument("--nth", type=int, default=1)
    parser.add_argument("--show-queued", action="store_true")
    parser.add_argument("--power-cut", action="store_true")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    disk = power.use() if arguments.power_cut else None
    limit_files_by_signals()
    settings = Settings(
        database=arguments.database, port=0, limits="off", show_queued=arguments.show_queued
    )
    watch = dying_at(arguments.step, arguments.nth, power.cut if disk else die)
    server = Server(settings, on_step=watch)
    server.stop_on_signals()
    server.run(announce)


if __name__ == "__main__":
    main()
