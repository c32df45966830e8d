"""Servers on PostgreSQL that apply their jobs themselves, and servers that leave them to others."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backroom.jobs.procrastinate import schema, workforce
from backroom.jobs.procrastinate.dispatcher import Dispatcher
from backroom.jobs.procrastinate.workforce import OtherWorkers
from backroom.store import open_database
from support.client import NEWEST, Client
from support.engines import workers
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.process import Programs, ServerProgram

pytestmark = pytest.mark.slow

BACKLOG = 30


def items_of(server: ServerProgram) -> Jobs:
    return Jobs(Client(server.url, server.key), NEWEST, KIND["item-create"])


def worker_of(server: ServerProgram) -> str:
    return str(Client(server.url, "").get("/health").json["worker"])


def attributes(answer: Any) -> Any:
    return answer.json["data"]["attributes"]


def test_server_applies_its_jobs_itself(programs: Programs, postgres_url: str) -> None:
    server = programs.serve("--database", postgres_url)
    items = items_of(server)
    assert attributes(items.applied(creation(items, "a")))["completed_count"] == 1
    assert worker_of(server) == "here"
    assert server.stop() == 0
    assert server.errors.count("WARNING") == server.errors.count("counts rate limits") == 0


def test_order_holds_with_others_beside_it(programs: Programs, postgres_url: str) -> None:
    server = programs.serve("--database", postgres_url)
    items = items_of(server)
    with workers(postgres_url):
        # Each job but the first finds what the one before it has made.
        ids = [items.post(creation(items, "same")).job_id for _ in range(BACKLOG)]
        ended = [attributes(items.completed(each)) for each in ids]
    assert [each["completed_count"] for each in ended] == [1] + [0] * (BACKLOG - 1)
    order = [each["completed_at"] for each in ended]
    assert order == sorted(order)


def test_server_stops_between_jobs(programs: Programs, postgres_url: str) -> None:
    server = programs.serve("--database", postgres_url)
    key, items = server.key, items_of(server)
    ids = [items.post(creation(items, str(n))).job_id for n in range(BACKLOG)]
    assert server.stop() == 0
    assert "Traceback" not in server.errors
    later = programs.serve("--database", postgres_url)
    items = Jobs(Client(later.url, key), NEWEST, KIND["item-create"])
    assert {attributes(items.completed(each))["completed_count"] for each in ids} == {1}


def test_worker_of_a_server_starts_again(programs: Programs, postgres_url: str) -> None:
    server = programs.serve("--database", postgres_url)
    items = items_of(server)
    items.applied(creation(items, "a"))
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where datname = current_database() and pid <> pg_backend_pid()"
        )
    posted: list[Any] = []

    def accepted() -> bool:
        posted.append(items.post(creation(items, f"b{len(posted)}")))
        return bool(posted[-1].status == 202)

    until(accepted, "a job to be accepted")
    items.completed(posted[-1].job_id)
    assert worker_of(server) == "here"


@pytest.fixture
def others(postgres_url: str) -> Iterator[OtherWorkers]:
    with closing(open_database(postgres_url)) as database:
        schema.prepare(database)
        made = OtherWorkers(database, Dispatcher(database))
        made.start()
        yield made
        made.stop()


def test_workers_have_a_minute_to_start(others: OtherWorkers) -> None:
    others.look()
    assert others.state() == "elsewhere"


def test_missing_workers_are_warned_of_once(
    others: OtherWorkers,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # 1. A minute is over, and there was none.
    monkeypatch.setattr(workforce, "MISSING_SECONDS", 0.0)
    for _ in range(2):
        others.look()
    assert others.state() == "missing"
    (message,) = caplog.messages
    assert message.startswith("jobs wait: no worker has been alive for 0 seconds. Run `backroom")
    # 2. One is there.
    monkeypatch.setattr(workforce, "MISSING_SECONDS", 30.0)
    others._alive_at = time.monotonic() - 60  # noqa: SLF001 - it is a minute ago
    with workers(postgres_url):

        def is_seen() -> bool:
            others.look()
            return others.state() == "elsewhere"

        until(is_seen, "a heartbeat")
    assert caplog.messages[-1] == "a worker is alive again"


def test_server_without_worker_says_so(programs: Programs, postgres_url: str) -> None:
    server = programs.serve("--database", postgres_url, "--worker", "off")
    items = items_of(server)
    job_id = items.post(creation(items, "a")).job_id
    assert worker_of(server) == "elsewhere"
    assert attributes(items.get(job_id))["status"] == "processing"
    assert server.stop() == 0
