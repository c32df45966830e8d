"""A job at which each process dies that begins it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from support.client import NEWEST, Client
from support.engines import ENGINES
from support.process import TESTS
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from pathlib import Path

    from support.process import Programs, ServerProgram

pytestmark = pytest.mark.slow


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return str(tmp_path / "shop.db")


def server(programs: Programs, place: str, *flags: str) -> ServerProgram:
    return programs.server("-m", "crash.dying_server", place, *flags, PYTHONPATH=str(TESTS))


def counts(answer: Any) -> tuple[int, int]:
    attributes = answer.json["data"]["attributes"]
    return attributes["completed_count"], attributes["failed_count"]


@pytest.mark.parametrize(("deaths", "ended"), [(2, (2, 0)), (3, (0, 2))])
def test_third_death_ends_the_job(
    programs: Programs, place: str, deaths: int, ended: tuple[int, int]
) -> None:
    # 1. A server dies while it has the job, and so does each that begins with it.
    parking = programs.serve("--database", place, "--job-delay", "3600")
    key = parking.key
    items = Jobs(Client(parking.url, key), NEWEST, KIND["item-create"])
    deadly = items.post(creation(items, "a"), creation(items, "b")).job_id
    parking.kill()
    for _ in range(deaths - 1):
        assert server(programs, place, "--step", "rows_written").wait() == -signal.SIGKILL
    # 2. One that would live has the job applied, or given up; the next one goes on.
    living = server(programs, place)
    items = Jobs(Client(living.url, key), NEWEST, KIND["item-create"])
    following = items.post(creation(items, "c")).job_id
    assert counts(items.completed(deadly)) == ended
    assert counts(items.completed(following)) == (1, 0)
