"""What signals cost: the same work of servers with each of them alone, and of one with none."""

from __future__ import annotations

import shutil
import sys
import threading
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING

import urllib3

from bench import applying, catalog, cores, reads, servers
from bench.measuring import Found, Goal, Row, alternate, alternate_afresh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.measuring import Contestants
    from bench.settings import Settings

_LEAST = 0.95
_OFF = "nothing"
_ON = {
    _OFF: {},
    "metrics": {"metrics": "on"},
    "access log, as text": {"access-log": "on", "log-format": "text"},
    "access log, as JSON": {"access-log": "on", "log-format": "json"},
    "journal": {"journal": "on"},
    "traces": {},
    "traces of one in a hundred": {},
    "one dashboard open": {"control-token": "only-for-tests"},
    "metrics, log and journal": {"metrics": "on", "access-log": "on", "journal": "on"},
}
_FOR_JOBS = (_OFF, "metrics", "access log, as JSON", "traces", "metrics, log and journal")
"""Requests alone are kept in a journal."""


def measured(directory: Path, settings: Settings) -> Found:
    """Measure a small GET, and operations of jobs."""
    with _sink(directory) as endpoint:
        reading = _reading(directory / "signals-read", settings, endpoint)
        applied = _applied(directory / "signals-applied", settings, endpoint)
    return Found([*reading, *applied])


@contextmanager
def _sink(directory: Path) -> Iterator[str]:
    """Run a collector on the core of the load, where one of its own would be in the field."""
    home = directory / "sink"
    home.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.sink"]
    with servers.running(command, home, cores.LOAD) as process:
        yield f"http://127.0.0.1:{servers.first_line(process, home)}"


def _flags(name: str) -> list[str]:
    given = {"access-log": "off", "journal": "off", "metrics": "off"} | _ON[name]
    return [part for flag, value in given.items() for part in (f"--{flag}", value)]


def _variables(name: str, endpoint: str) -> dict[str, str]:
    if not name.startswith("traces"):
        return {}
    sampled = {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.01"}
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_METRICS_EXPORTER": "none"}
    return told if name == "traces" else told | sampled


@contextmanager
def _watched(url: str) -> Iterator[None]:
    """Keep the overview of the dashboard open, as a browser does."""
    pool = urllib3.PoolManager(retries=False)
    signed = pool.request("GET", f"{url}/_backroom/?token=only-for-tests")
    cookie = signed.headers["set-cookie"].partition(";")[0]
    live = pool.request(
        "GET",
        f"{url}/_backroom/dashboard/live/overview",
        headers={"Cookie": cookie},
        preload_content=False,
    )
    ended = threading.Event()

    def drain() -> None:
        while not ended.is_set() and live.read1():
            pass

    reader = threading.Thread(target=drain)
    reader.start()
    try:
        yield
    finally:
        ended.set()
        reader.join()
        live.close()


def _reading(home: Path, settings: Settings, endpoint: str) -> list[Row]:
    contestants: Contestants = {}
    with ExitStack() as stack:
        for name in _ON:
            database = home / name / "backroom.db"
            database.parent.mkdir(parents=True)
            _, key = reads.account(str(database))
            served = stack.enter_context(
                servers.backroom(database, *_flags(name), **_variables(name, endpoint))
            )
            if name == "one dashboard open":
                stack.enter_context(_watched(f"http://127.0.0.1:{served.port}"))
            question, _ = catalog.reading(served, catalog.JOBS, key)
            contestants[name] = reads.asking(served, question, settings)
        taken = alternate(settings, contestants)
    return [
        Row(
            f"GET an empty list, with {name}",
            Goal(least=_LEAST),
            against="without",
            ours=taken[name],
            floor=taken[_OFF],
        )
        for name in _ON
        if name != _OFF
    ]


def _applied(home: Path, settings: Settings, endpoint: str) -> list[Row]:
    waiting = applying.prepared(home / "waiting", settings.waiting_jobs)
    taken = alternate_afresh(settings, partial(_drained, waiting, home, settings, endpoint))
    shutil.rmtree(home)
    return [
        Row(
            f"apply jobs of 100 items, with {name}",
            Goal(least=_LEAST),
            "items/s",
            against="without",
            ours=taken[name],
            floor=taken[_OFF],
        )
        for name in _FOR_JOBS
        if name != _OFF
    ]


@contextmanager
def _drained(
    waiting: Path, home: Path, settings: Settings, endpoint: str, place: int
) -> Iterator[Contestants]:
    """Give servers that go on with the same backlog, each of which is held between its turns."""
    with ExitStack() as stack:
        contestants: Contestants = {}
        for name in _FOR_JOBS:
            own = home / f"round-{place}" / name
            served, connection = stack.enter_context(
                applying.draining(waiting, own, *_flags(name), **_variables(name, endpoint))
            )
            applying.wait_until(connection, settings.waiting_jobs - 1)
            stack.enter_context(served.held())
            contestants[name] = partial(applying.resumed, served, connection, settings.seconds)
        yield contestants
