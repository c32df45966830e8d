"""Accepting jobs: POST, answered 202 when on disk, against inserting the same bytes."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from backroom.store import open_database
from bench import catalog, floors, load, reads, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, alternate_afresh, piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.load import Question
    from bench.measuring import Contestants, Piece
    from bench.servers import Served
    from bench.settings import Settings

CONNECTIONS = 8
BODIES = 32
"""Different bodies that a connection sends in turn."""
ACCOUNTS = 4
"""Accounts that a connection posts for in turn: one may have no more than 500 jobs in progress."""
DELAY_SECONDS = "86400"


def measured(directory: Path, settings: Settings) -> Found:
    """Measure both, on empty databases in every round."""
    taken = alternate_afresh(settings, partial(_opened, directory, settings))
    size = len(catalog.job_body(0)) // 1000
    name = f"POST a job of 100 items ({size} kB), 8 connections"
    row = Row(name, Goal(least=0.55), ours=taken["POST"], floor=taken["POST: floor"])
    return Found([row])


@contextmanager
def _opened(directory: Path, settings: Settings, place: int) -> Iterator[Contestants]:
    home = directory / f"accepting-{place}"
    home.mkdir()
    bodies = [catalog.job_body(100 * place) for place in range(BODIES)]
    with (
        accepted(home / "ours", settings) as post,
        floors.inserting(home / "floor.db", bodies, settings.seconds) as insert,
    ):
        yield {"POST": post, "POST: floor": insert}
    shutil.rmtree(home)


@contextmanager
def accepted(home: Path, settings: Settings) -> Iterator[Callable[[], Piece]]:
    """Give what posts to a server whose worker has nothing due."""
    home.mkdir()
    database = home / "backroom.db"
    own = keys(str(database), ACCOUNTS * CONNECTIONS)
    with (
        servers.backroom(database, "--job-delay", DELAY_SECONDS) as served,
        posting(served, own, str(database), settings) as post,
    ):
        yield post


@contextmanager
def posting(
    served: Served, own: list[str], database: str, settings: Settings
) -> Iterator[Callable[[], Piece]]:
    """Give what posts jobs for the owners of keys; count the rows in the end."""
    plan = Plan(served.port, streams(served.port, own), served.process, settings.seconds)
    plan.warm_seconds = 0.0
    carry_out = load.prepared(plan)
    count = 0

    def post() -> Piece:
        nonlocal count
        taken = carry_out()
        count += taken.answers
        return piece(taken)

    yield post
    waiting = _rows(database)
    assert waiting == count, f"{count} were accepted, {waiting} are there"


def keys(database: str, count: int) -> list[str]:
    """Make accounts, and give a key for each."""
    return [reads.account(database, f"bench-{place}")[1] for place in range(count)]


def streams(port: int, own: list[str]) -> list[list[Question]]:
    """Give each connection jobs to post for accounts of its own, with different bodies."""
    each = len(own) // CONNECTIONS
    return [
        [catalog.posting(port, own[first + turn % each], 100 * turn) for turn in range(BODIES)]
        for first in range(0, len(own), each)
    ]


def _rows(database: str) -> int:
    opened = open_database(database)
    try:
        with opened.read() as tx:
            row = tx.one("select count(*) from jobs join job_operations using (account, job_id)")
    finally:
        opened.close()
    assert row is not None
    return int(row[0])
