"""Rows in a database. All SQL stands in this package."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from backroom.store.migrate import check_schema, migrate
from backroom.store.sqlite import SqliteDatabase
from backroom.store.sqlite_file import refuse_missing

if TYPE_CHECKING:
    from backroom.store.database import Database


def open_database(
    url: str | None,
    *,
    migrated: bool = True,
    make: bool = True,
    least: int = 0,
    pipeline: bool = True,
) -> Database:
    """Open the database at `url` and bring its schema up to date, unless not `migrated`.

    A path is a file of SQLite; `postgresql://…` is a PostgreSQL server, which may be asked for at
    `least` so many connections at a time, and with or without a `pipeline` for statements.

    None opens an ephemeral one, gone when it is closed. A missing file is made, unless not `make`.
    Raises `StoreUnavailable` where it can't be opened, of which `UnusablePlace` is a kind, and
    `WrongDatabase` where it can't be used.
    """
    if url is not None and not make and not is_postgres(url):
        refuse_missing(file_of(url))
    database = _opened(url, least, pipeline=pipeline)
    if migrated:
        try:
            migrate(database)
        except BaseException:
            database.close()
            raise
    return database


def open_to_read(url: str) -> Database:
    """Open the database at `url` to read. Nothing in it can change, its schema included.

    The engine itself refuses to write: a file of SQLite is opened as one that can only be read, and
    PostgreSQL makes all transactions read-only. Raises `StoreUnavailable` where the database can't
    be opened, `WrongDatabase` where its schema is not this version's.
    """
    if is_postgres(url):
        database = _opened(_reading_only(url), least=0, pipeline=False)
    else:
        database = SqliteDatabase(file_of(url), read_only=True)
    try:
        check_schema(database)
    except BaseException:
        database.close()
        raise
    return database


def _reading_only(url: str) -> str:
    """Add to a URL of PostgreSQL what makes all transactions of its sessions read-only."""
    option = "-c%20default_transaction_read_only%3Don"
    changed, found = re.subn(r"([?&]options=)", rf"\1{option}%20", url)
    return changed if found else f"{url}{'&' if '?' in url else '?'}options={option}"


def is_postgres(url: str) -> bool:
    """Whether a URL names a PostgreSQL server, and not a file of SQLite."""
    return url.startswith(("postgresql://", "postgres://"))


def file_of(url: str) -> Path:
    """Give the file of SQLite that a URL names, which is no URL of PostgreSQL."""
    return Path(url.removeprefix("sqlite:///"))


def _opened(url: str | None, least: int, *, pipeline: bool) -> Database:
    if url is not None and is_postgres(url):
        # Only users of PostgreSQL have its driver.
        from backroom.store.postgresql.database import CONNECTIONS, PostgresDatabase

        return PostgresDatabase(url, max(CONNECTIONS, least), pipeline=pipeline)
    return SqliteDatabase(None if url is None else file_of(url))
