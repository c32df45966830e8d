"""What requests cost as accounts grow in number."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import ITEM
from backroom.store import keys, open_database, records
from bench import cases, catalog, large, load, reads, servers
from bench.load import Plan
from bench.measuring import Found, alternate, computing, middle, piece

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backroom.store.database import Transaction
    from bench.measuring import Contestants, Piece
    from bench.settings import Settings

COUNTS = (1, 100, 10_000)
_ASKING = 64
"""Accounts, picked from all, that ask."""
_CONNECTIONS = 4
_POSTS = 8
"""Jobs that each connection posts in a slice: one account may have 500 in progress."""
_SLICES = 3


def measured(directory: Path, settings: Settings) -> Found:
    """Measure GET of one item and POST of a job with different numbers of accounts."""
    settings = replace(settings, slices=_SLICES)
    with ExitStack() as stack:
        contestants: Contestants = {}
        for count in COUNTS:
            home = directory / f"accounts-{count}"
            home.mkdir()
            database = home / "backroom.db"
            own = _filled(database, count)
            delayed = servers.backroom(database, "--job-delay", "86400")
            contestants |= _contestants(stack.enter_context(delayed), own, count, settings)
        taken = alternate(settings, contestants)
    return Found([], {"accounts": [_figures(count, taken) for count in COUNTS]})


def _filled(database: Path, count: int) -> list[str]:
    """Make accounts with a key and an item each; give some of the keys."""

    def fill(tx: Transaction) -> list[str]:
        made = [keys.create(tx, f"account-{place}", "bench", []) for place in range(count)]
        for each in made:
            records.insert(tx, ITEM, each.account, [large.values(ITEM, 0, large.MANY, None)])
        return [each.key for each in made]

    opened = open_database(str(database))
    try:
        made = large.written(opened, fill)
    finally:
        opened.close()
    chosen = random.Random(count)  # noqa: S311 - the same every time
    return [chosen.choice(made) for _ in range(_ASKING)]


def _contestants(
    served: servers.Served, own: list[str], count: int, settings: Settings
) -> Contestants:
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
