"""Whether what a job keeps as JSON can be read: its errors, its linkage and its operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.store.move import SNAPSHOT, TABLES, slices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.backup import Progress
    from backroom.store.database import Row, Transaction

_JSON_COLUMNS = {"jobs": ("errors", "linkage"), "job_operations": ("operations",)}
"""The columns with JSON, by the tables that have one row for each job. Snapshots have the same."""
_list = msgspec.json.Decoder(list[Any])


def unreadable_jobs(tx: Transaction, progress: Progress) -> Iterator[Row]:
    """Give the account and the id of each job with a text that is no JSON array."""
    for table in TABLES:
        names = _JSON_COLUMNS.get(table.name.removeprefix(SNAPSHOT))
        if not names:
            continue
        done = 0
        for rows in slices(tx, table):
            for row in rows:
                columns = dict(zip(table.columns, row, strict=True))
                if not all(_is_list(columns[name]) for name in names):
                    yield columns["account"], columns["job_id"]
            done += len(rows)
            progress(f"{table.name} read", done, None)


def _is_list(text: str) -> bool:
    try:
        _list.decode(text)
    except msgspec.MsgspecError:
        return False
    return True
