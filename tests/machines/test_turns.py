"""Whose turn it is: accounts side by side as the setting says, and nobody behind a long queue."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.jobs.lifecycle import MOST_IN_PROGRESS
from backroom.jobs.procrastinate.worker import SLICE_JOBS
from backroom.store import keys, open_database
from backroom.store.dialects import POSTGRES
from support.client import NEWEST, Client
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from support.process import Programs

MOST_OPERATIONS = 100
A_FEW = 30
POSTERS = 4


@pytest.fixture
def shops(programs: Programs, url: str) -> list[Jobs]:
    """Jobs of nine accounts, which a server accepts and nobody applies yet."""
    server = programs.serve("--database", url, "--worker", "off")
    assert server.announced(), server.errors
    database = open_database(url)
    made = [
        database.write(lambda tx, name=f"{n}": keys.create(tx, name, "test", [])).result()  # type: ignore[misc]
        for n in range(9)
    ]
    database.close()
    return [Jobs(Client(server.url, each.key), NEWEST, KIND["item-create"]) for each in made]


def count(url: str, statement: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def account_of(jobs: Jobs) -> str:
    return jobs.client.key.split("_")[1]


def fill(jobs: Jobs) -> None:
    """Post as many jobs as an account may have waiting, each as large as may be."""

    def post(number: int) -> None:
        names = [f"{number} {n}" for n in range(MOST_OPERATIONS)]
        assert jobs.post(*[creation(jobs, name) for name in names]).status == 202

    with ThreadPoolExecutor(POSTERS) as threads:
        list(threads.map(post, range(MOST_IN_PROGRESS)))


def test_long_queue_delays_by_one_slice(programs: Programs, url: str, shops: list[Jobs]) -> None:
    """With one account at a time, another waits for what is left of a slice, or for the next."""
    busy, other = shops[:2]
    fill(busy)
    done = f"select count(*) from jobs where account = '{account_of(busy)}' and completed_at"
    programs.start("work", "--database", url, "--concurrency", "1")
    until(lambda: count(url, f"{done} is not null") > A_FEW, "some jobs of the long queue")
    job = other.applied(creation(other, "a")).json["data"]["attributes"]
    between = f"between '{job['created_at']}' and '{job['completed_at']}'"
    assert count(url, f"{done} {between}") <= SLICE_JOBS
    assert count(url, f"{done} is null") > 0


@pytest.mark.parametrize("concurrency", [1, 2, 8])
def test_concurrency_is_a_setting(
    programs: Programs, url: str, shops: list[Jobs], concurrency: int
) -> None:
    """Held up in the middle, a worker has as many accounts in hand as its flag says."""
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    with ExitStack() as stack:
        holder = stack.enter_context(psycopg.connect(url))
        for each in shops:
            holder.execute(str(POSTGRES.exclusive).replace(":what", f"'{account_of(each)}'"))
        posted = [each.post(creation(each, "a")).job_id for each in shops]
        programs.start("work", "--database", url, "--concurrency", str(concurrency))
        until(lambda: count(url, waiting) == concurrency, "accounts in hand")
        assert count(url, waiting) == concurrency
    for each, job_id in zip(shops, posted, strict=True):
        each.completed(job_id)
