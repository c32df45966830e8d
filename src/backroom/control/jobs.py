"""The bulk jobs of an account, as the database has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.control.accounts import ACCOUNT, account_id
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.jobs.lifecycle import Status
from backroom.store import jobs

if TYPE_CHECKING:
    from backroom.control.route import Control, Given

MOST_LISTED = 100


def jobs_of_account(control: Control, given: Given) -> list[dict[str, Any]]:
    """List the newest jobs of an account, with their errors."""
    status = given.query.get("status")
    if status is not None and status not in list(Status):
        raise ControlError(400, f"{status!r} is not one of {', '.join(Status)}.")
    with control.database.read() as tx:
        found = jobs.newest(tx, account_id(tx, given), status, MOST_LISTED)
    return [
        each._asdict()
        | {
            "errors": msgspec.Raw(each.errors.encode()),
            "linkage": msgspec.Raw(each.linkage.encode()),
        }
        for each in found
    ]


ROUTES = (
    ControlRoute(
        "GET",
        "/jobs",
        f"The {MOST_LISTED} newest jobs of an account, in any state, with their errors.",
        jobs_of_account,
        query=(ACCOUNT, Member("status", "Only jobs in this status.")),
    ),
)
