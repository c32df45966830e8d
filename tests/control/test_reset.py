from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.control import reset
from backroom.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from backroom.control.route import Control


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


def test_large_catalog_is_emptied_in_slices(
    rows: Callable[[str], int], call: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reset, "_ROWS_IN_A_SLICE", 100)
    account = call("POST", "/seed")["account"]
    call("POST", "/reset")
    assert rows(account) == 0
