"""What is in the file of a server that was killed, before anybody starts another."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import KINDS
from backroom.jobs.next_job import STEPS
from backroom.store import open_database, records
from support.client import NEWEST, Client
from support.factories import a_job, stored_now
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from crash.lives import Shop
    from support.process import Programs

ITEMS = KIND["item-create"]
NAMES = [f"item {number}" for number in range(100)]
UNDONE = ("processing", 0, 0)


@pytest.fixture
def parked(shop: Shop, programs: Programs) -> str:
    """A job of a hundred items that was accepted and waits."""
    server = programs.serve("--database", str(shop.path), "--job-delay", "3600", "--show-queued")
    items = Jobs(Client(server.url, shop.ledgers[0].key), NEWEST, ITEMS)
    accepted = items.post(*[creation(items, name) for name in NAMES])
    server.kill()
    return accepted.job_id


def die(shop: Shop, step: str) -> None:
    server = shop.server("--step", step, "--show-queued")
    assert server.wait() == -signal.SIGKILL, server.errors


def found(shop: Shop, job_id: str) -> tuple[str, int, int]:
    """Give a job's status, its count of completed operations, and how many of its items exist."""
    account = shop.ledgers[0].key.split("_")[1]
    database = open_database(str(shop.path))
    job: Any = stored_now(database, a_job(type=ITEMS.type, job_id=job_id), account)
    with database.read() as tx:
        rows = records.find(tx, KINDS["item"], account, NAMES)
    database.close()
    return job.status, job.completed_count, len(rows)


def test_accepted_job_is_queued_there(shop: Shop, parked: str) -> None:
    assert found(shop, parked) == ("queued", 0, 0)


@pytest.mark.parametrize("step", STEPS[: STEPS.index("committed")])
def test_death_before_commit_undoes_all(shop: Shop, parked: str, step: str) -> None:
    die(shop, step)
    assert found(shop, parked) == UNDONE


def test_death_after_commit_keeps_all(shop: Shop, parked: str) -> None:
    die(shop, "committed")
    assert found(shop, parked) == ("complete", 100, 100)


@pytest.mark.parametrize("step", STEPS)
def test_undone_job_is_applied_once(shop: Shop, parked: str, step: str) -> None:
    die(shop, step)
    server = shop.server()
    client = Client(server.url, shop.ledgers[0].key)
    answer = client.completed(ITEMS.path, parked)
    assert answer.json["data"]["attributes"]["errors"] == []
    server.kill()
    assert found(shop, parked) == ("complete", 100, 100)
