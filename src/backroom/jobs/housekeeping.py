"""What goes away by itself: expired jobs, and the links of categories that are gone.

Each call removes one slice, so that other work comes in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import clock
from backroom.jobs import lifecycle
from backroom.store import jobs, keys, links

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database

_EXPIRED_IN_A_SLICE = 500
_LINKS_IN_A_SLICE = 1000


def expire(database: Database, stopping: Callable[[], bool]) -> None:
    """Remove all jobs that have expired, account by account, until `stopping`."""
    least = lifecycle.least_id(clock.now())
    with database.read() as tx:
        accounts = keys.accounts(tx)
    for account in accounts:
        while not stopping() and _expire_some(database, account, least):
            pass


def _expire_some(database: Database, account: str, least: str) -> bool:
    removed = database.write(
        lambda tx: jobs.expire(tx, account, least, _EXPIRED_IN_A_SLICE)
    ).result()
    return removed == _EXPIRED_IN_A_SLICE


def empty_category(database: Database) -> bool:
    """Remove some links of a category that is gone. False where there are none."""
    with database.read() as tx:
        if not links.any_emptied(tx):
            return False
    return database.write(lambda tx: links.empty_category(tx, _LINKS_IN_A_SLICE)).result() > 0
