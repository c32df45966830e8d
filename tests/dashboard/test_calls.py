from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.dashboard.calls import call
from backroom.revisions import NEWEST
from backroom.store import keys
from support.factories import a_resource

if TYPE_CHECKING:
    from backroom.server import Server
    from support.client import Client


@pytest.fixture
def dashboard(shown: Server) -> Any:
    return SimpleNamespace(control=shown.control)


def test_call_is_answered_as_any(dashboard: Any, client: Client) -> None:
    body = msgspec.json.encode({"data": a_resource("item")})
    made = call(dashboard, client.account, "POST", "/api/catalog-items", NEWEST, body)
    assert made.status == 201
    found = call(dashboard, client.account, "GET", "/api/catalog-items", NEWEST)
    assert len(msgspec.json.decode(found.body)["data"]) == 1
    assert client.get("/api/catalog-items").body == found.body


def test_key_lasts_for_one_call(dashboard: Any, client: Client, shown: Server) -> None:
    def count() -> int:
        with shown.database.read() as tx:
            return len(keys.all_keys(tx))

    before = count()
    call(dashboard, client.account, "GET", "/api/catalog-items", NEWEST)
    assert count() == before


def test_account_without_keys_stays(dashboard: Any, shown: Server) -> None:
    account = shown.database.write(lambda tx: keys.open_account(tx, "keyless")).result()
    call(dashboard, account, "GET", "/api/catalog-items", NEWEST)
    with shown.database.read() as tx:
        assert keys.has_account(tx, account)
