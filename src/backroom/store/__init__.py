"""Rows in a database: the only SQL of the house."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backroom.store.migrate import migrate
from backroom.store.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from backroom.store.database import Database


def open_database(
    url: str | None, *, migrated: bool = True, least: int = 0, pipeline: bool = True
) -> Database:
    """Open the database at `url` and bring its schema up to date unless told not to.

    A path is a file of SQLite; `postgresql://…` is a PostgreSQL server, which may be asked for at
    `least` so many connections at a time, and with or without a `pipeline` for statements.

    None opens an ephemeral one, gone when it is closed. Raises `StoreUnavailable` where it can't be
    opened, `WrongDatabase` where it can't be used.
    """
    database = _opened(url, least, pipeline=pipeline)
    if migrated:
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
    return database


def _opened(url: str | None, least: int, *, pipeline: bool) -> Database:
    if url is not None and url.startswith(("postgresql://", "postgres://")):
        # Only those who have a PostgreSQL need its driver.
        from backroom.store.postgresql.database import CONNECTIONS, PostgresDatabase

        return PostgresDatabase(url, max(CONNECTIONS, least), pipeline=pipeline)
    return SqliteDatabase(None if url is None else Path(url.removeprefix("sqlite:///")))
