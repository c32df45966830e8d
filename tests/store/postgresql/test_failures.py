"""What the errors of psycopg mean."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors
from psycopg_pool import PoolTimeout

from backroom.store.database import StoreUnavailable, WriteRefused, WriteTooSlow
from backroom.store.postgresql.failures import (
    ends_transaction,
    failure_text,
    is_unavailable,
    write_failure,
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (errors.AdminShutdown(), True),
        (errors.ReadOnlySqlTransaction(), True),
        (PoolTimeout(), True),
        (errors.ProgramLimitExceeded(), False),
        (errors.UniqueViolation(), False),
    ],
)
def test_state_of_the_database_is_known(error: Exception, expected: bool) -> None:  # noqa: FBT001
    assert is_unavailable(error) is expected


def test_deadlock_ends_the_transaction() -> None:
    assert ends_transaction(errors.DeadlockDetected())
    assert not ends_transaction(errors.UniqueViolation())


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PoolTimeout(), StoreUnavailable),
        (psycopg.OperationalError(), WriteRefused),
        (errors.QueryCanceled(), WriteTooSlow),
    ],
)
def test_failed_write_says_who_is_away(error: Exception, expected: type[StoreUnavailable]) -> None:
    assert type(write_failure(error)) is expected


def test_text_names_the_statement() -> None:
    error = errors.DiskFull("no space left\n")
    error.add_note("statement: update jobs")
    assert failure_text(error) == "no space left; statement: update jobs"
