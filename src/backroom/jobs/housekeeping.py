"""Removes rows that nobody needs any more: expired jobs, and links of deleted categories.

Each write removes one slice, so that other writes come in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom import clock
from backroom.jobs import lifecycle
from backroom.store import jobs, keys, links

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction

_JOBS_IN_A_SLICE = 500
_LINKS_IN_A_SLICE = 1000
_CATEGORIES_IN_A_SLICE = 20


def expire(database: Database, stopping: Callable[[], bool]) -> None:
    """Remove all expired jobs, account by account, until `stopping` says yes."""
    least = lifecycle.least_id(clock.now())
    with database.read() as tx:
        accounts = keys.accounts(tx)
    for account in accounts:
        while not stopping() and _expire_some(database, account, least):
            pass


def _expire_some(database: Database, account: str, least: str) -> bool:
    removed = database.write(lambda tx: jobs.expire(tx, account, least, _JOBS_IN_A_SLICE)).result()
    return removed == _JOBS_IN_A_SLICE


def empty_categories(database: Database) -> bool:
    """Remove some links of deleted categories. False where there are none."""
    with database.read() as tx:
        if not links.any_emptied(tx):
            return False
    return database.write(_empty_some).result() > 0


def _empty_some(tx: Transaction) -> int:
    """Give how many links were removed; a category without any counts as one."""
    total = 0
    for _ in range(_CATEGORIES_IN_A_SLICE):
        removed = links.empty_category(tx, _LINKS_IN_A_SLICE - total)
        total += removed
        if not removed or total >= _LINKS_IN_A_SLICE:
            break
    return total
