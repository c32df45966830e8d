from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from backroom.cli import main
from conftest import client_of, running
from support.process import until
from support.receiver import receiving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.server import Server
    from conftest import NewDatabase

    Run = Callable[..., list[Any]]


@pytest.fixture(scope="module")
def server(new_database: NewDatabase) -> Iterator[Server]:
    with running(new_database(), limits="off", webhook_private=True) as server:
        yield server


@pytest.fixture
def run(server: Server) -> Run:
    named = {"BACKROOM_URL": server.url, "BACKROOM_CONTROL_TOKEN": server.control_token}

    def ran(*arguments: str, code: int = 0) -> list[Any]:
        result = CliRunner(env=named).invoke(main, ["webhooks", *arguments])
        assert result.exit_code == code, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    return ran


@pytest.mark.slow
def test_end_of_a_job_is_delivered(run: Run, server: Server) -> None:
    client = client_of(server, account="delivered")
    with receiving() as receiver:
        (webhook,) = run("create", receiver.url, "--account", "delivered")
        body = {
            "type": "catalog-item-bulk-delete-job",
            "attributes": {"items": {"data": [{"type": "catalog-item", "id": "none"}]}},
        }
        job = client.post("/api/catalog-item-bulk-delete-jobs", {"data": body}).json["data"]
        (got,) = receiver.wait()
        event = got.verified(webhook["secret"])
        assert event["type"] == "job.operations_failed"
        assert event["data"]["job"]["id"] == job["id"]
        until(lambda: run("deliveries", webhook["id"], "--state", "delivered") != [], "the outcome")
        (delivery,) = run("deliveries", webhook["id"])
        assert run("send-again", webhook["id"], delivery["id"])[0]["state"] == "waiting"
        receiver.wait(2)
        assert receiver.ids == [delivery["id"]] * 2
        run("delete", webhook["id"])


def test_tests_are_sent(run: Run) -> None:
    with receiving() as receiver:
        (webhook,) = run("create", receiver.url, "--event", "job.completed")
        run("test", webhook["id"])
        (got,) = receiver.wait()
        assert got.verified(webhook["secret"])["type"] == "webhook.test"
        run("delete", webhook["id"])
    assert run("list", "--account", "default") == []
