"""The condition of a database, in numbers for an operator. Nothing is written."""

from __future__ import annotations

import re
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
    timeouts: tuple[str, ...] = ()
    """Time-outs that the role or the database sets for every session, such as `lock_timeout=1s`."""


_TIMEOUT_SETTING = re.compile(r"\w+_timeout=(?!0)")
"""A time-out that is on: 0 turns one off."""
_SETTINGS = """
select distinct setting from pg_db_role_setting, unnest(setconfig) setting
where setdatabase in (0, (select oid from pg_database where datname = current_database()))
  and setrole in (0, (select oid from pg_roles where rolname = current_user)) order by setting
"""
"""What every session of this role, or of this database, gets."""


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
        " not pg_is_in_recovery(),"
        " extract(epoch from clock_timestamp())::float8"
    )
    middle = (began + clock.now().timestamp()) / 2
    version, most, connections, takes_writes, now = row
    settings = [name for (name,) in tx.all(_SETTINGS)]
    return ServerCondition(
        version,
        most,
        connections,
        takes_writes and "default_transaction_read_only=on" not in settings,
        now - middle,
        tuple([each for each in settings if _TIMEOUT_SETTING.match(each)]),
    )


def broken_page(tx: Transaction) -> str:
    """Say what is wrong with the first damaged page of SQLite. Empty if no page is damaged."""
    found = str(tx.all("pragma quick_check(1)")[0][0])
    return "" if found == "ok" else found
