"""What signals cost: the same work of servers with each of them alone, with all, and with none.

A GET of one job is the smallest request that there is. A page of a hundred items and a POST of a
bulk job are what a sync mostly asks for.
"""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import urllib3

from bench import accepting, applying, catalog, cores, load, reads, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, alternate, alternate_afresh

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.measuring import Contestants, Sample
    from bench.servers import Served
    from bench.settings import Settings

_LEAST = 0.95
_SLICES = 3
_OFF = "nothing"
_ALL = "all of these"
_TOKEN = "only-for-tests"  # noqa: S105 - opens nothing but servers of this bench


class _Signals(NamedTuple):
    """What is on. `log` is the form of the access log, `traced` the share of requests."""

    metrics: bool = False
    log: str = ""
    journal: bool = False
    traced: float = 0.0
    watched: bool = False

    def flags(self) -> list[str]:
        """Give the flags of a server."""
        given = {
            "metrics": "on" if self.metrics else "off",
            "access-log": "on" if self.log else "off",
            "journal": "on" if self.journal else "off",
            "log-format": self.log or "json",
            "control-token": _TOKEN,
        }
        return [part for flag, value in given.items() for part in (f"--{flag}", value)]

    def variables(self, endpoint: str) -> dict[str, str]:
        """Give the variables of OpenTelemetry for a server that sends to a collector."""
        if not self.traced:
            return {}
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_METRICS_EXPORTER": "none",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": str(self.traced),
        }


_SMALLEST = {
    _OFF: _Signals(),
    "metrics": _Signals(metrics=True),
    "access log, as text": _Signals(log="text"),
    "access log, as JSON": _Signals(log="json"),
    "journal": _Signals(journal=True),
    "traces of one in a hundred": _Signals(traced=0.01),
    "traces of all": _Signals(traced=1.0),
    "one dashboard open": _Signals(watched=True),
    _ALL: _Signals(metrics=True, log="json", journal=True, traced=0.01, watched=True),
}
"""All are the metrics, the access log as JSON, the journal, traces of one in a hundred, and one
dashboard."""
_MAIN = {
    name: signals
    for name, signals in _SMALLEST.items()
    if name not in {"access log, as text", "traces of all"}
}
_APPLIED = {
    _OFF: _SMALLEST[_OFF],
    "metrics": _SMALLEST["metrics"],
    "traces": _SMALLEST["traces of all"],
    "metrics and log": _Signals(metrics=True, log="json"),
}
"""Requests alone are kept in a journal."""


def measured(directory: Path, settings: Settings) -> Found:
    """Measure a small GET, a page, a POST, and operations of jobs."""
    home = directory / "signals"
    # There are many contestants, and they are alike.
    settings = replace(settings, slices=min(settings.slices, _SLICES))
    with _sink(home) as endpoint:
        rows = [
            *_reading("GET one job", "one", _SMALLEST, home, settings, endpoint),
            *_reading("GET a page of 100 items", "page", _MAIN, home, settings, endpoint),
            *_posting(home, settings, endpoint),
            *_applying(home, settings, endpoint),
        ]
    return Found(rows)


@contextmanager
def _sink(home: Path) -> Iterator[str]:
    """Run a collector on the core of the load, where one of its own would be in the field."""
    home.mkdir(parents=True)
    command = [sys.executable, "-m", "bench.sink"]
    with servers.running(command, home, cores.LOAD) as process:
        yield f"http://127.0.0.1:{servers.first_line(process, home)}"


@contextmanager
def _served(database: Path, signals: _Signals, endpoint: str, *flags: str) -> Iterator[Served]:
    with ExitStack() as stack:
        served = stack.enter_context(
            servers.backroom(database, *signals.flags(), *flags, **signals.variables(endpoint))
        )
        if signals.watched:
            stack.enter_context(_watched(f"http://127.0.0.1:{served.port}"))
        yield served


@contextmanager
def _watched(url: str) -> Iterator[None]:
    """Keep the overview of the dashboard open, as a browser does."""
    pool = urllib3.PoolManager(retries=False)
    signed = pool.request("GET", f"{url}/_backroom/?token={_TOKEN}", redirect=False)
    cookie = signed.headers["set-cookie"].partition(";")[0]
    live = pool.request(
        "GET",
        f"{url}/_backroom/dashboard/live/overview",
        headers={"Cookie": cookie},
        preload_content=False,
    )
    assert live.status == 200, f"the dashboard answered {live.status}"
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


def _rows(work: str, unit: str, taken: dict[str, list[Sample]]) -> list[Row]:
    return [
        Row(
            f"{work}, with {name}",
            # To trace a request and its statements takes longer than to answer a small one.
            Goal() if name == "traces of all" else Goal(least=_LEAST),
            unit,
            against="without",
            ours=taken[name],
            floor=taken[_OFF],
        )
        for name in taken
        if name != _OFF
    ]


def _reading(
    work: str,
    part: str,
    kinds: dict[str, _Signals],
    home: Path,
    settings: Settings,
    endpoint: str,
) -> list[Row]:
    contestants: Contestants = {}
    with ExitStack() as stack:
        for name, signals in kinds.items():
            database = home / part / name / "backroom.db"
            database.parent.mkdir(parents=True)
            _, key = reads.account(str(database))
            served = stack.enter_context(_served(database, signals, endpoint))
            path = _filled(served, key, database.parent)[part]
            question, _ = catalog.reading(served, path, key)
            contestants[name] = reads.asking(served, question, settings)
        return _rows(work, "/s", alternate(settings, contestants))


def _filled(served: Served, key: str, home: Path) -> dict[str, str]:
    """Load a page of items, and give the paths of what is asked for."""
    stream = [catalog.posting(served.port, key, 0)]
    load.run(Plan(served.port, [stream], most=1))
    reads.wait_until_complete(served, key, home / "errors.txt", 1)
    job = reads.jobs_shown(served, key)[0]["id"]
    return {"one": f"{catalog.JOBS}/{job}", "page": f"{catalog.ITEMS}?page[size]=100"}


def _posting(home: Path, settings: Settings, endpoint: str) -> list[Row]:
    opened = partial(_accepting, home / "post", settings, endpoint)
    return _rows("POST a job of 100 items", "/s", alternate_afresh(settings, opened))


@contextmanager
def _accepting(home: Path, settings: Settings, endpoint: str, place: int) -> Iterator[Contestants]:
    """Give servers whose workers have nothing due, on databases of their own in every round."""
    with ExitStack() as stack:
        contestants: Contestants = {}
        for name, signals in _MAIN.items():
            database = home / f"{place}" / name / "backroom.db"
            database.parent.mkdir(parents=True)
            own = accepting.keys(str(database), accepting.ACCOUNTS * accepting.CONNECTIONS)
            delay = ("--job-delay", accepting.DELAY_SECONDS)
            served = stack.enter_context(_served(database, signals, endpoint, *delay))
            contestants[name] = stack.enter_context(
                accepting.posting(served, own, str(database), settings)
            )
        yield contestants


def _applying(home: Path, settings: Settings, endpoint: str) -> list[Row]:
    waiting = applying.prepared(home / "waiting", settings.waiting_jobs)
    opened = partial(_drained, waiting, home / "apply", settings, endpoint)
    return _rows("apply jobs of 100 items", "items/s", alternate_afresh(settings, opened))


@contextmanager
def _drained(
    waiting: Path, home: Path, settings: Settings, endpoint: str, place: int
) -> Iterator[Contestants]:
    """Give servers that go on with the same backlog, each of which is held between its turns."""
    with ExitStack() as stack:
        contestants: Contestants = {}
        for name, signals in _APPLIED.items():
            own = home / f"round-{place}" / name
            flags, variables = signals.flags(), signals.variables(endpoint)
            draining = applying.draining(waiting, own, *flags, **variables)
            served, connection = stack.enter_context(draining)
            applying.wait_until(connection, settings.waiting_jobs - 1)
            stack.enter_context(served.held())
            contestants[name] = partial(applying.resumed, served, connection, settings.seconds)
        yield contestants
