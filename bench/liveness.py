"""How long a sign of life takes beside reads that look through a large catalog."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from backroom.api.control import PREFIX
from backroom.api.openapi.publish import DOCS_PATH
from backroom.catalog.kinds import ITEM
from backroom.revisions import REVISIONS
from bench import cases, catalog, large, load, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, Sample, print_rounds
from bench.sites import Site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bench.settings import Settings

LIVE = f"{PREFIX}/health/live"
GOAL_MILLISECONDS = 20.0
SLOW = (
    'contains(title,"q"),equals(published,false)',
    'contains(title,"no. 12 green"),equals(published,false)',
    'contains(title,"no."),contains(title,"q"),equals(published,false)',
)
"""Filters that nothing passes, though parts of them are in every title."""
_PACE_SECONDS = 0.005
_SECONDS = 1.5
_ALONE, _SLOW, _PAGES = "alone", "beside reads", "beside pages"


def measured(_: Path, settings: Settings) -> Found:
    """Measure both in every round, each time on a server that has just started."""
    database = large.kept(settings.items)[0]
    rounds = [_round(database, settings.items) for _ in range(settings.rounds)]
    taken = {name: [Sample(each[name]) for each in rounds] for name in (_ALONE, _SLOW, _PAGES)}
    print_rounds(taken)
    beside = {
        f"reads that find nothing in {settings.items:,} items": _SLOW,
        f"the first view of {len(REVISIONS)} documentation pages": _PAGES,
    }
    return Found(
        [
            Row(
                f"{LIVE} beside {what}, the slowest",
                Goal(most_figure=GOAL_MILLISECONDS, unit="ms"),
                "ms",
                "nothing else",
                taken[name],
                taken[_ALONE],
            )
            for what, name in beside.items()
        ]
    )


def _round(database: Path, size: int) -> dict[str, float]:
    """Give the slowest answer in milliseconds: alone, beside slow reads, beside first views."""
    with servers.backroom(database) as served:
        site = Site(database, size, served)
        question, _ = catalog.reading(served, LIVE, site.key)
        plan = Plan(served.port, [[question]], seconds=_SECONDS)
        plan.pace, plan.timed, plan.warm_seconds = _PACE_SECONDS, True, 0.0
        ask = load.prepared(plan)
        found = {_ALONE: _slowest(ask)}
        with _asked_meanwhile(site, [_slow(each) for each in SLOW], again=True):
            found[_SLOW] = _slowest(ask)
        with _asked_meanwhile(
            site, [f"{PREFIX}{DOCS_PATH}/{each}" for each in REVISIONS], again=False
        ):
            found[_PAGES] = _slowest(ask)
    return found


def _slow(condition: str) -> str:
    return f"{cases.listed(ITEM)}?{urlencode({'filter': condition})}"


def _slowest(ask: load.CarryOut) -> float:
    return 1e3 * max(ask().latencies)


@contextmanager
def _asked_meanwhile(site: Site, paths: Sequence[str], *, again: bool) -> Iterator[None]:
    """Ask for paths until the block ends: each again and again at once, or one by one, once."""
    ended = threading.Event()
    faults: list[str] = []

    def keep_asking(some: Sequence[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", site.served.port, timeout=60)
        given = catalog.headers(site.key)
        while not ended.is_set():
            for path in some:
                connection.request("GET", path, headers=given)
                answer = connection.getresponse()
                answer.read()
                if answer.status != http.client.OK:
                    faults.append(f"GET {path}: {answer.status}")
            if not again:
                break
        connection.close()

    shares = [[each] for each in paths] if again else [paths]
    work: list[Callable[[], None]] = [partial(keep_asking, share) for share in shares]
    threads = [threading.Thread(target=each) for each in work]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        ended.set()
        for each in threads:
            each.join()
    assert not faults, faults[0]
