from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom import clock
from backroom.control.table import perform
from backroom.dashboard.testing import DONE_MESSAGES, TESTING_FORMS
from conftest import running
from support.factories import a_body, a_kind_of_job, a_resource
from support.visitor import DASHBOARD_PATH, TOKEN, Visitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.server import Server
    from support.client import Client

PATH = f"{DASHBOARD_PATH}/testing"


@pytest.fixture(autouse=True)
def _undone(shown: Server) -> Iterator[None]:
    yield
    perform(shown.control, "PUT", "/clock", {"clock": "real"})
    perform(shown.control, "DELETE", "/pace")
    perform(shown.control, "DELETE", "/faults")


def asked(shown: Server, path: str) -> Any:
    return perform(shown.control, "GET", path)


def test_every_action_says_what_it_did() -> None:
    assert {done for _, done in TESTING_FORMS.values()} == set(DONE_MESSAGES)


def test_clock_is_moved_and_set(visitor: Visitor, shown: Server) -> None:
    visitor.send(f"{PATH}/clock", clock="frozen")
    assert asked(shown, "/clock")["clock"] == "frozen"
    visitor.send(f"{PATH}/clock-set", to="2027-05-01T10:00")
    visitor.send(f"{PATH}/clock-advance", amount="1.5", unit="days")
    assert clock.timestamp(clock.now()).startswith("2027-05-02T22:00:00")
    visitor.send(f"{PATH}/clock", clock="real")


def test_wish_is_made_and_forgotten(visitor: Visitor, shown: Server) -> None:
    fields = {"end": "after_reads", "amount": "3", "fail": "2", "times": "4", "queued": "1"}
    assert visitor.send(f"{PATH}/wish", **fields).status == 303
    (wish,) = asked(shown, "/pace")["wishes"]
    assert (wish["after_reads"], wish["fail"], wish["queued"]) == (3, 2, True)
    visitor.send(f"{PATH}/forget-wish", wish=str(wish["id"]))
    assert asked(shown, "/pace")["wishes"] == []


def test_held_jobs_are_released(visitor: Visitor, client: Client, shown: Server) -> None:
    visitor.send(f"{PATH}/wish", end="stay", account=client.account)
    kind = a_kind_of_job("item", "create")
    client.post(f"/api/{kind.collection}", a_body(kind, a_resource("item")))
    (job,) = asked(shown, "/pace")["jobs"]
    assert job["job"] in visitor.read(PATH)
    visitor.send(f"{PATH}/release", job=job["job"])
    assert asked(shown, "/pace")["jobs"] == []


def test_fault_is_added_and_removed(visitor: Visitor, client: Client, shown: Server) -> None:
    visitor.send(f"{PATH}/add-fault", status="503", account=client.account, retry_after="3")
    assert client.get("/api/catalog-items").status == 503
    (fault,) = asked(shown, "/faults")["faults"]
    visitor.send(f"{PATH}/remove-fault", fault=str(fault["number"]))
    assert asked(shown, "/faults")["faults"] == []


def test_snapshot_brings_a_catalog_back(visitor: Visitor, client: Client) -> None:
    account = client.account
    visitor.send(f"{PATH}/seed", account=account)
    full = client.get("/api/catalog-items").body
    visitor.send(f"{PATH}/save", account=account, name="full")
    assert f"full of {account}" in visitor.words(PATH)
    visitor.send(f"{PATH}/reset", account=account)
    assert client.get("/api/catalog-items").json["data"] == []
    visitor.send(f"{PATH}/restore", account=account, name="full")
    assert client.get("/api/catalog-items").body == full
    visitor.send(f"{PATH}/discard", account=account, name="full")
    assert visitor.send(f"{PATH}/restore", account=account, name="full").status == 404


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("clock", {"clock": "yesterday"}),
        ("clock-set", {"to": ""}),
        ("clock-advance", {"amount": "much"}),
        ("wish", {"end": "after_seconds", "amount": "soon"}),
        ("wish", {"fail": "-1"}),
        ("forget-wish", {"wish": "x"}),
        ("add-fault", {"status": "200"}),
        ("remove-fault", {"fault": "9999"}),
        ("save", {"name": "a b"}),
        ("reset", {"account": "nobody"}),
        ("explode", {}),
    ],
)
def test_wrong_fields_are_refused(visitor: Visitor, action: str, fields: dict[str, str]) -> None:
    answer = visitor.send(f"{PATH}/{action}", **fields)
    assert 400 <= answer.status < 500
    assert b"The server could not do this" in answer.data


def test_controls_are_off_for_records() -> None:
    with running(None, control_token=TOKEN, testing="off") as server:
        visitor = Visitor(server.url)
        visitor.sign_in(TOKEN)
        assert "--testing on" in visitor.words(PATH)
        assert visitor.send(f"{PATH}/reset").status == 409
