"""Whether any catalog has changed since somebody asked before, without reading any."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backroom.store.database import Transaction


def mark_of_catalogs(tx: Transaction) -> str:
    """Give a text that differs after each commit that changed a catalog.

    It may also differ although no catalog has changed: after a restart, or after another commit. On
    PostgreSQL it may change up to ten seconds late. It is empty where the database can't say.

    There is no mark of one account. Both engines count their changes anyway, SQLite by commits and
    PostgreSQL by tables, so the mark costs a write nothing. A count by accounts would be one more
    row to write in each transaction.
    """
    row = tx.one(tx.dialect.changes)
    return str(row[0] or "") if row else ""
