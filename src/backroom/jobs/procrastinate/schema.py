"""Procrastinate's tables: made where there are none, migrated where the library is newer.

Procrastinate ships a script of its whole schema and, beside it, every migration that ever led
there, named `VERSION_NUMBER_pre|post_what.sql`; by their names they sort in the order in which they
are applied. It leaves to its users which of them a database has. So we record their names:

- No tables: run the whole schema, and record all migrations that this library ships.
- Tables, but no record: earlier versions of backroom made them, and all of those required
  Procrastinate 3.10. Record what its schema contains, and go on as if that had always been there.
- A recorded migration that this library does not know: a later version of the library was here.
  Refuse. Procrastinate promises that a `pre` migration does not disturb the version before it, and
  no more. A worker on tables that it does not know could lose work silently.
- Shipped, but not recorded: run these in order, each in a transaction with its record. One
  transaction for all would not do: PostgreSQL does not let a transaction use a value that it has
  itself added to an enum.

Servers and workers that start together all come here. Each transaction first takes one lock, and
looks at the record only then: the second process finds the migration recorded, so each runs once.
A process that dies in between leaves whole migrations, and the next one goes on from there.

`pre` and `post` migrations are run together: processes of the earlier version must be stopped
before an update, as for our own migrations.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import procrastinate
from procrastinate.schema import SchemaManager

from backroom import events
from backroom.store import task_queue
from backroom.store.migrate import NewerDatabase

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

log = logging.getLogger(__name__)

LAST_UNRECORDED = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
"""The last migration in Procrastinate 3.10, which made all tables that have no record."""


def prepare(database: Database) -> None:
    """Bring Procrastinate's tables to the version of the installed library.

    Raises `NewerDatabase` where a later version of the library has migrated them, and
    `StoreUnavailable` where the database can't be reached or another process is using the tables.
    """
    migrations = shipped_migrations()
    while name := database.write(lambda tx: _take_a_step(tx, migrations)).result():
        log.info(events.QUEUE_MIGRATED, name)


def shipped_migrations() -> dict[str, str]:
    """Give the SQL of each migration that the installed library ships, by its name, in order."""
    folder = Path(SchemaManager.get_migrations_path())
    return {file.name: file.read_text("utf-8") for file in sorted(folder.glob("*.sql"))}


def _take_a_step(tx: Transaction, migrations: dict[str, str]) -> str | None:
    """Make the tables, or run the first migration that they lack. None where nothing is left."""
    task_queue.lock_schema(tx)
    version = procrastinate.__version__
    if not task_queue.has_tables(tx):
        task_queue.run_script(tx, SchemaManager.get_schema())
        task_queue.record_migrations(tx, migrations, version)
        return None
    recorded = task_queue.recorded_migrations(tx)
    if recorded is None:
        recorded = {name: "3.10" for name in migrations if name <= LAST_UNRECORDED}
        task_queue.record_migrations(tx, recorded, "3.10")
    if later := sorted(recorded.keys() - migrations.keys()):
        raise NewerDatabase(
            f"The tables of Procrastinate have the migration {later[-1]}, made by version"
            f" {recorded[later[-1]]} of the library; version {version} is installed here."
            " Install that version or a later one to use this database."
        )
    missing = next((name for name in migrations if name not in recorded), None)
    if missing is not None:
        task_queue.run_script(tx, migrations[missing])
        task_queue.record_migrations(tx, [missing], version)
    return missing
