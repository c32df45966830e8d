"""Announcing accounts with new work on PostgreSQL, without any worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.jobs.procrastinate import schema
from backroom.jobs.procrastinate.dispatcher import Dispatcher
from backroom.store import open_database
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator

MANY = 50


@pytest.fixture
def dispatcher(postgres_url: str) -> Iterator[Dispatcher]:
    database = open_database(postgres_url)
    schema.prepare(database)
    dispatcher = Dispatcher(database)
    dispatcher.start()
    yield dispatcher
    dispatcher.stop()
    database.close()


@pytest.fixture
def tasks(postgres_url: str) -> Iterator[psycopg.Connection]:
    """A connection that sees the tables of Procrastinate."""
    in_schema = "-c search_path=procrastinate"
    with psycopg.connect(postgres_url, autocommit=True, options=in_schema) as connection:
        yield connection


def waiting(tasks: psycopg.Connection) -> list[str]:
    rows = tasks.execute("select lock from procrastinate_jobs where status = 'todo' order by id")
    return [lock for (lock,) in rows]


def test_each_account_is_announced_once(dispatcher: Dispatcher, tasks: psycopg.Connection) -> None:
    accounts = [f"account {n:02}" for n in range(MANY)]
    for account in accounts * 3:
        dispatcher.announce(account)
    until(lambda: len(waiting(tasks)) >= MANY, "a task for each account")
    dispatcher.stop()
    assert sorted(waiting(tasks)) == accounts


def test_begun_task_gets_a_successor(dispatcher: Dispatcher, tasks: psycopg.Connection) -> None:
    """It may have looked for work before there was any."""
    dispatcher.announce("shop")
    until(lambda: waiting(tasks) == ["shop"], "a task that waits")
    tasks.execute("update procrastinate_jobs set status = 'doing'")
    dispatcher.announce("shop")
    until(lambda: waiting(tasks) == ["shop"], "another beside the one that has begun")


def test_stopping_announces_the_last(dispatcher: Dispatcher, tasks: psycopg.Connection) -> None:
    for account in "abc":
        dispatcher.announce(account)
    dispatcher.stop()
    assert sorted(waiting(tasks)) == ["a", "b", "c"]


def test_failure_ends_no_dispatcher(
    dispatcher: Dispatcher, tasks: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    tasks.execute("alter table procrastinate_jobs rename to gone")
    dispatcher.announce("a")
    until(lambda: "the sweep will find it" in caplog.text, "the failure")
    tasks.execute("alter table gone rename to procrastinate_jobs")
    dispatcher.announce("b")
    until(lambda: waiting(tasks) == ["b"], "the next announcement")
