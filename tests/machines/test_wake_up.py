"""How soon a job starts where there is nothing else to do, and what an idle worker does."""

from __future__ import annotations

import itertools
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.jobs.procrastinate.prompt_worker import POLL_SECONDS
from support.client import NEWEST, Client
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.process import Programs

SOON = 0.05
TRIES = 20
LOOKS = 3


@pytest.fixture
def items(programs: Programs, url: str) -> Jobs:
    """Jobs of an account that one server accepts and one worker applies."""
    server = programs.serve("--database", url, "--worker", "off")
    items = Jobs(Client(server.url, server.key), NEWEST, KIND["item-create"])
    programs.start("work", "--database", url)
    items.applied(creation(items, "first"))
    return items


def seconds_to_the_end(items: Jobs, name: str) -> float:
    """How long a job of one operation takes from its acceptance to its end."""
    job = items.applied(creation(items, name)).json["data"]["attributes"]
    began, ended = (datetime.fromisoformat(job[f"{each}_at"]) for each in ("created", "completed"))
    return (ended - began).total_seconds()


def hold_soon(taken: list[float], again: Callable[[], float]) -> None:
    """Most jobs don't wait for the worker to poll, and one is as fast as it should be.

    Other programs may keep the processors busy; so the others may be slower.
    """
    assert median(taken) < POLL_SECONDS / 4
    until(lambda: again() < SOON, "a job that starts at once")


def test_idle_system_starts_jobs_at_once(items: Jobs) -> None:
    names = map(str, itertools.count())

    def alone() -> float:
        return seconds_to_the_end(items, next(names))

    hold_soon([alone() for _ in range(TRIES)], alone)


def test_waiting_task_starts_at_once(items: Jobs) -> None:
    """A job that comes while its account has a running task waits for no poll."""
    names = map(str, itertools.count())

    def close_behind() -> float:
        first = items.post(creation(items, next(names)))
        taken = seconds_to_the_end(items, next(names))
        items.completed(first.job_id)
        return taken

    hold_soon([close_behind() for _ in range(TRIES)], close_behind)


@pytest.mark.usefixtures("items")
def test_idle_worker_asks_for_little(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:

        def committed() -> int:
            row = connection.execute(
                "select xact_commit from pg_stat_database where datname = current_database()"
            ).fetchone()
            return int(row[0]) if row else 0

        def sweeps() -> int:
            row = connection.execute(
                "select max(defer_timestamp) from procrastinate.procrastinate_periodic_defers"
                " where task_name = 'sweep'"
            ).fetchone()
            return int(row[0] or 0) if row else 0

        until(lambda: sweeps() > 0, "the first sweep")
        first, before, asked = sweeps(), committed(), 0

        def later() -> bool:
            nonlocal asked
            asked += 1
            return sweeps() >= first + 2 * LOOKS

        until(later, "some sweeps")
        # Each question of this test is a transaction too.
        assert committed() - before - asked < 2 * LOOKS * 20
