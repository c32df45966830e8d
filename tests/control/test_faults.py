"""Faults over the control API, by its functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.faults import ROUTES
from backroom.control.route import Control, ControlError, Given
from backroom.settings import Settings
from backroom.testing.faults import Faults
from conftest import client_of

if TYPE_CHECKING:
    from backroom.server import Server

BY_NAME = {f"{each.method} {each.path}": each for each in ROUTES}


@pytest.fixture
def control(live_server: Server) -> Control:
    return Control(live_server.database, Settings(), {"faults": Faults()})


def act(control: Control, route: str, **given: Any) -> Any:
    return BY_NAME[route].act(control, Given(**given))


def test_faults_are_added_and_removed(live_server: Server, control: Control) -> None:
    client = client_of(live_server)
    body = {"status": 503, "account": client.key.split("_")[1]}
    added = act(control, "POST /faults", body=body)
    live_server.observe(control.parts["faults"])
    assert client.get("/api/catalog-items").status == 503
    shown = act(control, "GET /faults/{number}", path={"number": str(added["number"])})
    assert shown == {**added, "seen": 1, "used": 1, "used_up": True}
    assert act(control, "GET /faults") == {"faults": [shown]}
    assert act(control, "GET /faults", query={"unused": "true"}) == {"faults": []}
    assert act(control, "DELETE /faults/{number}", path={"number": str(added["number"])}) is None
    assert act(control, "GET /faults") == {"faults": []}


def test_all_faults_are_removed(control: Control) -> None:
    for status in (500, 503):
        act(control, "POST /faults", body={"status": status})
    act(control, "DELETE /faults")
    assert control.parts["faults"].all() == []


@pytest.mark.parametrize(
    ("route", "given", "status", "words"),
    [
        ("POST /faults", {"body": {"status": 99}}, 400, "The fault can't be injected: out of"),
        ("GET /faults/{number}", {"path": {"number": "9"}}, 404, "`GET /faults` lists them."),
        ("DELETE /faults/{number}", {"path": {"number": "x"}}, 404, "There is no fault x."),
        (
            "GET /faults/{number}",
            {"path": {"number": "9" * 5000}},
            404,
            "`GET /faults` lists them.",
        ),
    ],
)
def test_errors_tell_what_is_right(
    control: Control, route: str, given: dict[str, Any], status: int, words: str
) -> None:
    with pytest.raises(ControlError) as raised:
        act(control, route, **given)
    assert raised.value.status == status
    assert words in raised.value.detail
