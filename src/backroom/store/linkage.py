"""What the shown relationship of a record holds, kept in its row.

Old revisions show on each resource the ids of those that it is related to: an item's variants, a
variant's item, a category's items. Finding them for each row of a page takes longer than reading
the page, so each row has them. The column `linkage` holds the external ids of the first
`LINKED_AT_MOST`, in the order of creation: bytes with a zero between two ids, or null if there are
none. An external id never changes, and a resource is linked far less often than it is shown.

A variant gets its linkage when it is inserted, and keeps it: its item never changes. Whoever links
items or categories calls `renew` afterwards, in the same transaction. On PostgreSQL no other
transaction links resources of the account meanwhile, because each takes the account's lock first.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from backroom.catalog.kinds import CATEGORY, ITEM, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.store.database import Transaction
    from backroom.store.dialects import Dialect

LINKED_AT_MOST = 100
"""How many resources an answer names in the relationship of one resource, or includes for it.

The number of the real service is not known. There must be one, because a category may hold a whole
catalog. This one is the size of a page.
"""

_HELD = {
    ITEM.name: ("external_id", "variants", "item_number", "number"),
    CATEGORY.name: ("item_external_id", "item_categories", "category_number", "item_number"),
}
"""For each kind with many related resources: the column of their names, its table, the column of
the owner in it, and that of the order."""


def of_one(tx: Transaction, kind: Kind, account: str, numbers: Iterable[int]) -> dict[int, bytes]:
    """Give the linkage to one record, for each of `numbers`, by number."""
    wanted = set(numbers)
    if not wanted:
        return {}
    rows = tx.all(
        f"select number, {tx.dialect.octets('external_id')} from {kind.table}"
        f" where account = :account and {tx.dialect.among('number', 'numbers')}",
        account=account,
        numbers=tx.dialect.array(wanted),
    )
    return dict(rows)


def renew(tx: Transaction, kind: Kind, account: str, numbers: Iterable[int]) -> None:
    """Write the linkage of items or categories anew, where it has changed.

    A row whose linkage stays is not written: a category that holds more than `LINKED_AT_MOST` items
    shows the same ones while it grows.
    """
    changed = set(numbers)
    if changed:
        sql = _statement(tx.dialect, kind)
        tx.run(sql, account=account, numbers=tx.dialect.array(changed))


@cache
def _statement(dialect: Dialect, kind: Kind) -> str:
    held = _held(dialect, kind)
    return (
        f"update {kind.table} as r set linkage = {held} where r.account = :account"
        f" and {dialect.among('r.number', 'numbers')} and r.linkage is distinct from {held}"
    )


def _held(dialect: Dialect, kind: Kind) -> str:
    """Give the linkage that a row `r` of items or categories should have."""
    name, table, owner, order = _HELD[kind.name]
    return dialect.joined(
        name,
        f"select {name} from {table} where account = r.account and {owner} = r.number"
        f" order by {order} limit {LINKED_AT_MOST}",
    )


def stale(dialect: Dialect, kind: Kind) -> str:
    """Give the statement that finds records with another linkage than they should have.

    Its rows have the account and the external id.
    """
    if kind.name in _HELD:
        held = _held(dialect, kind)
    else:
        name = dialect.octets("i.external_id")
        held = (
            f"(select {name} from items as i"
            " where i.account = r.account and i.number = r.item_number)"
        )
    return (
        f"select account, external_id from {kind.table} as r where linkage is distinct from {held}"
    )
