"""All resources of an account at once, for the small catalogs of tests."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from backroom.catalog.kinds import KINDS

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind
    from backroom.store.database import Row, Transaction


def listed_records(tx: Transaction, kind: Kind, account: str, most: int) -> list[Row]:
    """Give the external id, the stored attributes and the parent's external id of each record.

    At most `most` of them come, in the order of their creation. Kinds without a parent have None.
    """
    return tx.all(_records_statement(kind), account=account, most=most)


def listed_categories(tx: Transaction, account: str) -> list[Row]:
    """Give each item's external id with that of a category that it is in."""
    return tx.all(
        "select l.item_external_id, c.external_id from item_categories l"
        " join categories c on c.account = l.account and c.number = l.category_number"
        " where l.account = :account order by c.number, l.item_number",
        account=account,
    )


@cache
def _records_statement(kind: Kind) -> str:
    parent, join = "null", ""
    if not kind.shown.many:
        target = KINDS[kind.shown.target]
        parent = "p.external_id"
        join = (
            f" left join {target.table} p"
            f" on p.account = r.account and p.number = r.{target.name}_number"
        )
    return (
        f"select r.external_id, r.attributes, {parent} from {kind.table} r{join}"
        " where r.account = :account order by r.number limit :most"
    )
