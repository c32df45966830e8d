"""Bring a database to the schema of this version; refuse a database of a later version.

Migrations are numbered files in `migrations/`. A file of plain SQL is run as it stands. A file of
JSON is a `Backfill`: it gives the rows of earlier versions an attribute. All missing migrations run
in one transaction, which also notes that they ran. There are no migrations back.
"""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import clock
from backroom.store.backfill import Backfill
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction


class WrongDatabase(Exception):
    """The database can't be used by this version of backroom."""


class NewerDatabase(WrongDatabase):
    """The database was made by a later version."""


class OlderDatabase(WrongDatabase):
    """The database was made by an earlier version, and may not be changed."""


class ForeignDatabase(WrongDatabase):
    """The database was not made by backroom."""


class Migration(NamedTuple):
    """One migration: its name, which begins with its number, and its SQL or backfill."""

    name: str
    work: str | Backfill

    def apply(self, tx: Transaction) -> None:
        """Run the SQL, or rewrite the rows."""
        if isinstance(self.work, Backfill):
            self.work.apply(tx)
        else:
            tx.script(self.work)


def migrations(engine: str) -> dict[int, Migration]:
    """Give the migrations of an engine by number, in order.

    A file is for both engines, unless its name has an engine's name before its ending.
    """
    found: dict[int, Migration] = {}
    for file in (resources.files("backroom.store") / "migrations").iterdir():
        name, _, ending = file.name.partition(".")
        work: str | Backfill
        if ending in {"sql", f"{engine}.sql"}:
            work = file.read_text(encoding="utf-8")
        elif ending == "json":
            work = msgspec.json.decode(file.read_bytes(), type=Backfill)
        else:
            continue
        found[int(name[:4])] = Migration(name, work)
    return dict(sorted(found.items()))


def migrate(database: Database) -> list[str]:
    """Apply the migrations that are missing, and give their names.

    Raises `NewerDatabase` if the database has migrations that this version does not know, and
    `ForeignDatabase` if a migration fails.
    """
    return database.write(_apply_missing).result()


def check_schema(database: Database) -> None:
    """Check that a database has this version's schema. Changes nothing.

    Raises `OlderDatabase` or `NewerDatabase` where the schema is another version's, and
    `ForeignDatabase` where the database is not one of backroom's.
    """
    try:
        with database.read() as tx:
            applied = {row[0] for row in tx.all("select number from schema_migrations")}
    except StoreUnavailable:
        raise
    except Exception as error:
        # Each engine has its own error for a table that does not exist.
        raise ForeignDatabase(f"This is not a database of backroom: {error}.") from error
    known = set(migrations(database.dialect.name))
    _refuse_newer(applied, known)
    if known - applied:
        raise OlderDatabase(
            f"This database has schema {max(applied, default=0)}, made by an earlier version of"
            f" backroom; this one needs schema {max(known)}. Run `backroom migrate` on it, or on a"
            " copy of it if the earlier version must still serve it."
        )


def _refuse_newer(applied: set[int], known: set[int]) -> None:
    if newer := applied - known:
        raise NewerDatabase(
            f"This database has schema {max(newer)}, made by a later version of backroom;"
            f" this one knows schemas up to {max(known)}. Install the later version to open it."
        )


def _apply_missing(tx: Transaction) -> list[str]:
    # If several processes start together, one migrates. The others wait here, and then find that
    # nothing is missing.
    tx.exclusively("schema")
    tx.run(
        "create table if not exists schema_migrations"
        " (number integer not null, name text not null, applied_at text not null)"
    )
    known = migrations(tx.dialect.name)
    applied = {row[0] for row in tx.all("select number from schema_migrations")}
    _refuse_newer(applied, set(known))
    missing = [number for number in known if number not in applied]
    for number in missing:
        name = known[number].name
        try:
            known[number].apply(tx)
        except Exception as error:
            raise ForeignDatabase(
                f"Schema {name} can't be made here: {error}."
                " Is this the database of something else?"
            ) from error
        tx.run(
            "insert into schema_migrations (number, name, applied_at)"
            " values (:number, :name, :applied_at)",
            number=number,
            name=name,
            applied_at=clock.timestamp(clock.now()),
        )
    return [known[number].name for number in missing]
