"""What was to be delivered when a server was killed is delivered by the next one."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from support.client import Client
from support.receiver import receiving

if TYPE_CHECKING:
    from pathlib import Path

    from support.process import Programs, ServerProgram
    from support.receiver import Receiver

pytestmark = pytest.mark.slow

TOKEN = "token-of-the-test"
JOB = {
    "data": {
        "type": "catalog-item-bulk-delete-job",
        "attributes": {"items": {"data": [{"type": "catalog-item", "id": "none"}]}},
    }
}


def a_server(programs: Programs, database: str) -> ServerProgram:
    flags = ("--webhook-private", "--control-token", TOKEN, "--key", "pk_crash")
    return programs.serve("--database", database, *flags)


def asked(server: ServerProgram, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    sent = json.dumps(body) if body is not None else None
    answer = urllib3.request(method, f"{server.url}/_backroom{path}", headers=headers, body=sent)
    assert answer.status < 300, answer.data
    return json.loads(answer.data)


def killed_while_sending(server: ServerProgram, receiver: Receiver) -> tuple[str, str]:
    """Kill a server that waits for an answer to a delivery; give the secret and the job."""
    ends = threading.Event()
    receiver.answer = lambda _: ends.wait(20) and 204
    secret = asked(server, "POST", "/webhooks", {"url": receiver.url})["secret"]
    job = Client(server.url, "pk_crash").post("/api/catalog-item-bulk-delete-jobs", JOB)
    receiver.wait()
    server.kill()
    receiver.answer = lambda _: 204
    ends.set()
    return secret, job.json["data"]["id"]


def test_delivery_survives_kill(programs: Programs, tmp_path: Path) -> None:
    database = str(tmp_path / "shop.db")
    with receiving() as receiver:
        secret, job_id = killed_while_sending(a_server(programs, database), receiver)
        a_server(programs, database).announced()
        _, again = receiver.wait(2)
        assert again.verified(secret)["data"]["job"]["id"] == job_id
        assert len(set(receiver.ids)) == 1


def test_job_of_a_dead_server_is_delivered(programs: Programs, tmp_path: Path) -> None:
    database = str(tmp_path / "shop.db")
    with receiving() as receiver:
        first = a_server(programs, database)
        secret = asked(first, "POST", "/webhooks", {"url": receiver.url})["secret"]
        first.kill()
        second = programs.serve(
            *("--database", database, "--key", "pk_crash", "--job-delay", "3600")
        )
        job = Client(second.url, "pk_crash").post("/api/catalog-item-bulk-delete-jobs", JOB)
        second.kill()
        a_server(programs, database).announced()
        (got,) = receiver.wait()
        assert got.verified(secret)["data"]["job"]["id"] == job.json["data"]["id"]
