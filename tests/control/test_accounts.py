from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.route import ControlError
from backroom.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control


def test_new_key_opens_new_account(control: Control, call: Callable[..., Any]) -> None:
    made = call("POST", "/accounts", {"name": "shop"})
    with control.database.read() as tx:
        access = keys.access_of(tx, made["key"])
    assert access == (made["account"], made["key_id"], None)


def test_accounts_without_name_differ(call: Callable[..., Any]) -> None:
    one, other = call("POST", "/accounts"), call("POST", "/accounts")
    assert one["account"] != other["account"]


def test_taken_name_is_refused(call: Callable[..., Any]) -> None:
    call("POST", "/accounts", {"name": "shop"})
    with pytest.raises(ControlError, match="POST /_backroom/keys"):
        call("POST", "/accounts", {"name": "shop"})


def test_blank_name_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="blank"):
        call("POST", "/accounts", {"name": " "})


def test_list_counts_usable_keys(call: Callable[..., Any]) -> None:
    made = call("POST", "/accounts", {"name": "shop"})
    call("DELETE", f"/keys/{made['key_id']}")
    counts = {each["name"]: each["keys"] for each in call("GET", "/accounts")}
    assert counts == {"default": 1, "shop": 0}
