"""Give the rows of earlier versions an attribute that this version stores.

A row holds its attributes as one JSON text, in the order of the wire. Once an attribute is added to
the table of kinds, new rows have it; this module rewrites the rows that were there before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.store.move import SNAPSHOT

if TYPE_CHECKING:
    from backroom.store.database import Transaction

ROWS_AT_ONCE = 1000
"""Rows that are read and rewritten together, so that memory does not grow with the table."""

_decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode_member = msgspec.json.Encoder().encode


class Backfill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A migration that adds an attribute to the rows of a table, as its JSON file says.

    The attribute stands behind the one named `after`, and has the default of the table of kinds as
    its `value`.
    """

    table: str
    attribute: str
    after: str
    value: Any

    def apply(self, tx: Transaction) -> None:
        """Rewrite all rows, and their copies in snapshots.

        A row that has the attribute already stays as it is.

        Raises ValueError where a row has no attribute named `after`.
        """
        self._rewrite(tx, self.table, {"account": "", "number": -1})
        before = {"snapshot_id": "", "account": "", "number": -1}
        self._rewrite(tx, SNAPSHOT + self.table, before)

    def _rewrite(self, tx: Transaction, table: str, before: dict[str, Any]) -> None:
        """Rewrite the rows of one table, whose key has columns and values before all others."""
        key, bound = ", ".join(before), ", ".join(f":{column}" for column in before)
        same = " and ".join(f"{column} = :{column}" for column in before)
        slices = (
            f"select attributes, {key} from {table}"
            f" where ({key}) > ({bound}) order by {key} limit {ROWS_AT_ONCE}"
        )
        nulls = ", nulls = 1" if self.value is None else ""
        update = f"update {table} set attributes = :attributes{nulls} where {same}"
        last: tuple[Any, ...] = tuple(before.values())
        while rows := tx.all(slices, **dict(zip(before, last, strict=True))):
            tx.many(update, [(self._with(row[0]), *row[1:]) for row in rows])
            last = rows[-1][1:]

    def _with(self, text: str) -> str:
        # Values stay as they are encoded. Only the names of the outermost object are read.
        attributes = _decode_members(text)
        if self.attribute in attributes:
            return text
        names = list(attributes)
        names.insert(names.index(self.after) + 1, self.attribute)
        attributes[self.attribute] = msgspec.Raw(_encode_member(self.value))
        return _encode_member({name: attributes[name] for name in names}).decode()
