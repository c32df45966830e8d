"""The account of the key: many integrations check their key by it before they write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.api.published_answers import published_answer
from backroom.errors import NotFound
from backroom.store import shops

if TYPE_CHECKING:
    from backroom.api.admission import Admitted
    from backroom.api.wire import Document, Parts
    from backroom.store.database import Transaction


def list_own_account(admitted: Admitted, tx: Transaction) -> Parts:
    """Answer with the one account that the key opens."""
    links = {"self": admitted.request.url, "next": None, "prev": None}
    return published_answer(admitted, {"data": [_account(admitted, tx)], "links": links})


def get_account(admitted: Admitted, tx: Transaction) -> Parts:
    """Answer with the account of the key. Raises `NotFound` for any other."""
    if admitted.resource_id != admitted.account:
        raise NotFound(f"An account with id {admitted.resource_id} does not exist.")
    links = {"self": admitted.request.url}
    return published_answer(admitted, {"data": _account(admitted, tx), "links": links})


def _account(admitted: Admitted, tx: Transaction) -> Document:
    account = admitted.account
    return {
        "type": "account",
        "id": account,
        "attributes": shops.shop_of(tx, account),
        "links": {"self": f"{admitted.request.base}/api/accounts/{account}/"},
    }
