"""Reset: an account without resources and without jobs, as if it were new. Its keys stay.

To reset everything also removes faults, wishes and other settings of tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.control.accounts import ACCOUNT, account_id
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.store import keys, snapshots
from backroom.testing.clock import first_time

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Database

_DELETED_IN_A_SLICE = 20_000
"""Rows of each table. A test's catalog goes in one transaction. Others may write between two."""


def empty_in_slices(database: Database, account: str) -> None:
    """Remove the catalog and the jobs of an account, some rows in each transaction."""
    while not database.write(
        lambda tx: snapshots.empty_account(tx, account, _DELETED_IN_A_SLICE)
    ).result():
        pass


def reset_account(control: Control, given: Given) -> dict[str, Any]:
    """Remove the catalog and the jobs of an account, or with `everything` those of all.

    The latter also forgets faults, wishes and requests, and has time run as at the start. Accounts,
    keys and snapshots stay.
    """
    if given.body.get("everything"):
        return _reset_everything(control, given)
    with control.database.read() as tx:
        account = account_id(tx, given)
    empty_in_slices(control.database, account)
    return {"account": account}


def _reset_everything(control: Control, given: Given) -> dict[str, Any]:
    if given.body.get("account") is not None:
        raise ControlError(400, "Give an `account` or `everything`, not both.")
    pace, faults, journal, clock = (
        control.parts.get(name) for name in ("pace", "faults", "journal", "clock")
    )
    with control.database.read() as tx:
        accounts = keys.accounts(tx)
    for each in accounts:
        empty_in_slices(control.database, each)
    # Only now: jobs of a wish that is forgotten go on.
    for part in (faults, journal):
        if part is not None:
            part.clear()
    if pace is not None:
        pace.forget()
    if clock is not None:
        clock.follow(first_time(control.settings))
    return {"accounts": len(accounts)}


ROUTES = (
    ControlRoute(
        "POST",
        "/reset",
        "Remove the catalog and the jobs of an account. Its keys stay.",
        reset_account,
        body=(
            ACCOUNT,
            Member(
                "everything",
                "True for all accounts, and for the faults, wishes, requests and time of the"
                " server. Accounts, keys and snapshots stay.",
                form="boolean",
            ),
        ),
    ),
)
