"""The journal over the control API, by its functions."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.requests import ROUTES
from backroom.control.route import Control, ControlError, Given
from backroom.settings import Settings
from backroom.testing.journal import Journal
from conftest import client_of

if TYPE_CHECKING:
    from backroom.server import Server
    from support.client import Client

BY_NAME = {f"{each.method} {each.path}": each for each in ROUTES}


@pytest.fixture
def client(live_server: Server) -> Client:
    return client_of(live_server)


@pytest.fixture
def control(live_server: Server) -> Control:
    journal = Journal()
    live_server.observe(journal)
    return Control(live_server.database, Settings(), {"journal": journal})


def act(control: Control, route: str, **given: Any) -> Any:
    return BY_NAME[route].act(control, Given(**given))


def test_requests_are_listed(client: Client, control: Control) -> None:
    for path in ("/api/catalog-items", "/api/catalog-variants", "/nothing"):
        client.get(path)
    listed = act(control, "GET /requests", query={"status": "2xx", "limit": "1"})
    assert listed["count"] == 2
    assert [each["path"] for each in listed["requests"]] == ["/api/catalog-variants"]
    number = str(listed["requests"][0]["number"])
    one = act(control, "GET /requests/{number}", path={"number": number})
    assert one == listed["requests"][0]


def test_requests_are_counted_by_body(client: Client, control: Control) -> None:
    client.post("/api/catalog-items", {"data": {"type": "catalog-item", "n": 7}})
    query = {"body": "$.data.n=7"}
    assert act(control, "GET /requests/count", query=query) == {"count": 1}
    for path, count in (("data.type=x", 0), ("$.data.n", 1), ("$.data.m", 0)):
        assert act(control, "GET /requests/count", query={"body": path}) == {"count": count}


def test_requests_are_found_by_several_values(client: Client, control: Control) -> None:
    for number in (7, 8):
        client.post("/api/catalog-items", {"data": {"type": "catalog-item", "n": number}})
    body = {"body": {"$.data.type": "catalog-item", "$.data.n": 8}}
    found = act(control, "POST /requests/find", body=body)
    assert [each["body"]["data"]["n"] for each in found["requests"]] == [8]
    assert act(control, "POST /requests/count", body=body) == {"count": 1}


def test_requests_are_waited_for_and_forgotten(client: Client, control: Control) -> None:
    client.get("/api/catalog-items")
    waited = act(control, "POST /requests/wait", body={"path": "/api/*", "count": 1})
    assert waited["count"] == 1
    assert act(control, "DELETE /requests") is None
    assert act(control, "GET /requests/count") == {"count": 0}


def test_requests_are_events(client: Client, control: Control) -> None:
    async def first() -> str:
        events = act(control, "GET /requests/live", query={"status": "404"})
        assert await anext(events) == ": following\n\n"
        await asyncio.to_thread(client.get, "/nothing")
        found = await anext(events)
        await events.aclose()
        return str(found)

    number, kind, data = asyncio.run(first()).rstrip("\n").split("\n")
    assert (number, kind) == ("id: 1", "event: request")
    document = json.loads(data.removeprefix("data: "))
    assert document["near"] == "not an operation; all paths of the API begin with /api/ or /client/"


@pytest.mark.parametrize(
    ("route", "given", "status", "words"),
    [
        ("GET /requests/{number}", {"path": {"number": "9"}}, 404, "`GET /requests` lists"),
        ("GET /requests/{number}", {"path": {"number": "²"}}, 404, "`GET /requests` lists"),
        ("GET /requests/{number}", {"path": {"number": "9" * 5000}}, 404, "There is no request"),
        ("GET /requests", {"query": {"limit": "x"}}, 400, "`limit` must be a number"),
        ("GET /requests", {"query": {"since": "x"}}, 400, "`since` must be"),
        ("GET /requests", {"query": {"since": "9" * 5000}}, 400, "`since` must be"),
        ("POST /requests/find", {"body": {"since": [1]}}, 400, "`since` must be a text"),
        ("POST /requests/count", {"body": {"path": {"a": 1}}}, 400, "`path` must be a text"),
        ("POST /requests/find", {"body": {"method": ["GET"]}}, 400, "`method` must be a text"),
        ("GET /requests", {"query": {"body": "[=1"}}, 400, "write it as $.data"),
        ("POST /requests/wait", {"body": {"timeout": 0}}, 408, "0 of 1 requests came"),
    ],
)
def test_errors_say_what_helps(
    control: Control, route: str, given: dict[str, Any], status: int, words: str
) -> None:
    with pytest.raises(ControlError) as raised:
        act(control, route, **given)
    assert raised.value.status == status
    assert words in raised.value.detail


def test_server_may_have_no_journal(live_server: Server) -> None:
    with pytest.raises(ControlError, match="keeps no journal"):
        act(Control(live_server.database, Settings()), "GET /requests")
