"""The server calls its own API."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom.api.in_process import ApiCalls, NotServing, look_up
from backroom.revisions import NEWEST, OLDEST
from support.factories import ACCOUNT, a_creation, a_job, stored

if TYPE_CHECKING:
    from backroom.server import Server
    from backroom.store.database import Database
    from conftest import MakeClient

JOBS = "/api/catalog-item-bulk-create-jobs"


def test_call_is_answered_as_of_an_account(live_server: Server, make_client: MakeClient) -> None:
    account = make_client().account
    call = live_server.control.parts["call"]
    answered = call(account, "GET", "/api/catalog-items?page[size]=1", NEWEST)
    assert answered.status == 200
    assert answered.headers["cid"] == account
    assert msgspec.json.decode(answered.body)["data"] == []


def test_body_is_checked_as_any_other(live_server: Server, make_client: MakeClient) -> None:
    call = live_server.control.parts["call"]
    answered = call(make_client().account, "POST", JOBS, NEWEST, b'{"data":{"type":"x"}}')
    assert answered.status == 400
    assert call(make_client().account, "POST", JOBS, NEWEST, b" " * 6_000_000).status == 413


def test_server_that_does_not_run_says_so(live_server: Server) -> None:
    calls = ApiCalls(live_server._app, str)  # noqa: SLF001 - nobody else has an application
    with pytest.raises(NotServing):
        calls.call(ACCOUNT, "GET", JOBS, NEWEST)


@pytest.mark.parametrize("revision", [OLDEST, NEWEST])
def test_job_is_looked_up_in_a_revision(database: Database, revision: str) -> None:
    job = stored(database, a_job(), a_creation("item", "a"))
    found = look_up(database, ACCOUNT, f"{JOBS}/{job.job_id}", revision, "https://shop.test/")
    data = msgspec.json.decode(found.body)["data"]
    assert (found.status, data["id"], data["attributes"]["total_count"]) == (200, job.job_id, 1)
    assert data["links"]["self"].startswith("https://shop.test/api/")


@pytest.mark.parametrize(
    ("target", "status"), [(f"{JOBS}/none", 404), ("/api/nothing", 404), (f"{JOBS}?x=1", 400)]
)
def test_look_up_may_be_refused(database: Database, target: str, status: int) -> None:
    found = look_up(database, ACCOUNT, target, NEWEST)
    assert found.status == status
    assert msgspec.json.decode(found.body)["errors"]
