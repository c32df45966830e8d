"""The tables as the database's own catalog has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.store import open_database
from backroom.store.migrate import migrate, migrations
from backroom.store.move import SNAPSHOT, TABLES
from store.described import columns, everything, unique_columns
from support.factories import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database, Transaction
    from conftest import NewDatabase

NUMBERS = list(migrations("sqlite"))
NOTES = (
    "create table if not exists schema_migrations"
    " (number integer not null, name text not null, applied_at text not null)"
)
INSERT = "insert into schema_migrations values (:number, :name, :at)"


@pytest.fixture
def bare(new_store: NewDatabase) -> Iterator[Database]:
    """A database without any table."""
    opened = open_database(new_store(), migrated=False)
    yield opened
    opened.close()


def apply_first(tx: Transaction, count: int) -> None:
    """Leave a database as an earlier version of backroom, which knew so many, would have."""
    tx.run(NOTES)
    known = migrations(tx.dialect.name)
    for number in NUMBERS[:count]:
        known[number].apply(tx)
        tx.run(INSERT, number=number, name=known[number].name, at=clock.timestamp(clock.now()))


def test_every_key_begins_with_account(database: Database) -> None:
    unique = unique_columns(database)
    assert unique.keys() >= {table.name for table in TABLES}
    firsts = {
        (table, index): held[0]
        for table, indexes in unique.items()
        for index, held in indexes.items()
    }
    others = {table: first for (table, _), first in firsts.items() if first != "account"}
    # A snapshot may be of all accounts, and is read and deleted as a whole.
    copies = {each for each in unique if each.startswith(SNAPSHOT)}
    assert others == {
        "secrets": "name",
        # What sends deliveries finds them by their webhooks, whichever account has these.
        "webhooks": "webhook_id",
        "webhook_deliveries": "delivery_id",
    } | dict.fromkeys(copies | {"snapshots"}, "snapshot_id")


def test_every_table_has_a_key(database: Database) -> None:
    without = columns(database).keys() - unique_columns(database).keys()
    assert without == {"key_changes", "schema_migrations"}


@pytest.mark.parametrize("count", range(len(NUMBERS) + 1))
def test_step_by_step_equals_fresh(bare: Database, database: Database, count: int) -> None:
    written(bare, lambda tx: apply_first(tx, count))
    assert len(migrate(bare)) == len(NUMBERS) - count
    assert everything(bare) == everything(database)
