"""How a database is, in numbers that an operator looks at. Nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backroom import clock

if TYPE_CHECKING:
    from backroom.store.database import Transaction


class RowCondition(NamedTuple):
    """Keys that open, keys in all, jobs in progress, and when the oldest of these was created."""

    keys: int
    all_keys: int
    in_progress: int
    oldest: str | None


class ServerCondition(NamedTuple):
    """A PostgreSQL server: its version, its connections, and its clock against this machine's."""

    version: int
    most_connections: int
    connections: int
    takes_writes: bool
    skew: float
    """Seconds by which its clock is ahead."""


def condition(tx: Transaction) -> RowCondition:
    """Look at the keys and the jobs of a database."""
    (row,) = tx.all(
        "select (select count(*) from keys where revoked_at is null), (select count(*) from keys),"
        " (select count(*) from jobs where completed_at is null),"
        " (select min(created_at) from jobs where completed_at is null)"
    )
    return RowCondition(*row)


def server_condition(tx: Transaction) -> ServerCondition:
    """Look at the PostgreSQL server of a database."""
    began = clock.now().timestamp()
    (row,) = tx.all(
        "select current_setting('server_version_num')::int,"
        " current_setting('max_connections')::int,"
        " (select count(*)::int from pg_stat_activity),"
        # This session is read-only by its own wish. What others get stands in the catalog.
        " not pg_is_in_recovery() and not exists (select 1 from pg_db_role_setting"
        " where setdatabase in (0, (select oid from pg_database"
        " where datname = current_database())) and setrole in (0,"
        " (select oid from pg_roles where rolname = current_user))"
        " and 'default_transaction_read_only=on' = any (setconfig)),"
        " extract(epoch from clock_timestamp())::float8"
    )
    middle = (began + clock.now().timestamp()) / 2
    version, most, connections, takes_writes, now = row
    return ServerCondition(version, most, connections, takes_writes, now - middle)


def broken_page(tx: Transaction) -> str:
    """Say what is wrong with the first damaged page of SQLite, empty where none is."""
    found = str(tx.all("pragma quick_check(1)")[0][0])
    return "" if found == "ok" else found
