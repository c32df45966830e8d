from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom.control.route import ControlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control


def test_restored_account_has_what_it_had(
    rows: Callable[[str], int], call: Callable[..., Any]
) -> None:
    account = call("POST", "/seed")["account"]
    before = rows(account)
    call("POST", "/snapshots", {"name": "full"})
    call("POST", "/reset")
    call("POST", "/snapshots/full/restore")
    assert rows(account) == before > 0


@pytest.mark.slow
def test_all_accounts_are_one_snapshot(
    rows: Callable[[str], int], call: Callable[..., Any]
) -> None:
    call("POST", "/accounts", {"name": "shop"})
    full = call("POST", "/seed", {"account": "shop"})["account"]
    call("POST", "/snapshots", {"name": "all", "account": "*"})
    default = call("POST", "/seed")["account"]
    call("POST", "/reset", {"account": "shop"})
    call("POST", "/snapshots/all/restore", {"account": "*"})
    assert (rows(default), rows(full) > 0) == (0, True)


def test_names_are_of_one_account(call: Callable[..., Any]) -> None:
    call("POST", "/accounts", {"name": "shop"})
    call("POST", "/snapshots", {"name": "empty", "account": "shop"})
    assert [each["name"] for each in call("GET", "/snapshots", account="shop")] == ["empty"]
    with pytest.raises(ControlError, match="no snapshot 'empty'") as raised:
        call("POST", "/snapshots/empty/restore")
    assert raised.value.status == 404


def test_same_name_replaces_a_snapshot(call: Callable[..., Any]) -> None:
    call("POST", "/snapshots", {"name": "one"})
    call("POST", "/snapshots", {"name": "one"})
    assert len(call("GET", "/snapshots")) == 1
    call("DELETE", "/snapshots/one")
    assert call("GET", "/snapshots") == []


def test_restored_jobs_are_announced(control: Control, call: Callable[..., Any]) -> None:
    announced: list[str] = []
    control.parts["announce"] = announced.append
    call("POST", "/snapshots", {"name": "idle"})
    call("POST", "/snapshots/idle/restore")
    assert announced == []


def test_wrong_name_is_refused(call: Callable[..., Any]) -> None:
    with pytest.raises(ControlError, match="is not a name"):
        call("POST", "/snapshots", {"name": "a/b"})
