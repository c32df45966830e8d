"""Statements on the event loop: they find their way back, and whatever fails is asked elsewhere."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backroom.store.postgresql.database import PostgresDatabase
from backroom.store.postgresql.pipeline import ReplyOutcome
from support.engines import end_sessions
from support.factories import DEADLINE, on_loop, written
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from backroom.store.database import Row
    from backroom.store.postgresql.pipeline import Pipeline, Reply

    Scenario = Callable[[], Coroutine[Any, Any, Any]]

ALL_TYPES = (
    "select 1 + :n as n, 12345678901 as large, cast(:text as text) as text, null as nothing,"
    " true as truth, 'ä' || chr(10) as special, :n = any(:several) as found,"
    " convert_to('ä', 'UTF8') as octets"
)
VALUES = {"n": 41, "text": "it's", "several": [1, 41]}


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    """A database with a table that checks only at the commit whether numbers are different."""
    with closing(PostgresDatabase(postgres_url, connections=4)) as opened:
        table = "create table numbers (n integer unique deferrable initially deferred)"
        written(opened, lambda tx: tx.script(table))
        yield opened


def read(database: PostgresDatabase, sql: str, **values: Any) -> asyncio.Future[list[Row]]:
    def work() -> list[Row]:
        with database.read() as tx:
            return tx.all(sql, **values)

    return on_loop(database, work)


def shared(database: PostgresDatabase, sql: str, **values: Any) -> asyncio.Future[Reply]:
    """Ask on a connection for reads, and nowhere else."""
    return on_loop(database, lambda: database._reading.ask_sharing(sql, values, queue=True))  # noqa: SLF001


def alone(database: PostgresDatabase, sql: str, **values: Any) -> asyncio.Future[Reply]:
    """Ask on a connection for writes, and nowhere else."""
    return on_loop(database, lambda: database._writing.ask_alone(sql, values))  # noqa: SLF001


def add(database: PostgresDatabase, number: int) -> asyncio.Future[Reply]:
    return alone(database, "insert into numbers values (:n) returning n", n=number)


def numbers(database: PostgresDatabase) -> list[int]:
    with database.read() as tx:
        return [n for (n,) in tx.all("select n from numbers order by n")]


def pipelines(database: PostgresDatabase) -> list[Pipeline]:
    return [*database._reading.pipelines, *database._writing.pipelines]  # noqa: SLF001


async def asked(database: PostgresDatabase) -> None:
    """Ask both kinds of connections for something."""
    await shared(database, "select 1")
    await alone(database, "select 1")
    # Where there is none, the answer comes in the same turn of the loop.
    await asyncio.sleep(0)


async def opened(database: PostgresDatabase) -> None:
    """Ask until a connection is there for reading, and one for writing."""
    end = time.monotonic() + DEADLINE
    while not (database._reading.pipelines and database._writing.pipelines):  # noqa: SLF001
        await asked(database)
        assert time.monotonic() < end


def run(database: PostgresDatabase, scenario: Scenario) -> Any:
    """Run something on an event loop once both kinds of connections are open."""

    async def whole() -> Any:
        await opened(database)
        return await scenario()

    return asyncio.run(whole())


def test_each_gets_its_own_rows(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[Row]]:
        return await asyncio.gather(*(read(database, "select :n + 0", n=n) for n in range(500)))

    assert run(database, scenario) == [[(n,)] for n in range(500)]


def test_rows_are_those_of_threads(database: PostgresDatabase) -> None:
    async def scenario() -> list[Row]:
        return await read(database, ALL_TYPES, **VALUES)

    with database.read() as tx:
        expected = tx.all(ALL_TYPES, **VALUES)
    assert run(database, scenario) == expected
    assert expected[0][0] == 42


def test_sizes_of_numbers_may_change(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[Row]]:
        return [await read(database, "select :n + 0", n=n) for n in (1, 2**20, 2**40, None, 2)]

    assert run(database, scenario) == [[(n,)] for n in (1, 2**20, 2**40, None, 2)]


def test_more_statements_than_are_prepared(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[Row]]:
        texts = [f"select :n + {n}" for n in range(300)]
        return [await read(database, text, n=1) for text in texts]

    assert run(database, scenario) == [[(n + 1,)] for n in range(300)]


def test_large_values_are_sent_whole(database: PostgresDatabase) -> None:
    text = "ä" * 3_000_000

    async def scenario() -> list[list[Row]]:
        asked = (read(database, "select length(cast(:t as text))", t=text) for _ in range(4))
        return await asyncio.gather(*asked)

    assert run(database, scenario) == [[(3_000_000,)]] * 4


def test_wrong_statement_fails_alone(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[Row] | BaseException]:
        asked = (read(database, f"select 1 / {n}") for n in (1, 0, 1))
        return await asyncio.gather(*asked, return_exceptions=True)

    first, wrong, last = run(database, scenario)
    assert first == last == [(1,)]
    assert isinstance(wrong, psycopg.errors.DivisionByZero)


def test_lost_connection_loses_no_answer(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[Row]]:
        slow = read(database, "select 7 from pg_sleep(0.04)")
        # A read that is lost in a thread as well is refused: those connections stay.
        lost = [each.connection.info.backend_pid for each in pipelines(database)]
        await asyncio.to_thread(end_sessions, database.url, lost)
        after = (read(database, "select :n + 0", n=n) for n in range(20))
        return [await slow, *(await asyncio.gather(*after))]

    assert run(database, scenario) == [[(n,)] for n in (7, *range(20))]


def test_connections_come_back(database: PostgresDatabase) -> None:
    async def scenario() -> None:
        end_sessions(database.url)
        lost = [*pipelines(database)]
        for each in lost:
            each.lose("the test says so")
        end = time.monotonic() + DEADLINE
        while len(pipelines(database)) < len(lost):
            await asked(database)
            assert time.monotonic() < end

    run(database, scenario)


def test_lost_statement_is_known_as_such(database: PostgresDatabase) -> None:
    async def scenario() -> Reply:
        asked = alone(database, "select pg_sleep(60)")
        for each in pipelines(database):
            each.lose("the test says so")
        return await asked

    assert run(database, scenario).outcome is ReplyOutcome.LOST


def test_given_up_statement_is_cancelled(database: PostgresDatabase) -> None:
    async def scenario() -> None:
        asked = alone(database, "select pg_sleep(60)")
        await asyncio.to_thread(until, lambda: sleeping(database) == 1, "the statement to begin")
        for each in pipelines(database):
            each.lose("the test says so")
        await asked

    run(database, scenario)
    until(lambda: sleeping(database) == 0, "the statement to end on the server")


def sleeping(database: PostgresDatabase) -> int:
    with psycopg.connect(database.url, autocommit=True) as other:
        asleep = "select from pg_stat_activity where state = 'active' and wait_event = 'PgSleep'"
        return other.execute(f"{asleep} and datname = current_database()").rowcount


def test_neighbours_of_the_slow_are_not_begun(database: PostgresDatabase) -> None:
    async def scenario() -> list[Reply]:
        texts = ("select 1", "select 2 from pg_sleep(60)", "select 3")
        return await asyncio.gather(*(shared(database, text) for text in texts))

    first, slow, last = run(database, scenario)
    assert first == (ReplyOutcome.ANSWERED, [(1,)])
    assert slow.outcome is ReplyOutcome.TOO_SLOW
    assert last.outcome is ReplyOutcome.NOT_BEGUN


def test_connection_outlives_what_was_slow(database: PostgresDatabase) -> None:
    async def scenario() -> bool:
        before = pipelines(database)
        await shared(database, "select 2 from pg_sleep(60)")
        await shared(database, "select 1")
        return pipelines(database)[: len(before)] == before

    assert run(database, scenario)


def test_changed_table_is_prepared_anew(database: PostgresDatabase) -> None:
    async def scenario() -> list[ReplyOutcome]:
        outcomes = [(await shared(database, "select * from numbers")).outcome]
        change = "alter table numbers add column name text"
        await asyncio.wrap_future(database.write(lambda tx: tx.script(change)))
        for _ in range(2):
            outcomes.append((await shared(database, "select * from numbers")).outcome)  # noqa: PERF401
        return outcomes

    assert run(database, scenario) == [
        ReplyOutcome.ANSWERED,
        ReplyOutcome.FAILED,
        ReplyOutcome.ANSWERED,
    ]


def test_answered_write_is_committed(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[int]]:
        return [(await add(database, n), numbers(database))[1] for n in range(20)]

    assert run(database, scenario) == [list(range(n + 1)) for n in range(20)]


def test_failed_commit_is_not_answered(database: PostgresDatabase) -> None:
    async def scenario() -> ReplyOutcome:
        await add(database, 1)
        return (await add(database, 1)).outcome

    assert run(database, scenario) is ReplyOutcome.LOST
    assert numbers(database) == [1]


def test_refused_write_changes_nothing(database: PostgresDatabase) -> None:
    async def scenario() -> ReplyOutcome:
        return (await add(database, 2**40)).outcome

    assert run(database, scenario) is ReplyOutcome.FAILED
    assert numbers(database) == []


@pytest.mark.parametrize("failing", ["select 1 / (:n - 1)", "select nothing", "select 1 from none"])
def test_failure_is_logged_by_name(
    database: PostgresDatabase, caplog: pytest.LogCaptureFixture, failing: str
) -> None:
    async def scenario() -> None:
        values = {"n": 1} if ":n" in failing else {}
        with pytest.raises(psycopg.Error):
            await read(database, f"-- what fails\n{failing}", **values)

    run(database, scenario)
    assert "'what fails' failed" in caplog.text
