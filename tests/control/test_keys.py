from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.route import ControlError
from backroom.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control


def test_key_has_its_scopes(control: Control, call: Callable[..., Any]) -> None:
    made = call("POST", "/keys", {"scopes": ["catalogs:read"]})
    with control.database.read() as tx:
        access = keys.access_of(tx, made["key"])
    assert access is not None
    assert access.scopes == frozenset({"catalogs:read"})


def test_account_is_named_by_id_too(call: Callable[..., Any]) -> None:
    account = call("POST", "/accounts", {"name": "shop"})["account"]
    assert call("POST", "/keys", {"account": account})["account_name"] == "shop"


def test_wrong_scope_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="catalogs:read"):
        call("POST", "/keys", {"scopes": ["everything"]})


def test_list_is_of_one_account(call: Callable[..., Any]) -> None:
    call("POST", "/keys", {"account": "shop", "name": "till"})
    assert [each["name"] for each in call("GET", "/keys", account="shop")] == ["till"]


def test_revoked_key_opens_nothing(control: Control, call: Callable[..., Any]) -> None:
    made = call("POST", "/keys")
    call("DELETE", f"/keys/{made['id']}")
    with control.database.read() as tx:
        assert keys.access_of(tx, made["key"]) is None


def test_unknown_key_is_404(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="lists them") as raised:
        call("DELETE", "/keys/none")
    assert raised.value.status == 404
