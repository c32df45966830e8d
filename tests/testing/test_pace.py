"""Wishes for jobs, seen by a client that polls, on a server of the run's engine."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backroom.jobs.pacing import Pacing
from backroom.testing.pace import ScriptedPace
from backroom.testing.wishes import read_wish
from conftest import client_of, running
from support.client import NEWEST
from support.process import until
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import NewDatabase


@pytest.fixture(scope="module")
def server(new_database: NewDatabase) -> Iterator[Server]:
    with running(new_database(), limits="off", clock="frozen") as server:
        yield server


@pytest.fixture
def items(server: Server) -> Iterator[Jobs]:
    yield Jobs(client_of(server), NEWEST, KIND["item-create"])
    server.pace.forget()


def wish(server: Server, **given: Any) -> None:
    server.pace.add(read_wish(given))


def post(items: Jobs, *names: str) -> str:
    return items.post(*[creation(items, name) for name in names or "a"]).job_id


def shown(items: Jobs, job_id: str) -> Any:
    return items.get(job_id).json["data"]["attributes"]


def statuses(items: Jobs, job_id: str, times: int) -> list[str]:
    return [shown(items, job_id)["status"] for _ in range(times)]


def test_job_at_once_is_complete_when_read(server: Server, items: Jobs) -> None:
    wish(server, times="always")
    for name in "abc":
        assert statuses(items, post(items, name), 1) == ["complete"]


def test_job_completes_after_reads(server: Server, items: Jobs) -> None:
    wish(server, after_reads=2)
    assert statuses(items, post(items), 4) == ["processing", "processing", "complete", "complete"]


def test_polling_client_sees_each_status(server: Server, items: Jobs) -> None:
    wish(server, queued=True)
    assert statuses(items, post(items), 3) == ["queued", "processing", "complete"]


def test_job_completes_after_seconds(server: Server, items: Jobs) -> None:
    wish(server, after_seconds=60, queued=True)
    job_id = post(items)
    for status in ("queued", "processing", "complete"):
        assert statuses(items, job_id, 1) == [status]
        server.clock.advance(timedelta(seconds=30))
        assert server.pace.settle()


def test_counts_are_full_while_processing(server: Server, items: Jobs) -> None:
    wish(server, early_counts=True, fail=1)
    job_id = post(items, "a", "b")
    early, late = shown(items, job_id), shown(items, job_id)
    assert (early["status"], early["completed_at"]) == ("processing", None)
    assert late["status"] == "complete"
    for job in (early, late):
        assert (job["completed_count"], job["failed_count"]) == (1, 1)
        assert job["errors"][0]["meta"] == {"external_id": "a"}
    answer = items.get(job_id, query={"include": "items"})
    assert [each["attributes"]["external_id"] for each in answer.json["included"]] == ["b"]


def test_staying_job_is_released(server: Server, items: Jobs) -> None:
    wish(server, stay=True)
    job_id = post(items)
    assert statuses(items, job_id, 3) == ["processing"] * 3
    assert server.pace.release() == [job_id]
    assert server.pace.settle()
    assert statuses(items, job_id, 1) == ["complete"]


def test_held_job_lets_later_ones_by(server: Server, items: Jobs) -> None:
    wish(server, never=True)
    first = post(items)
    second = post(items, "b")
    items.completed(second)
    assert server.pace.release() == []
    server.clock.advance(timedelta(days=6))
    assert statuses(items, first, 1) == ["processing"]


def test_job_is_cancelled(server: Server, items: Jobs) -> None:
    wish(server, cancelled=True)
    job = shown(items, post(items))
    assert (job["status"], job["completed_count"], job["failed_count"]) == ("cancelled", 0, 0)
    assert items.client.get("/api/catalog-items").json["data"] == []


@pytest.mark.parametrize(
    ("failing", "failed"), [(2, ["a", "b"]), ([2], ["c"]), (["b", 7], ["b"]), (0, [])]
)
def test_named_operations_fail(
    server: Server, items: Jobs, failing: object, failed: list[str]
) -> None:
    wish(server, fail=failing, error={"detail": "Too green.", "pointer": "/attributes/title"})
    job = shown(items, post(items, "a", "b", "c"))
    assert (job["completed_count"], job["failed_count"]) == (3 - len(failed), len(failed))
    assert [each["meta"]["external_id"] for each in job["errors"]] == failed
    assert {(each["detail"], each["source"]["pointer"]) for each in job["errors"]} <= {
        ("Too green.", "/data/attributes/items/data/attributes/title")
    }


def test_wishes_are_taken_in_order(server: Server, items: Jobs) -> None:
    wish(server, cancelled=True, times=2)
    wish(server, after_reads=1)
    wish(server, type="catalog-variant-bulk-delete-job", times="always")
    ends = [statuses(items, post(items, name), 2)[0] for name in "abc"]
    assert ends == ["cancelled", "cancelled", "processing"]
    assert [each.used for each in server.pace.entries()] == [2, 1, 0]


def test_wishes_hold_for_their_account(server: Server, items: Jobs) -> None:
    wish(server, account="nobody", never=True)
    items.completed(post(items))
    assert server.pace.forget(account="somebody") == 0
    assert server.pace.forget(account="nobody") == 1


def test_forgotten_wish_lets_jobs_go_on(server: Server, items: Jobs) -> None:
    wish(server, never=True)
    job_id = post(items)
    assert server.pace.forget() == 1
    items.completed(job_id)
    assert server.pace.plans() == []


def test_observed_times_are_scaled(server: Server, items: Jobs) -> None:
    wish(server, observed=60, times="always")
    job_id = post(items)
    assert statuses(items, job_id, 1) == ["processing"]
    server.clock.advance(timedelta(seconds=336 / 60))
    until(lambda: shown(items, job_id)["status"] == "complete", "the job to complete")


def test_no_wish_leaves_no_hook() -> None:
    pacing = Pacing()
    pace = ScriptedPace(pacing, lambda _: None)
    hung = [pacing.pace]
    pace.add(read_wish({}))
    hung.append(pacing.pace)
    pace.forget()
    assert [*hung, pacing.pace] == [None, pace, None]


def test_job_that_has_ended_is_planned_no_more(server: Server, items: Jobs) -> None:
    wish(server, never=True)
    job_id = post(items)
    ((account, _, _, _),) = server.pace.plans()
    server.pace.ended(account, job_id)
    assert server.pace.plans() == []
    server.pace.ended(account, "another")
