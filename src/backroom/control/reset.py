"""Reset: an account without resources and without jobs, as if it were new. Its keys stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.control.accounts import ACCOUNT, account_id
from backroom.control.route import ControlRoute
from backroom.store import snapshots

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Database

_ROWS_IN_A_SLICE = 20_000
"""Of each table. A test's catalog goes in one transaction; others may write between two."""


def empty_in_slices(database: Database, account: str) -> None:
    """Remove the catalog and the jobs of an account, some rows in each transaction."""
    while not database.write(
        lambda tx: snapshots.empty_account(tx, account, _ROWS_IN_A_SLICE)
    ).result():
        pass


def reset_account(control: Control, given: Given) -> dict[str, Any]:
    """Remove the catalog and the jobs of an account."""
    with control.database.read() as tx:
        account = account_id(tx, given)
    empty_in_slices(control.database, account)
    return {"account": account}


ROUTES = (
    ControlRoute(
        "POST",
        "/reset",
        "Remove the catalog and the jobs of an account. Its keys stay.",
        reset_account,
        body=(ACCOUNT,),
    ),
)
