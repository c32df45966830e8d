"""Rows in a database: the only SQL of the house."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backroom.store.migrate import migrate
from backroom.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from backroom.store.database import Database


def open_database(url: str | None, *, migrated: bool = True) -> Database:
    """Open the database at `url`, a path, and bring its schema up to date unless told not to.

    None opens an ephemeral one, gone when it is closed. Raises `StoreUnavailable` where it can't be
    opened, `NewerDatabase` where a later version made it.
    """
    path = None if url is None else Path(url.removeprefix("sqlite:///"))
    database = SqliteDatabase(path)
    if migrated:
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
    return database
