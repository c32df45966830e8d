from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from backroom.jobs.procrastinate import schema
from backroom.jobs.procrastinate.dispatcher import Dispatcher
from backroom.store import open_database, task_queue
from support.factories import written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database, Transaction
    from backroom.store.task_queue import ProcessRow


@pytest.fixture
def announced(postgres_url: str) -> Iterator[Database]:
    """A database with tasks for two accounts."""
    database = open_database(postgres_url)
    schema.prepare(database)
    for account in "ab":
        Dispatcher(database).defer(account)
    yield database
    database.close()


def waiting(database: Database, *accounts: str) -> set[str]:
    with database.read() as tx:
        return task_queue.accounts_waiting(tx, accounts)


def test_waiting_tasks_are_found(announced: Database) -> None:
    assert waiting(announced, "a", "b", "c") == {"a", "b"}
    assert waiting(announced, "c", "a") == {"a"}


def test_begun_tasks_wait_no_more(announced: Database) -> None:
    def begin(tx: Transaction) -> None:
        # Its triggers expect to find its types.
        tx.run("set local search_path to procrastinate")
        tx.run("update procrastinate_jobs set status = 'doing' where lock = 'a'")

    written(announced, begin)
    assert waiting(announced, "a", "b") == {"b"}


def test_processes_are_listed_by_host_and_number(announced: Database) -> None:
    with announced.read() as tx:
        (own,) = task_queue.all_processes(tx)
    assert own.name.endswith(f" {os.getpid()}")
    assert own.connections >= 1
    assert (own.is_this, own.is_worker) == (True, False)


def test_process_that_applies_jobs_is_known(announced: Database) -> None:
    async def look() -> list[ProcessRow]:
        async with task_queue.connection_pool(announced, 1) as pool:
            await pool.wait()
            with announced.read() as tx:
                return list(task_queue.all_processes(tx))

    (own,) = asyncio.run(look())
    assert (own.is_this, own.is_worker) == (True, True)


def test_workers_are_listed_with_their_accounts(announced: Database) -> None:
    def register(tx: Transaction) -> None:
        tx.script("set local search_path to procrastinate")
        tx.script("insert into procrastinate.procrastinate_workers (last_heartbeat) values (now())")
        tx.script(
            "update procrastinate.procrastinate_jobs set status = 'doing', worker_id ="
            " (select id from procrastinate.procrastinate_workers) where lock = 'a'"
        )

    written(announced, register)
    with announced.read() as tx:
        (worker,) = task_queue.all_workers(tx)
    assert (worker.accounts, worker.seconds < 10) == (["a"], True)
