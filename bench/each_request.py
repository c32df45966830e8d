"""Every kind of page at a million items against the same at a thousand.

Both servers run side by side and are asked in turn. Every row is one request: its median and its
95th percentile in milliseconds at each size, and the ratio of the medians; over 2 it is marked.
Afterwards a category of 100,000 items is deleted while others read and write.
"""

from __future__ import annotations

import http.client
import random
import statistics
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import click
import msgspec

from backroom.catalog import ids
from backroom.catalog.kinds import CATEGORY, ITEM
from backroom.revisions import NEWEST
from backroom.store import links, open_database, records
from bench import cases, catalog
from bench.large import LARGE, resource_id, written
from bench.sites import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.store.database import Database, Transaction
    from bench.sites import Site

_MARKED = 2.0


class Caller:
    """One connection to a server, kept open."""

    def __init__(self, site: Site) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", site.served.port, timeout=120)
        self._key = site.key

    def timed(
        self, method: str, path: str, body: Any = None, revision: str = NEWEST
    ) -> tuple[float, int]:
        """Send one request; give the seconds it took and how many resources came."""
        encoded = None if body is None else msgspec.json.encode(body)
        # A server hangs up on those who are silent while the other one is measured.
        self._connection.close()
        self._connection.connect()
        began = time.perf_counter()
        self._connection.request(method, path, encoded, catalog.headers(self._key, revision))
        answer = self._connection.getresponse()
        raw = answer.read()
        took = time.perf_counter() - began
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise click.ClickException(f"{method} {path}: {answer.status} {raw[:500]!r}")
        data = msgspec.json.decode(raw)["data"] if raw else None
        return took, len(data) if isinstance(data, list) else 1


@dataclass(frozen=True)
class Row:
    """The times in milliseconds of one request at both sizes."""

    name: str
    medians: tuple[float, float]
    slowest: tuple[float, float]
    """The 95th percentiles."""
    shown: tuple[int, int]

    @property
    def ratio(self) -> float:
        return self.medians[1] / self.medians[0]

    def __str__(self) -> str:
        small, large = self.medians
        mark = " <" if self.ratio > _MARKED else ""
        times = f"{small:8.2f} {self.slowest[0]:8.2f} {large:9.2f} {self.slowest[1]:9.2f}"
        return (
            f"{self.name:58} {times} {self.shown[0]:4}/{self.shown[1]:<4} {self.ratio:6.2f}{mark}"
        )


def measure(sites: tuple[Site, Site], place: int, rounds: int, requests: int) -> Iterator[Row]:
    """Measure one case at each depth."""
    chosen = [list(cases.cases(site.size))[place] for site in sites]
    callers = [Caller(site) for site in sites]
    depths: dict[str, Callable[[], float | None]] = {"first page": lambda: None}
    if chosen[0].inside:
        depths |= {"in the middle": lambda: random.uniform(0.1, 0.6), "at the end": lambda: 1.0}  # noqa: S311
    for depth, share_of in depths.items():
        times: tuple[list[float], list[float]] = ([], [])
        medians: tuple[list[float], list[float]] = ([], [])
        shown = [0, 0]
        for _ in range(rounds):
            shares = [share_of() for _ in range(requests)]
            for side, (site, case, caller) in enumerate(zip(sites, chosen, callers, strict=True)):
                urls = [site.url(case, share) for share in shares]
                taken = [caller.timed("GET", each, revision=case.revision) for each in urls]
                seconds = [1000 * each for each, _ in taken]
                times[side].extend(seconds)
                medians[side].append(statistics.median(seconds))
                shown[side] = max(count for _, count in taken)
        middle = (statistics.median(medians[0]), statistics.median(medians[1]))
        slowest = (_percentile(times[0]), _percentile(times[1]))
        yield Row(f"{chosen[0].name}: {depth}", middle, slowest, (shown[0], shown[1]))


def _percentile(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]


class Watch:
    """Sends one request again and again in a thread, and keeps the time of each."""

    def __init__(self, send: Callable[[], float]) -> None:
        self._send = send
        self._stopping = False
        self.times: list[float] = []
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._stopping:
            self.times.append(1000 * self._send())

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stopping = True
        self._thread.join()

    def __str__(self) -> str:
        median, worst = statistics.median(self.times), max(self.times)
        slow = _percentile(self.times)
        return f"{len(self.times):6} median {median:7.2f} p95 {slow:7.2f} worst {worst:8.2f}"


def watched(site: Site) -> dict[str, Callable[[], float]]:
    """Give what others do meanwhile: read one item, read a page, change an item."""
    one, page, change = Caller(site), Caller(site), Caller(site)
    item = resource_id(ITEM, 1)
    body = {"data": {"type": ITEM.type, "id": item, "attributes": {"description": "new"}}}
    path = cases.single(ITEM, 1)
    return {
        "GET of an item": lambda: one.timed("GET", path)[0],
        "GET of a page": lambda: page.timed("GET", cases.listed(ITEM))[0],
        "PATCH of an item": lambda: change.timed("PATCH", path, body)[0],
    }


def measure_deletion(site: Site) -> Iterator[str]:
    """Delete a category with many items and tell what others noticed."""
    count = min(LARGE, site.size)
    caller = Caller(site)
    doomed = {"external_id": f"doomed-{time.time_ns()}", "name": "Doomed"}
    caller.timed(
        "POST", cases.listed(CATEGORY), {"data": {"type": CATEGORY.type, "attributes": doomed}}
    )
    path = f"{cases.listed(CATEGORY)}/{ids.resource_id(doomed['external_id'])}"
    _fill(site, doomed["external_id"], site.numbers("item")[:count])
    with ExitStack() as stack:
        before = {each: stack.enter_context(Watch(send)) for each, send in watched(site).items()}
        time.sleep(2)
    with ExitStack() as stack:
        during = {each: stack.enter_context(Watch(send)) for each, send in watched(site).items()}
        began = time.perf_counter()
        answered, _ = caller.timed("DELETE", path)
        with _opened(site) as database:
            while _emptying(database):
                time.sleep(0.01)
        took = time.perf_counter() - began
    yield f"category of {count:,} items: deleted in {1000 * answered:.1f} ms, empty in {took:.2f} s"
    for name, watch in before.items():
        yield f"  {name:18} before {watch}"
        yield f"  {'':18} during {during[name]}"


def _fill(site: Site, category: str, items: list[int]) -> None:
    def fill(tx: Transaction) -> None:
        (number,) = records.numbers(tx, CATEGORY, site.account, [category]).values()
        links.add(tx, site.account, "items", {number: items})

    with _opened(site) as database:
        written(database, fill)


@contextmanager
def _opened(site: Site) -> Iterator[Database]:
    database = open_database(str(site.path))
    try:
        yield database
    finally:
        database.close()


def _emptying(database: Database) -> bool:
    with database.read() as tx:
        return tx.one("select 1 from emptied_categories limit 1") is not None


@click.command("requests")
@click.option("--sizes", nargs=2, type=int, default=(1_000, 1_000_000), show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--requests", default=10, show_default=True, help="Requests in a round.")
@click.option("--only", default="", help="Measure only what has this in its name.")
def command(sizes: tuple[int, int], rounds: int, requests: int, only: str) -> None:
    """Compare every kind of page between a small catalog and a large one."""
    with ExitStack() as stack:
        sites = tuple(stack.enter_context(serving(size, whole=True)) for size in sizes)
        small, large = sites
        click.echo(
            f"{'ms':58} {small.size:>8,} {'p95':>8} {large.size:>9,} {'p95':>9}  shown    ratio"
        )
        marked = 0
        for place, case in enumerate(cases.cases(small.size)):
            if only in case.name:
                for row in measure((small, large), place, rounds, requests):
                    marked += row.ratio > _MARKED
                    click.echo(str(row))
        click.echo(f"{marked} over {_MARKED:g}")
        for line in measure_deletion(large):
            click.echo(line)
