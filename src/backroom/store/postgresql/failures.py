"""What the errors of psycopg mean: try again, the database is unavailable, or a mistake of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from backroom.store.database import StoreUnavailable, WriteRefused, WriteTooSlow
from backroom.store.postgresql.connections import IDLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)
"""After these, PostgreSQL asks to try the transaction again."""
_LIMIT_EXCEEDED = "54"
"""The class of errors that psycopg counts as operational, though a value of ours is too large."""
POSTGRES_UNAVAILABLE = (
    # Connections that were lost, and statements that were cancelled after their time.
    psycopg.OperationalError,
    psycopg.InterfaceError,
    PoolTimeout,
    # The session was ended because this process had stopped in the middle.
    errors.IdleInTransactionSessionTimeout,
    # After a failover, until the name leads to the new primary.
    errors.ReadOnlySqlTransaction,
)
OTHERS_FAULT = (errors.LockNotAvailable, errors.QueryCanceled)
"""After these, the next write may succeed."""
END_ABSENT = f"""-- end absent clients
    select pg_terminate_backend(pid) from pg_stat_activity as session
    where datname = current_database() and usename = current_user
      and state <> 'idle' and wait_event_type = 'Client'
      and state_change < now() - interval '{IDLE_SECONDS} seconds'
      and exists (select from pg_locks
        where pg_locks.pid = session.pid and locktype = 'advisory' and granted)
"""
"""Ends who holds an account and went away between the parts of a pipeline.

PostgreSQL does not count that as idle.
"""


def is_unavailable(error: BaseException) -> bool:
    """Whether an error means the state of the database, not a mistake of ours."""
    if isinstance(error, psycopg.Error) and (error.sqlstate or "").startswith(_LIMIT_EXCEEDED):
        return False
    return isinstance(error, POSTGRES_UNAVAILABLE)


def ends_transaction(error: BaseException) -> bool:
    """Whether the whole transaction failed, and not one statement alone."""
    # A key that is taken fails one statement, but the whole transaction is tried again.
    again = isinstance(error, AGAIN) and not isinstance(error, errors.UniqueViolation)
    return again or is_unavailable(error)


def failure_text(error: Exception) -> str:
    """Give what went wrong, with the name of the statement."""
    return "; ".join([str(error).strip(), *getattr(error, "__notes__", ())])


@contextmanager
def reported_as_ours() -> Iterator[None]:
    """Raise `StoreUnavailable` in place of the errors of psycopg that mean it."""
    try:
        yield
    except POSTGRES_UNAVAILABLE as error:
        if not is_unavailable(error):
            raise
        raise StoreUnavailable(failure_text(error)) from error


def write_failure(error: Exception) -> StoreUnavailable:
    """Give the error to raise for a write that could not be done."""
    if isinstance(error, errors.QueryCanceled):
        return WriteTooSlow(failure_text(error))
    if isinstance(error, PoolTimeout):
        # There is no connection: the database is away, for everybody.
        return StoreUnavailable(failure_text(error))
    return WriteRefused(failure_text(error))
