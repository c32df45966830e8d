"""What requests cost as the catalog grows, and a large page against the raw query for it."""

from __future__ import annotations

import itertools
import math
import random
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM
from bench import applying, cases, catalog, cores, floors, load, reads, servers
from bench.cases import Case
from bench.load import Plan
from bench.measuring import (
    Found,
    Goal,
    Piece,
    Row,
    Sample,
    alternate,
    computing,
    durations,
    middle,
    piece,
)
from bench.sites import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.load import Question
    from bench.measuring import Contestants
    from bench.servers import Answer, Served
    from bench.settings import Settings
    from bench.sites import Site

_PAGES = 32
"""Pages that are asked in turn, at places all over the catalog."""
_SLICES, _SECONDS = 4, 0.1
"""There are many to be measured here."""
_JOBS = 2
"""Jobs in a slice: a thousand items shall not become many more while they are measured."""
_NEW = "a new item, from POST to applied"
_ONE = "GET one item"
_PAGE = "a page of 100 items"
_FILTER = "a filter: 20 items with a word"
_RELATED = "a related list: 100 items of a category"
_COMPARED = (_PAGE, _FILTER, _RELATED)
PAGE_OF_ITEMS = (
    "select number, external_id, attributes from items"
    " where account = ? and number > ? order by number asc limit 101"
)

Measured = dict[str, list[Sample]]


def measured(directory: Path, settings: Settings) -> Found:
    """Measure all sizes side by side; give the rows with goals, and the figures of each size."""
    settings = replace(settings, slices=_SLICES, seconds=_SECONDS)
    with ExitStack() as stack:
        sites = [stack.enter_context(serving(size)) for size in sizes(settings)]
        contestants: Contestants = {}
        for site in sites:
            contestants |= _contestants(site, settings)
        floor = stack.enter_context(_floor(directory, sites[-1], settings))
        taken = alternate(settings, contestants | {"floor": floor})
        held = {site.size: site.path.stat().st_size for site in sites}
    taken |= _loaded(directory, sites, settings)
    figures = [_figures(size, count, taken) for size, count in held.items()]
    return Found(_rows(sites, taken), {"growth": figures})


def _loaded(directory: Path, sites: list[Site], settings: Settings) -> Measured:
    """Measure what a new item costs, from the POST of its job until the job is complete."""
    with ExitStack() as stack:
        contestants = {
            f"{_NEW} of {site.size:,}": stack.enter_context(_loading(directory, site))
            for site in sites
        }
        return alternate(replace(settings, slices=1), contestants)


@contextmanager
def _loading(directory: Path, site: Site) -> Iterator[Callable[[], Piece]]:
    """Give what loads a few hundred items into a copy of a catalog."""
    home = directory / f"copy-{site.size}"
    home.mkdir()
    database = home / "backroom.db"
    servers.copied(site.path, database)
    connection = floors.connected(str(database))
    with servers.backroom(database) as served:
        places = itertools.count(step=catalog.OPERATIONS)

        def load_some() -> Piece:
            stream = [catalog.posting(served.port, site.key, next(places)) for _ in range(_JOBS)]
            watch, computed = cores.Watch(), cores.used(served.process)
            load.run(Plan(served.port, [stream], most=_JOBS))
            applying.wait_until(connection, 0)
            spent = cores.used(served.process) - computed
            return Piece(_JOBS * catalog.OPERATIONS, watch.seconds, spent)

        yield load_some
    connection.close()
    shutil.rmtree(home)


def sizes(settings: Settings) -> list[int]:
    """Give the sizes that are measured, from a thousand on."""
    return [10**power for power in range(3, round(math.log10(settings.items)) + 1)]


def _case(site: Site, name: str) -> Case:
    titles = {
        _PAGE: "items",
        _FILTER: "items with a common word",
        _RELATED: "the large category's items",
    }
    if name == _ONE:
        return Case(_ONE, cases.single(ITEM, site.size // 2), inside=False)
    return next(each for each in cases.cases(site.size) if each.name == titles[name])


def _pages(site: Site, case: Case) -> list[tuple[Question, Answer, str, float]]:
    """Give pages at places all over the catalog, the same at every size: 1 where it is no page."""
    chosen = random.Random(case.name)  # noqa: S311 - the same every time
    shares = [chosen.uniform(0.1, 0.6) for _ in range(_PAGES)] if case.inside else [None]
    urls = [(site.url(case, share), share) for share in shares]
    return [
        (*catalog.reading(site.served, url, site.key), url, share or 0.0) for url, share in urls
    ]


def _contestants(site: Site, settings: Settings) -> Contestants:
    return {
        f"{name} of {site.size:,}": _asking(
            site.served, [question for question, *_ in _pages(site, _case(site, name))], settings
        )
        for name in (_ONE, *_COMPARED)
    }


def _asking(served: Served, pages: list[Question], settings: Settings) -> Callable[[], Piece]:
    """Give what has every connection ask for all pages, each from another one on."""
    streams = [pages[at:] + pages[:at] for at in range(reads.CONNECTIONS)]
    plan = Plan(served.port, streams, served.process, settings.seconds)
    carry_out = load.prepared(plan)
    return lambda: piece(carry_out())


def _floor(directory: Path, site: Site, settings: Settings) -> Any:
    """Serve the same bytes from a bare function that runs the raw query of each page before."""
    case = _case(site, _PAGE)
    pages = _pages(site, case)
    setup = floors.Setup(
        [
            floors.fixed(url, answer, site.account, site.border(case, share))
            for _, answer, url, share in pages
        ],
        database=str(site.path),
        query=PAGE_OF_ITEMS,
    )
    make = partial(_asking, pages=[question for question, *_ in pages], settings=settings)
    return floors.asked(directory / "page-of-items", setup, make)


def _rows(sites: list[Site], taken: Measured) -> list[Row]:
    small, large = sites[0].size, sites[-1].size
    ours = taken[f"{_PAGE} of {large:,}"]
    page = Row(f"GET a page of 100 items of {large:,}", Goal(least=0.65), ours=ours)
    page.floor = taken["floor"]
    return [
        page,
        *(
            Row(
                f"{name}, at {large:,} against {small:,} items",
                Goal(most=2.0),
                "µs",
                f"{small:,}",
                durations(taken[f"{name} of {large:,}"], 1e6),
                durations(taken[f"{name} of {small:,}"], 1e6),
            )
            for name in _COMPARED
        ),
    ]


def _figures(size: int, held: int, taken: Measured) -> dict[str, Any]:
    """Give what requests cost at a size: microseconds that pass, and of processor time."""
    costs = {
        name: {
            "microseconds": 1e6 / middle(taken[f"{name} of {size:,}"]),
            "cpu_microseconds": 1e6 * computing(taken[f"{name} of {size:,}"]),
        }
        for name in (_ONE, *_COMPARED, _NEW)
    }
    return {"items": size, "bytes": held, "requests": costs}
