"""What operators watch of PostgreSQL: connections, waits, and what the server says itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import errors

from backroom.store.signals import WRITE_SIGNALS, Signal

if TYPE_CHECKING:
    from backroom.store.database import Transaction
    from backroom.store.postgresql.pipeline_pool import PipelinePool
    from backroom.store.postgresql.pool import Pool

_LOCK_TIMEOUTS = "postgres_lock_timeouts_total"
_STATEMENT_TIMEOUTS = "postgres_statement_timeouts_total"
COUNTS = (
    *WRITE_SIGNALS,
    "store_writes_waiting",
    "postgres_transactions_retried_total",
    "postgres_slow_reads_total",
    _LOCK_TIMEOUTS,
    _STATEMENT_TIMEOUTS,
)
"""What a process counts of its writes and reads."""


def timeout_counted(error: Exception) -> str | None:
    """Give the counter for an error that is a time-out, None for other errors."""
    if isinstance(error, errors.LockNotAvailable):
        return _LOCK_TIMEOUTS
    return _STATEMENT_TIMEOUTS if isinstance(error, errors.QueryCanceled) else None


def connection_signals(pool: Pool, pipelines: dict[str, PipelinePool]) -> list[Signal]:
    """Give how the connections of this process are used."""
    size, free, waiting = pool.standing()
    found = [
        Signal("postgres_pool_connections", size - free, (("state", "lent"),)),
        Signal("postgres_pool_connections", free, (("state", "free"),)),
        Signal("postgres_pool_waiting", waiting),
    ]
    for use, each in pipelines.items():
        label = (("use", use),)
        opened = each.pipelines
        found.append(Signal("postgres_pipelines", len(opened), label))
        under_way = sum(one.under_way for one in opened)
        found.append(Signal("postgres_pipeline_statements", under_way, label))
    return found


def asked_signals(tx: Transaction) -> list[Signal]:
    """Ask the server for the size of the database, and for who waits for locks in it."""
    row = tx.one(
        "-- signals of the database\n"
        "select pg_database_size(current_database())::bigint, (select count(*) from pg_locks"
        " where not granted and database = (select oid from pg_database"
        " where datname = current_database()))"
    )
    size, waits = row or (0, 0)
    return [Signal("db_size_bytes", size), Signal("postgres_lock_waits", waits)]
