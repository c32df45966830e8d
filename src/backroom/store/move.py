"""Copy everything from one database to another, of either engine.

Rows are copied in slices by their keys. Each slice is written in one transaction with a note of how
far the copy got, so a move that was broken off goes on from there. In the end both databases are
read through and compared: the rows of each table are counted, and their checksums are added up,
which gives the same sum in any order. Derived rows, the words of the search, are not copied but
made again. The source is only read. Nothing else may write to either database meanwhile.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.kinds import KINDS
from backroom.store import search

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from backroom.store.database import Database, Row, Transaction

_MOVED_IN_A_SLICE = 1000
_MODULUS = 2**64


class NotEmpty(Exception):
    """The database to move to has rows that no move has put there."""


class Differs(Exception):
    """Both databases were read through, and they do not hold the same."""


@dataclass(frozen=True)
class Table:
    """A table that is moved: its key, and the other columns."""

    name: str
    key: tuple[str, ...]
    rest: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, those of the key first."""
        return self.key + self.rest


SNAPSHOT = "snapshot_"
"""The beginning of the name of a table that has copies of the rows of another."""
_RECORD = ("external_id", "published", "search_text", "attributes", "nulls", "linkage")
_PLAIN_TABLES = (
    Table("secrets", ("name",), ("value",)),
    Table("accounts", ("account",), ("name", "created_at")),
    Table(
        "keys",
        ("account", "key_id"),
        ("name", "hash", "hint", "scopes", "created_at", "revoked_at", "last_used_at"),
    ),
    Table("webhooks", ("webhook_id",), ("account", "url", "events", "secret", "created_at")),
    Table(
        "webhook_deliveries",
        ("delivery_id",),
        ("webhook_id", "event", "body", "created_at", "state", "due_at", "tries", "attempts"),
    ),
    Table("imports", ("account", "import_id"), ("name", "created_at", "failed", "report")),
    Table(
        "call_touches",
        ("account", "kind", "external_id", "touch_id"),
        ("operation", "revision", "request_id", "touched_at", "given"),
    ),
    Table("items", ("account", "number"), ("title", *_RECORD)),
    Table("variants", ("account", "number"), ("title", "sku", "item_number", *_RECORD)),
    Table(
        "categories",
        ("account", "number"),
        ("name", "external_id", "search_text", "attributes", "nulls", "linkage"),
    ),
    Table("item_categories", ("account", "category_number", "item_number"), ("item_external_id",)),
    Table("emptied_categories", ("account", "category_number"), ()),
    Table(
        "jobs",
        ("account", "job_id"),
        (
            "type",
            "status",
            "created_at",
            "expires_at",
            "completed_at",
            "total_count",
            "completed_count",
            "failed_count",
            "errors",
            "linkage",
        ),
    ),
    Table("job_operations", ("account", "job_id"), ("operations", "tries", "trace", "applied")),
    Table(
        "kept_requests", ("account", "request_id"), ("operation", "revision", "body", "created_at")
    ),
    Table("kept_resources", ("account", "type", "resource_id"), ("number", "attributes")),
    Table("profile_identifiers", ("account", "identifier"), ("resource_id",)),
    Table(
        "subscriptions",
        ("account", "subscription_id"),
        (
            "variant_number",
            "variant_id",
            "channels",
            "profile",
            "created_at",
            "delivered_at",
            "event_id",
            "quantity",
        ),
    ),
)
_APART = {
    *("secrets", "accounts", "keys", "webhooks", "webhook_deliveries"),
    *("imports", "call_touches"),
}
CATALOG_TABLES = tuple(each for each in _PLAIN_TABLES if each.name not in _APART)
"""Every table with rows of an account's catalog, of its jobs, and of what is kept beside them.

A snapshot has copies of all of them.
"""
TABLES = (
    *_PLAIN_TABLES,
    Table("snapshots", ("snapshot_id",), ("account", "name", "created_at")),
    *(
        Table(SNAPSHOT + each.name, ("snapshot_id", *each.key), each.rest)
        for each in CATALOG_TABLES
    ),
)
"""Every table with rows of its own."""

_SEARCHED = {kind.table: kind for kind in KINDS.values()}


@dataclass(frozen=True)
class Moved:
    """One table after the move: how many rows it has, and the sum of their checksums."""

    table: str
    rows: int
    checksum: str


def move(source: Database, target: Database, progress: Callable[[str, int], None]) -> list[Moved]:
    """Copy all tables and compare them. `progress` is called after each slice: table, rows so far.

    Raises `NotEmpty` where the target has rows of its own, `Differs` where the copy is not the
    same as the source.
    """
    target.write(_open_notes).result()
    for table in TABLES:
        _copy(source, target, table, progress)
    compared = [_compared(source, target, table) for table in TABLES]
    target.write(lambda tx: tx.run("drop table move_notes")).result()
    return compared


def _open_notes(tx: Transaction) -> None:
    """Begin a move, or go on with one."""
    tx.run("create table if not exists move_notes (table_name text not null, note text not null)")
    if tx.one("select 1 from move_notes limit 1") is None:
        for table in TABLES:
            if tx.one(f"select 1 from {table.name} limit 1") is not None:
                raise NotEmpty(
                    f"The database to move to has rows in {table.name} already."
                    " Move into one that was only just made."
                )
        tx.run("insert into move_notes (table_name, note) values ('', '')")


def _copy(
    source: Database, target: Database, table: Table, progress: Callable[[str, int], None]
) -> None:
    with target.read() as tx:
        row = tx.one("select note from move_notes where table_name = :table", table=table.name)
    after = msgspec.json.decode(row[0]) if row else None
    done = 0
    for rows in _slices(source, table, after):
        target.write(lambda tx, rows=rows: _put(tx, table, rows)).result()  # type: ignore[misc]
        done += len(rows)
        progress(table.name, done)


def _slices(database: Database, table: Table, after: list[Any] | None) -> Iterator[list[Row]]:
    """Read a table in slices by its key."""
    while True:
        with database.read() as tx:
            rows = next_slice(tx, table, after)
        if not rows:
            return
        yield rows
        after = list(rows[-1][: len(table.key)])


def slices(tx: Transaction, table: Table) -> Iterator[list[Row]]:
    """Read a table in slices by its key, all in one transaction."""
    after: list[Any] | None = None
    while rows := next_slice(tx, table, after):
        yield rows
        after = list(rows[-1][: len(table.key)])


def next_slice(tx: Transaction, table: Table, after: list[Any] | None) -> list[Row]:
    """Give the rows of a table after a key, in order. The key None comes before all others."""
    key = ", ".join(table.key)
    bound = ", ".join(f":{column}" for column in table.key)
    condition = f" where ({key}) > ({bound})" if after is not None else ""
    return tx.all(
        f"select {', '.join(table.columns)} from {table.name}{condition}"
        f" order by {key} limit :most",
        most=_MOVED_IN_A_SLICE,
        **dict(zip(table.key, after or (), strict=False)),
    )


def put_rows(tx: Transaction, table: Table, rows: list[Row]) -> None:
    """Add rows to a table, with the words of the search that are derived from them."""
    tx.insert(table.name, table.columns, rows)
    kind = _SEARCHED.get(table.name)
    if kind is not None:
        at = table.columns.index("search_text")
        for row in rows:
            search.index(tx, kind, row[0], [(row[1], row[at])], fresh=True)


def _put(tx: Transaction, table: Table, rows: list[Row]) -> None:
    put_rows(tx, table, rows)
    note = msgspec.json.encode(rows[-1][: len(table.key)]).decode()
    tx.run("delete from move_notes where table_name = :table", table=table.name)
    tx.run(
        "insert into move_notes (table_name, note) values (:table, :note)",
        table=table.name,
        note=note,
    )


def _compared(source: Database, target: Database, table: Table) -> Moved:
    here, there = (summed(table, _slices(each, table, None)) for each in (source, target))
    if here != there:
        raise Differs(
            f"{table.name} differs after the move: {here.rows} rows with the sum {here.checksum},"
            f" now {there.rows} with {there.checksum}. Was something else writing?"
        )
    return there


def summed(table: Table, slices_read: Iterable[list[Row]]) -> Moved:
    """Count the rows in slices of a table, and add up their checksums."""
    count = total = 0
    for rows in slices_read:
        for row in rows:
            digest = hashlib.blake2b(msgspec.json.encode(row), digest_size=8).digest()
            total = (total + int.from_bytes(digest)) % _MODULUS
            count += 1
    return Moved(table.name, count, f"{total:016x}")
