"""A server whose disk is full for a while."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
import urllib3

from crash.lives import wait_for_more
from support.client import NEWEST, Client
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from crash.lives import Shop
    from support.client import Answer
    from support.process import ServerProgram

ITEMS = KIND["item-create"]


@pytest.fixture
def server(shop: Shop) -> ServerProgram:
    return shop.server()


@pytest.fixture
def items(shop: Shop, server: ServerProgram) -> Jobs:
    return Jobs(Client(server.url, shop.ledgers[0].key), NEWEST, ITEMS)


def posted(items: Jobs, name: str) -> Answer:
    return items.post(creation(items, name))


def fill(server: ServerProgram, items: Jobs) -> Answer:
    """Fill the disk, and give the first answer that says so."""
    server.process.send_signal(signal.SIGUSR1)
    answers = [posted(items, "before")]

    def refused() -> bool:
        answers.append(posted(items, "while full"))
        return answers[-1].status != 202

    until(refused, "the disk to be full")
    return answers[-1]


def test_full_disk_is_503(server: ServerProgram, items: Jobs) -> None:
    answer = fill(server, items)
    assert (answer.status, answer.error["code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_full_disk_is_not_ready(server: ServerProgram, items: Jobs) -> None:
    def status() -> int:
        asked = urllib3.request("GET", f"{server.url}/_backroom/health/ready", retries=False)
        return asked.status

    assert status() == 200
    fill(server, items)
    assert status() == 503
    server.process.send_signal(signal.SIGUSR2)
    until(lambda: status() == 200, "the server to be ready")


def test_full_disk_can_be_read(server: ServerProgram, items: Jobs) -> None:
    job_id = posted(items, "a").job_id
    items.completed(job_id)
    fill(server, items)
    assert items.get(job_id).json["data"]["attributes"]["status"] == "complete"


def test_room_lets_jobs_in_again(server: ServerProgram, items: Jobs) -> None:
    fill(server, items)
    server.process.send_signal(signal.SIGUSR2)
    until(lambda: posted(items, "later").status == 202, "room on the disk")
    answer = items.applied(creation(items, "last"))
    assert answer.json["data"]["attributes"]["completed_count"] == 1


@pytest.mark.slow
def test_full_disk_loses_nothing(shop: Shop, server: ServerProgram) -> None:
    def fill_and_free() -> None:
        for _ in range(5):
            server.process.send_signal(signal.SIGUSR1)
            wait_for_more(lambda ledger: ledger.refused[503], shop.ledgers)
            server.process.send_signal(signal.SIGUSR2)
            wait_for_more(lambda ledger: len(ledger.accepted), shop.ledgers)
        server.kill()

    shop.trade(server, meanwhile=fill_and_free)
    shop.audit(refusals=frozenset({429, 503}))
