"""What requests cost as accounts grow in number."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM
from backroom.store import keys, open_database, records
from bench import cases, catalog, large, load, reads, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, alternate, computing, durations, middle, piece

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backroom.store.database import Transaction
    from bench.load import Question
    from bench.measuring import Contestants, Piece, Sample
    from bench.servers import Served
    from bench.settings import Settings

COUNTS = (1, 100, 10_000)
_ASKING = 64
"""Accounts, picked from all, that ask in the rows of the report's table."""
_CONNECTIONS = 4
_POSTS = 8
"""Jobs that each connection posts in a slice: one account may have 500 in progress."""
_SLICES = 3
_PASSES = 3
_ALL = "all accounts ask"
_PATHS = (cases.single(ITEM, 0), cases.listed(ITEM))
"""What each account asks where all do: two operations, each of which has limits of its own."""


@dataclass(frozen=True)
class _Home:
    """A server, how many accounts it has, and their keys."""

    count: int
    served: Served
    keys: list[str]


def measured(directory: Path, settings: Settings) -> Found:
    """Measure GET of one item and POST of a job with different numbers of accounts."""
    with ExitStack() as stack:
        homes = []
        for count in COUNTS:
            home = directory / f"accounts-{count}"
            home.mkdir()
            database = home / "backroom.db"
            made = _filled(database, count)
            delayed = servers.backroom(database, "--job-delay", "86400")
            homes.append(_Home(count, stack.enter_context(delayed), made))
        contestants: Contestants = {}
        for each in homes:
            contestants |= _contestants(each, settings)
        taken = alternate(replace(settings, slices=_SLICES), contestants)
        few, many = homes[0], homes[-1]
        turns = {f"{_ALL}, {each.count:,}": _all_asking(each, many.count) for each in (few, many)}
        # A turn is a whole pass over the accounts: a slower one would leave no window open.
        taken |= alternate(replace(settings, slices=1, rounds=_PASSES), turns)
    return Found([_row(taken)], {"accounts": [_figures(count, taken) for count in COUNTS]})


def _row(taken: dict[str, list[Sample]]) -> Row:
    few, many = (
        durations([_by_computing(each) for each in taken[f"{_ALL}, {count:,}"]], 1e6)
        for count in (COUNTS[0], COUNTS[-1])
    )
    name = f"a request, where {COUNTS[-1]:,} accounts ask two operations each within a minute"
    return Row(name, Goal(most=1.3), "µs", "one account", many, few)


def _by_computing(sample: Sample) -> Sample:
    """Let the processor time be the figure, where the system accounts for it: it is steadier."""
    return replace(sample, figure=1 / sample.computing) if sample.computing else sample


def _filled(database: Path, count: int) -> list[str]:
    """Make accounts with a key and an item each; give the keys."""

    def fill(tx: Transaction) -> list[str]:
        made = [keys.create(tx, f"account-{place}", "bench", []) for place in range(count)]
        for each in made:
            records.insert(tx, ITEM, each.account, [large.values(ITEM, 0, large.MANY, None)])
        return [each.key for each in made]

    opened = open_database(str(database))
    try:
        made: list[str] = large.written(opened, fill)
    finally:
        opened.close()
    return made


def _contestants(home: _Home, settings: Settings) -> Contestants:
    count, served = home.count, home.served
    chosen = random.Random(count)  # noqa: S311 - the same every time
    own = [chosen.choice(home.keys) for _ in range(_ASKING)]
    asked = [catalog.reading(served, cases.single(ITEM, 0), key)[0] for key in own]
    streams = [asked[at:] + asked[:at] for at in range(reads.CONNECTIONS)]
    reading = Plan(served.port, streams, served.process, settings.seconds)
    each = len(own) // _CONNECTIONS
    posted = [
        [catalog.posting(served.port, key, 100 * place) for place, key in enumerate(part)]
        for part in (own[at : at + each] for at in range(0, len(own), each))
    ]
    posting = Plan(served.port, posted, served.process, most=_POSTS)
    return {
        f"GET one of {count:,}": partial(_carried_out, load.prepared(reading)),
        f"POST of {count:,}": partial(_carried_out, load.prepared(posting)),
    }


def _all_asking(home: _Home, requests: int) -> Callable[[], Piece]:
    """Give what has every account ask both operations, `requests` accounts' worth of requests."""
    known = [catalog.reading(home.served, path, home.keys[0])[0] for path in _PATHS]
    lengths = [len(question.body or b"") for question in known]
    turns = (home.keys[at % len(home.keys)] for at in range(requests))
    streams: list[list[Question]] = [[] for _ in range(reads.CONNECTIONS)]
    for place, key in enumerate(turns):
        streams[place % len(streams)] += [
            load.Question(
                catalog.written("GET", home.served.port, path, catalog.headers(key)), length=length
            )
            for path, length in zip(_PATHS, lengths, strict=True)
        ]
    most = len(_PATHS) * (requests // len(streams))
    plan = Plan(home.served.port, streams, home.served.process, most=most)
    return partial(_carried_out, load.prepared(plan))


def _carried_out(carry_out: Callable[[], Any]) -> Piece:
    return piece(carry_out())


def _figures(count: int, taken: dict[str, list[Any]]) -> dict[str, Any]:
    return {
        "accounts": count,
        "requests": {
            title: {
                "microseconds": 1e6 / middle(taken[f"{name} of {count:,}"]),
                "cpu_microseconds": 1e6 * computing(taken[f"{name} of {count:,}"]),
            }
            for title, name in (("GET one item", "GET one"), ("POST a job of 100 items", "POST"))
        },
    }
