"""The rows of the engine that hands out accounts with work, where it is shorter to ask for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.store.database import Transaction


def waiting(tx: Transaction, accounts: Iterable[str]) -> set[str]:
    """Give those of the accounts for which a task waits that no worker has begun."""
    rows = tx.all(
        "select queueing_lock from procrastinate.procrastinate_jobs"
        f" where status = 'todo' and {tx.dialect.among('queueing_lock', 'accounts')}",
        accounts=tx.dialect.array(accounts),
    )
    return {account for (account,) in rows}
