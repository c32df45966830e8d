"""Whether the columns of a record say the same as its attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.store import search
from backroom.store.move import TABLES, slices

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.catalog.kinds import Kind
    from backroom.store.backup import Progress
    from backroom.store.database import Row, Transaction

_object = msgspec.json.Decoder(dict[str, Any])


def broken_records(
    tx: Transaction, kind: Kind, progress: Progress, copies: str = ""
) -> Iterator[Row]:
    """Give the account and the external id of each record whose columns or attributes are wrong.

    The records are those of the catalogs, or of snapshots, with what their tables begin with.
    """
    (table,) = (each for each in TABLES if each.name == copies + kind.table)
    done = 0
    for rows in slices(tx, table):
        for row in rows:
            columns = dict(zip(table.columns, row, strict=True))
            if not _is_right(kind, columns):
                yield columns["account"], columns["external_id"]
        done += len(rows)
        progress(f"{table.name} read", done, None)


def _is_right(kind: Kind, columns: dict[str, Any]) -> bool:
    try:
        attributes = _object.decode(columns["attributes"])
        stated = {name: attributes[name] for name in kind.columns}
        text = search.folded(attributes[kind.searched])
        # Rows of earlier versions count nulls within objects too, which costs a look only.
        nulls = any(attributes[name] is None for name in kind.nullable)
    except (msgspec.MsgspecError, KeyError, AttributeError):
        return False
    return (
        attributes.get("external_id") == columns["external_id"]
        and all(columns[name] == value for name, value in stated.items())
        and text == columns["search_text"]
        and (not nulls or columns["nulls"] == 1)
    )
