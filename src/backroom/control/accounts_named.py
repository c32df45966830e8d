"""Find the account that a caller of the control API means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.control.route import ControlError
from backroom.store import keys

if TYPE_CHECKING:
    from backroom.store.database import Transaction


def account_named(tx: Transaction, text: str) -> str:
    """Give the id of the account with this id or name. Raises `ControlError` if there is none."""
    account = keys.find_account(tx, text)
    if account is None:
        raise ControlError(404, f"No account has the id or name {text!r}. Make it first.")
    return account
