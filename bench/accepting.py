"""Accepting jobs: POST, answered 202 when on disk, against inserting the same bytes."""

from __future__ import annotations

import shutil
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from backroom.store import open_database
from bench import catalog, floors, load, reads, servers
from bench.load import Plan
from bench.measuring import Goal, Row, Sample, alternate, sampled

if TYPE_CHECKING:
    from pathlib import Path

    from bench.settings import Settings

CONNECTIONS = 8
_BODIES = 32
"""Different bodies that a connection sends in turn."""
_ACCOUNTS = 4
"""Accounts that a connection posts for in turn: one may have no more than 500 jobs in progress."""
DELAY_SECONDS = "86400"

_numbers = count()


def measured(directory: Path, settings: Settings) -> list[Row]:
    """Measure both."""
    contestants = {
        "POST": partial(accepted, directory, settings),
        "POST: floor": partial(_inserted, directory, settings),
    }
    taken = alternate(settings.rounds, contestants)
    size = len(catalog.job_body(0)) // 1000
    name = f"POST a job of 100 items ({size} kB), 8 connections"
    return [Row(name, Goal(least=0.55), ours=taken["POST"], floor=taken["POST: floor"])]


def accepted(directory: Path, settings: Settings) -> Sample:
    """Post jobs to a server whose worker has nothing due; hold their number against the rows."""
    home = directory / f"accepting-{next(_numbers)}"
    home.mkdir()
    database = home / "backroom.db"
    own = [reads.account(database, f"bench-{place}")[1] for place in range(_ACCOUNTS * CONNECTIONS)]
    with servers.backroom(database, "--job-delay", DELAY_SECONDS) as served:
        streams = [
            [
                catalog.posting(served.port, own[place + turn % _ACCOUNTS], 100 * turn)
                for turn in range(_BODIES)
            ]
            for place in range(0, len(own), _ACCOUNTS)
        ]
        plan = Plan(served.port, streams, served.process, settings.seconds, warm_seconds=0.0)
        taken = load.run(plan)
    waiting = _rows(database)
    assert waiting == taken.answers, f"{taken.answers} were accepted, {waiting} are there"
    shutil.rmtree(home)
    return sampled(taken)


def _rows(database: Path) -> int:
    opened = open_database(str(database))
    try:
        with opened.read() as tx:
            row = tx.one("select count(*) from jobs join job_operations using (account, job_id)")
    finally:
        opened.close()
    assert row is not None
    return int(row[0])


def _inserted(directory: Path, settings: Settings) -> Sample:
    home = directory / f"inserting-{next(_numbers)}"
    home.mkdir()
    bodies = [catalog.job_body(100 * place) for place in range(_BODIES)]
    sample = floors.inserted(home / "floor.db", bodies, settings.seconds)
    shutil.rmtree(home)
    return sample
