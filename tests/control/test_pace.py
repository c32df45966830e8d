from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control import clock, pace
from backroom.control.route import Control, ControlError, Given
from backroom.settings import Settings
from conftest import client_of, running
from support.client import NEWEST
from support.wire_contract import KIND
from support.wire_jobs import Jobs, creation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from conftest import NewDatabase

ACTS = {(route.method, route.path): route.act for route in (*pace.ROUTES, *clock.ROUTES)}


@pytest.fixture(scope="module")
def server(new_database: NewDatabase) -> Iterator[Server]:
    with running(new_database(), limits="off") as server:
        yield server


@pytest.fixture
def control(server: Server) -> Iterator[Control]:
    parts = {"pace": server.pace, "clock": server.clock}
    yield Control(server.database, Settings(ephemeral=True), parts)
    server.pace.forget()


@pytest.fixture
def items(server: Server) -> Jobs:
    return Jobs(client_of(server), NEWEST, KIND["item-create"])


def call(control: Control, method: str, path: str, /, **given: Any) -> Any:
    return ACTS[method, path](control, Given(**given))


def status(items: Jobs, job_id: str) -> str:
    return str(items.get(job_id).json["data"]["attributes"]["status"])


def post(items: Jobs) -> str:
    return items.post(creation(items, "a")).job_id


def test_wishes_are_listed_in_order(control: Control, items: Jobs) -> None:
    first = call(control, "POST", "/pace", body={"after_reads": 2})
    call(control, "POST", "/pace", body={"cancelled": True, "times": "always"})
    job_id = post(items)
    listed = call(control, "GET", "/pace")
    assert [(each["id"], each["used"]) for each in listed["wishes"]] == [
        (first["id"], 1),
        (first["id"] + 1, 0),
    ]
    assert [(each["job"], each["next"]) for each in listed["jobs"]] == [(job_id, "complete")]
    unused = call(control, "GET", "/pace", query={"unused": "true"})["wishes"]
    assert [each["cancelled"] for each in unused] == [True]


def test_advanced_time_completes_jobs(control: Control, items: Jobs) -> None:
    call(control, "PUT", "/clock", body={"clock": "frozen"})
    call(control, "POST", "/pace", body={"after_seconds": 300})
    job_id = post(items)
    assert status(items, job_id) == "processing"
    call(control, "POST", "/clock/advance", body={"minutes": 5})
    assert status(items, job_id) == "complete"
    call(control, "PUT", "/clock", body={"clock": "real"})


def test_staying_jobs_are_released(control: Control, items: Jobs) -> None:
    call(control, "POST", "/pace", body={"stay": True})
    job_id = post(items)
    assert call(control, "POST", "/pace/release", body={"job": job_id}) == {"released": [job_id]}
    assert status(items, job_id) == "complete"


def test_forgotten_wishes_are_gone(control: Control) -> None:
    made = call(control, "POST", "/pace", body={"never": True})
    call(control, "DELETE", "/pace/{wish}", path={"wish": str(made["id"])})
    call(control, "POST", "/pace", body={"never": True, "account": "other"})
    call(control, "DELETE", "/pace", query={"account": "shop"})
    assert len(call(control, "GET", "/pace")["wishes"]) == 1
    call(control, "DELETE", "/pace")
    assert call(control, "GET", "/pace") == {"wishes": [], "jobs": []}


@pytest.mark.parametrize(
    ("method", "path", "given", "code"),
    [
        ("POST", "/pace", {"body": {"soon": 1}}, 400),
        ("GET", "/pace", {"query": {"used": "true"}}, 400),
        ("POST", "/pace/release", {"body": {"jobs": "x"}}, 400),
        ("POST", "/pace/release", {"body": {"job": "x"}}, 404),
        ("DELETE", "/pace/{wish}", {"path": {"wish": "77777"}}, 404),
        ("DELETE", "/pace/{wish}", {"path": {"wish": "one"}}, 404),
        ("DELETE", "/pace/{wish}", {"path": {"wish": "9" * 5000}}, 404),
    ],
)
def test_wrong_calls_are_refused(
    control: Control, method: str, path: str, given: Any, code: int
) -> None:
    with pytest.raises(ControlError) as caught:
        call(control, method, path, **given)
    assert caught.value.status == code


def test_other_workers_know_no_wishes(control: Control) -> None:
    url = "postgresql://localhost/shop"
    elsewhere = Control(control.database, Settings(database=url, worker="off"), control.parts)
    with pytest.raises(ControlError, match="--worker on"):
        call(elsewhere, "POST", "/pace", body={})
    shared = Control(control.database, Settings(database=url), control.parts)
    assert "Other servers" in call(shared, "POST", "/pace", body={})["note"]
