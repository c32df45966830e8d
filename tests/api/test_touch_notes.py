from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom.api import touch_notes
from backroom.store.call_touches import CallTouch, calls_touching
from conftest import client_of, running
from support.process import until
from support.stocked import put

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from backroom.server import Server
    from conftest import MakeClient, NewDatabase

ITEMS = "/api/catalog-items"
OWN = "$custom:::$default:::"


def calls_of(server: Server, account: str, kind: str = "item") -> list[CallTouch]:
    with server.database.read() as tx:
        return calls_touching(tx, account, kind, "a", 10)


def calls_written(server: Server, account: str, kind: str = "item") -> list[CallTouch]:
    until(lambda: bool(calls_of(server, account, kind)), "the calls are written down")
    return calls_of(server, account, kind)


def test_calls_are_written_soon(live_server: Server, make_client: MakeClient) -> None:
    client = make_client()
    put(client, "item", "a")
    (call,) = calls_written(live_server, client.account)
    assert call.operation == "create_catalog_item"
    assert msgspec.json.decode(call.given)["attributes"]["external_id"] == "a"


def test_each_change_is_noted(live_server: Server, make_client: MakeClient) -> None:
    client = make_client()
    put(client, "item", "a")
    put(client, "category", "c")
    change = {"type": "catalog-item", "id": f"{OWN}a", "attributes": {"title": "New"}}
    client.request("PATCH", f"{ITEMS}/{OWN}a", json={"data": change})
    linked = {"data": [{"type": "catalog-category", "id": f"{OWN}c"}]}
    client.post(f"{ITEMS}/{OWN}a/relationships/categories", linked)
    client.request("DELETE", f"{ITEMS}/{OWN}a")
    live_server.control.parts["touches"].flush()
    given = [msgspec.json.decode(each.given) for each in calls_of(live_server, client.account)]
    assert [each.operation.partition("_")[0] for each in calls_of(live_server, client.account)] == [
        *("delete", "add", "update", "create"),
    ]
    assert given[1]["relations"] == {"categories": [f"{OWN}c"]}
    assert given[2]["attributes"] == {"title": "New"}


def test_refused_call_is_not_noted(live_server: Server, make_client: MakeClient) -> None:
    client = make_client()
    assert client.request("DELETE", f"{ITEMS}/{OWN}a").status == 404
    live_server.control.parts["touches"].flush()
    assert calls_of(live_server, client.account) == []


def test_server_that_stops_writes_all(new_database: NewDatabase, tmp_path: Path) -> None:
    url = new_database() or str(tmp_path / "backroom.db")
    with running(url, limits="off") as server:
        client = client_of(server)
        put(client, "item", "a")
    with running(url) as server:
        assert [each.external_id for each in calls_of(server, client.account)] == ["a"]


def test_oldest_calls_make_room(
    live_server: Server, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = make_client()
    dropped: list[object] = []
    monkeypatch.setattr(touch_notes, "_PRUNED_EACH", 1)
    monkeypatch.setattr(touch_notes, "drop_oldest_calls", dropped.append)
    put(client, "item", "a")
    live_server.control.parts["touches"].flush()
    assert len(dropped) == 1
