"""Snapshots: copies of an account's catalog and jobs, by name; and emptying an account.

A snapshot has the rows as they are, with their numbers, in tables beside the tables of the catalog.
A restore has two statements for each table: one deletes the rows that differ from their copies, and
one adds the copies that are missing. So restoring costs a comparison for each row, and a write
only for each row that has changed since. A table in which the account has no rows is copied.

The grams of a text cost more than its row. So the grams of a record that is removed here stay where
snapshots have copies of the record, and all copies have its text. Such grams do no harm: a search
reads the row of each gram, and here finds no row. When the record comes back, its grams are there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom import clock
from backroom.catalog.kinds import KINDS
from backroom.store import search
from backroom.store.move import CATALOG_TABLES, SNAPSHOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.catalog.kinds import Kind
    from backroom.store.database import Transaction
    from backroom.store.move import Table

ALL_ACCOUNTS = "*"
_KINDS_BY_TABLE = {kind.table: kind for kind in KINDS.values()}
_NULLABLE = {
    *("item_number", "completed_at", "linkage", "applied"),
    *("delivered_at", "event_id", "quantity"),
}
_TELLING = {"account", "number", "external_id", "item_number", "attributes", "nulls", "linkage"}
"""The columns that tell whether a record has changed. All others follow from the attributes."""


class Snapshot(NamedTuple):
    """A snapshot of one account, or of `ALL_ACCOUNTS`."""

    snapshot_id: str
    account: str
    name: str
    created_at: str


def find_snapshot(tx: Transaction, account: str, name: str) -> Snapshot | None:
    """Give the snapshot of an account by its name, None if there is none."""
    row = tx.one(
        "select snapshot_id, account, name, created_at from snapshots"
        " where account = :account and name = :name",
        account=account,
        name=name,
    )
    return Snapshot(*row) if row else None


def all_snapshots(tx: Transaction) -> list[Snapshot]:
    """List all snapshots, oldest first."""
    rows = tx.all(
        "select snapshot_id, account, name, created_at from snapshots order by snapshot_id"
    )
    return [Snapshot(*row) for row in rows]


def save_snapshot(tx: Transaction, account: str, name: str, accounts: Iterable[str]) -> Snapshot:
    """Copy the catalogs and jobs of `accounts`, in place of a snapshot with the same name."""
    earlier = find_snapshot(tx, account, name)
    made = Snapshot(clock.new_ulid(clock.now()), account, name, clock.timestamp(clock.now()))
    for each in accounts:
        _lock(tx, each)
        for table in CATALOG_TABLES:
            columns = ", ".join(table.columns)
            tx.run(
                f"insert into {SNAPSHOT}{table.name} (snapshot_id, {columns})"
                f" select :snapshot_id, {columns} from {table.name} where account = :account",
                snapshot_id=made.snapshot_id,
                account=each,
            )
    if earlier is not None:
        delete_snapshot(tx, earlier)
    tx.run(
        "insert into snapshots (snapshot_id, account, name, created_at)"
        " values (:snapshot_id, :account, :name, :created_at)",
        **made._asdict(),
    )
    return made


def delete_snapshot(tx: Transaction, snapshot: Snapshot) -> None:
    """Delete a snapshot, and the grams that only its copies have kept."""
    snapshot_id = snapshot.snapshot_id
    for kind in KINDS.values():
        _forget_orphans(tx, kind, snapshot_id)
    for name in [SNAPSHOT + table.name for table in CATALOG_TABLES] + ["snapshots"]:
        tx.run(f"delete from {name} where snapshot_id = :snapshot", snapshot=snapshot_id)


def accounts_in(tx: Transaction, snapshot: Snapshot) -> set[str]:
    """Give the accounts of which a snapshot has any row."""
    found: set[str] = set()
    for table in CATALOG_TABLES:
        rows = tx.all(
            f"select distinct account from {SNAPSHOT}{table.name} where snapshot_id = :snapshot",
            snapshot=snapshot.snapshot_id,
        )
        found.update(row[0] for row in rows)
    return found


def restore_snapshot(tx: Transaction, snapshot: Snapshot, account: str) -> None:
    """Restore the catalog and the jobs of an account from a snapshot."""
    _lock(tx, account)
    for table in CATALOG_TABLES:
        _restore(tx, table, account, snapshot.snapshot_id)


def empty_account(tx: Transaction, account: str, most: int) -> bool:
    """Remove up to `most` rows of each table of an account's catalog and jobs. Its keys stay.

    False where that has left some.
    """
    _lock(tx, account)
    for table in ("call_touches", "imports"):
        tx.run(f"delete from {table} where account = :account", account=account)
    left = [table for table in CATALOG_TABLES if not _empty_table(tx, table, account, most)]
    return not left


def _empty_table(tx: Transaction, table: Table, account: str, most: int) -> bool:
    (counted,) = tx.all(
        f"select count(*) from (select 1 from {table.name} where account = :account"
        " limit :beyond) as first_rows",
        account=account,
        beyond=most + 1,
    )
    if not counted[0]:
        return True
    kind, key = _KINDS_BY_TABLE.get(table.name), ", ".join(table.key[1:])
    if counted[0] <= most:
        if kind is not None:
            _forget_all(tx, kind, account)
        # SQLite drops the pages of a whole table, without a look at the rows.
        whose = "" if _is_alone(tx, table.name, account) else " where account = :account"
        tx.run(f"delete from {table.name}{whose}", account=account)
        return True
    removed = tx.all(
        f"delete from {table.name} where account = :account and ({key}) in"
        f" (select {key} from {table.name} where account = :account limit :most)"
        f" returning {'number, search_text' if kind else key}",
        account=account,
        most=most,
    )
    if kind is not None:
        _forget_removed(tx, kind, account, dict(removed))
    return False


def _lock(tx: Transaction, account: str) -> None:
    """Keep out other writers to the catalog of an account, and servers that accept its jobs."""
    tx.exclusively(account)
    tx.exclusively(f"{account} jobs")


def _restore(tx: Transaction, table: Table, account: str, snapshot_id: str) -> None:
    kind = _KINDS_BY_TABLE.get(table.name)
    copied, columns = f"{SNAPSHOT}{table.name}", ", ".join(table.columns)
    values = {"account": account, "snapshot": snapshot_id}
    kept_rows = f"from {copied} as kept where snapshot_id = :snapshot and account = :account"
    if _is_empty(tx, table.name, account):
        tx.run(f"insert into {table.name} ({columns}) select {columns} {kept_rows}", **values)
        if kind is not None:
            _index_added(tx, kind, account, None)
        return
    compared = _TELLING if kind else table.columns
    removed = tx.all(
        f"delete from {table.name} as live where account = :account and not exists"
        f" (select 1 from {copied} as kept where kept.snapshot_id = :snapshot"
        f" and {_same(each for each in table.columns if each in compared)})"
        f" returning {'number, search_text' if kind else '1'}",
        **values,
    )
    if kind is not None:
        _forget_removed(tx, kind, account, dict(removed))
    (lacking,) = tx.all(
        f"select (select count(*) {kept_rows})"
        f" - (select count(*) from {table.name} where account = :account)",
        **values,
    )
    if not lacking[0]:
        return
    added = tx.all(
        f"insert into {table.name} ({columns}) select {columns} {kept_rows} and not exists"
        f" (select 1 from {table.name} as live where {_same(table.key)})"
        f" returning {'number' if kind else '1'}",
        **values,
    )
    if kind is not None:
        _index_added(tx, kind, account, [row[0] for row in added])


def _is_empty(tx: Transaction, table: str, account: str) -> bool:
    return (
        tx.one(f"select 1 from {table} where account = :account limit 1", account=account) is None
    )


def _same(columns: Iterable[str]) -> str:
    """Give the condition that a row and its copy have the same in some columns."""
    return " and ".join(
        f"live.{each} {'is not distinct from' if each in _NULLABLE else '='} kept.{each}"
        for each in columns
    )


def _forget_removed(tx: Transaction, kind: Kind, account: str, removed: dict[int, str]) -> None:
    """Remove the grams of records that were removed with these texts, unless copies keep them."""
    if not removed:
        return
    kept: dict[int, str] = dict(
        tx.all(
            f"select number, min(search_text) from {SNAPSHOT}{kind.table}"
            f" where account = :account and {tx.dialect.among('number', 'numbers')}"
            " group by number having min(search_text) = max(search_text)",
            account=account,
            numbers=tx.dialect.array(removed),
        )
    )
    stale = [number for number, text in removed.items() if kept.get(number) != text]
    search.forget(tx, kind, account, stale)


def _forget_all(tx: Transaction, kind: Kind, account: str) -> None:
    """Remove the grams of all records of an account, unless copies keep them."""
    if _is_empty(tx, SNAPSHOT + kind.table, account):
        has_copies = tx.one(f"select 1 from {SNAPSHOT}{kind.table} limit 1") is not None
        alone = not has_copies and _is_alone(tx, kind.table, account)
        search.forget_all(tx, kind, account, alone=alone)
        return
    stale = tx.all(
        f"select number from {kind.table} as live where account = :account"
        " and search_text is distinct from (select case when min(search_text) = max(search_text)"
        f" then min(search_text) end from {SNAPSHOT}{kind.table} as kept"
        " where kept.account = live.account and kept.number = live.number)",
        account=account,
    )
    search.forget(tx, kind, account, [row[0] for row in stale])


def _is_alone(tx: Transaction, table: str, account: str) -> bool:
    """Whether no other account has rows in a table, and none can get any meanwhile."""
    if tx.dialect.exclusive is not None:
        # Other accounts are written to at the same time.
        return False
    others = tx.one(
        f"select 1 where exists (select 1 from {table} where account < :account)"
        f" or exists (select 1 from {table} where account > :account)",
        account=account,
    )
    return others is None


def _index_added(tx: Transaction, kind: Kind, account: str, added: list[int] | None) -> None:
    """Make the grams of records that have come back without any. `added` is None for all."""
    among = "true" if added is None else tx.dialect.among("number", "numbers")
    rows = tx.all(
        f"select number, search_text from {kind.table} where account = :account and {among}"
        f" and number not in ({tx.dialect.search.numbers.format(search.table(kind))})",
        account=account,
        **({} if added is None else {"numbers": tx.dialect.array(added)}),
    )
    search.index(tx, kind, account, rows, fresh=True)


def _forget_orphans(tx: Transaction, kind: Kind, snapshot_id: str) -> None:
    """Remove the grams of records of which only this snapshot has copies."""
    orphans: dict[str, list[int]] = {}
    for account, number in tx.all(
        f"select account, number from {SNAPSHOT}{kind.table} as kept"
        " where snapshot_id = :snapshot and not exists (select 1 from"
        f" {kind.table} as live where live.account = kept.account and live.number = kept.number)"
        f" and not exists (select 1 from {SNAPSHOT}{kind.table} as other"
        " where other.account = kept.account and other.number = kept.number"
        " and other.snapshot_id <> :snapshot)",
        snapshot=snapshot_id,
    ):
        orphans.setdefault(account, []).append(number)
    for account, numbers in orphans.items():
        search.forget(tx, kind, account, numbers)
