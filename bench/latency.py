"""How long reads take while a worker drains a backlog, against reads on a server that is idle."""

from __future__ import annotations

import shutil
import statistics
from typing import TYPE_CHECKING

from bench import accepting, applying, catalog, load, reads, servers
from bench.load import Plan
from bench.measuring import Found, Goal, Row, Sample, print_rounds

if TYPE_CHECKING:
    from pathlib import Path

    from bench.load import Question
    from bench.servers import Served
    from bench.settings import Settings

JOBS = 500
_CONNECTIONS = 8
_PACE_SECONDS = 0.01
"""How often each connection asks."""
_WINDOW_SECONDS = 0.4
_WINDOWS = 4
"""So many at most, as long as jobs are left."""

Latencies = tuple[list[float], list[float]]
"""Those while jobs were applied, and those on the idle server."""


def measured(directory: Path, settings: Settings) -> Found:
    """Measure both on the same data, in every round from the whole backlog on."""
    home = directory / "latency"
    database = home / "waiting" / "backroom.db"
    with reads.with_jobs(database) as (_, _, key):
        pass
    applying.let_wait(database, JOBS)
    rounds = [_round(database, home / f"round-{place}", key) for place in range(settings.rounds)]
    shutil.rmtree(home)
    taken = {
        f"{share}, {name}": [Sample(1e3 * _percentile(each[side], share)) for each in rounds]
        for share in (50, 99)
        for side, name in enumerate(("draining", "idle"))
    }
    print_rounds(taken)
    row = Row(
        f"99th percentile of reads while a backlog of {JOBS} jobs is drained",
        Goal(most=5.0),
        "ms",
        "idle",
        taken["99, draining"],
        taken["99, idle"],
    )
    return Found([row])


def _round(waiting: Path, home: Path, key: str) -> Latencies:
    """Ask the one that drains and the one with nothing due in turn, in windows."""
    home.mkdir()
    idle_file = home / "backroom.db"
    servers.copied(waiting, idle_file)
    found: Latencies = ([], [])
    with (
        servers.backroom(idle_file, "--job-delay", accepting.DELAY_SECONDS) as idle,
        applying.draining(waiting, home / "draining") as (draining, connection),
    ):
        ask, ask_idle = (load.prepared(_plan(each, key)) for each in (draining, idle))
        applying.wait_until(connection, JOBS - 1)
        with draining.held():
            for _ in range(_WINDOWS):
                draining.resume()
                latencies = ask().latencies
                draining.hold()
                if not applying.in_progress(connection):
                    break
                found[0].extend(latencies)
                found[1].extend(ask_idle().latencies)
        applying.check(connection)
    shutil.rmtree(home)
    assert found[0], "the jobs were applied before reads could be timed"
    return found


def _plan(served: Served, key: str) -> Plan:
    plan = Plan(served.port, _streams(served, key), seconds=_WINDOW_SECONDS)
    plan.pace, plan.timed, plan.warm_seconds = _PACE_SECONDS, True, 0.0
    return plan


def _streams(served: Served, key: str) -> list[list[Question]]:
    """Have each connection ask for a job, an item and a page of jobs in turn."""
    job = f"{catalog.JOBS}/{reads.jobs_shown(served, key)[50]['id']}"
    item = f"{catalog.ITEMS}/$custom:::$default:::{catalog.attributes(7)['external_id']}"
    asked = [catalog.reading(served, path, key)[0] for path in (job, item, catalog.JOBS)]
    return [asked[at % 3 :] + asked[: at % 3] for at in range(_CONNECTIONS)]


def _percentile(latencies: list[float], share: int) -> float:
    return statistics.quantiles(latencies, n=100)[share - 1]
