from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.jobs.engine import Dispatcher, prepared
from backroom.store import open_database, tasks
from factories import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Transaction
    from backroom.store.postgresql.database import PostgresDatabase


@pytest.fixture
def told(postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database with tasks for two accounts."""
    database = prepared(open_database(postgres_url))
    for account in "ab":
        Dispatcher(database).defer(account)
    yield database
    database.close()


def waiting(database: PostgresDatabase, *accounts: str) -> set[str]:
    with database.read() as tx:
        return tasks.waiting(tx, accounts)


def test_waiting_tasks_are_found(told: PostgresDatabase) -> None:
    assert waiting(told, "a", "b", "c") == {"a", "b"}
    assert waiting(told, "c", "a") == {"a"}


def test_begun_tasks_wait_no_more(told: PostgresDatabase) -> None:
    def begin(tx: Transaction) -> None:
        # Its triggers expect to find its types.
        tx.run("set local search_path to procrastinate")
        tx.run("update procrastinate_jobs set status = 'doing' where lock = 'a'")

    written(told, begin)
    assert waiting(told, "a", "b") == {"b"}
