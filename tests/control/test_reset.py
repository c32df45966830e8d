from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control import reset
from backroom.control.route import ControlError
from backroom.control.table import perform
from backroom.store import keys
from conftest import client_of, running

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control
    from conftest import NewDatabase


def test_reset_leaves_keys_only(
    control: Control, rows: Callable[[str], int], call: Callable[..., Any]
) -> None:
    call("POST", "/seed")
    account = call("POST", "/reset")["account"]
    assert rows(account) == 0
    with control.database.read() as tx:
        assert keys.count(tx) == 1


def test_reset_forgets_what_was_kept(rows: Callable[[str], int], call: Callable[..., Any]) -> None:
    invented = call("GET", "/shop")
    call("PATCH", "/shop", {"locale": "de-DE"})
    call("POST", "/lists", {"name": "News"})
    account = call("POST", "/reset")["account"]
    assert (rows(account), call("GET", "/shop")) == (0, invented)


def test_reset_leaves_other_accounts_alone(
    rows: Callable[[str], int], call: Callable[..., Any]
) -> None:
    call("POST", "/accounts", {"name": "shop"})
    account = call("POST", "/seed", {"account": "shop"})["account"]
    call("POST", "/reset")
    assert rows(account) > 1000


def test_everything_is_as_at_the_start(new_database: NewDatabase) -> None:
    with running(new_database(), limits="off", journal="on") as server:
        client = client_of(server, account="shop")
        control = server.control
        for path, body in (
            ("/seed", {"account": "shop"}),
            ("/faults", {"status": 503, "nth": 2}),
            ("/pace", {"queued": True}),
            ("/clock/advance", {"days": 3}),
        ):
            perform(control, "POST", path, body)
        client.get("/api/catalog-items")
        assert perform(control, "POST", "/reset", {"everything": True}) == {"accounts": 2}
        assert client.get("/api/catalog-items").json["data"] == []
        assert [
            perform(control, "GET", "/faults")["faults"],
            perform(control, "GET", "/pace")["wishes"],
            perform(control, "GET", "/requests/count")["count"],
            perform(control, "GET", "/clock")["clock"],
        ] == [[], [], 1, "real"]


def test_everything_is_of_no_account(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="not both"):
        call("POST", "/reset", {"everything": True, "account": "default"})


@pytest.mark.slow
def test_large_catalog_is_emptied_in_slices(
    rows: Callable[[str], int], call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset, "_DELETED_IN_A_SLICE", 100)
    account = call("POST", "/seed")["account"]
    call("POST", "/reset")
    assert rows(account) == 0
