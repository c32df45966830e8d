"""Statements on the event loop: they find their way back, and whatever fails is done elsewhere."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from backroom.store.database import StoreUnavailable
from backroom.store.lanes import _MOST_FREE
from backroom.store.postgres import PostgresDatabase
from engines import end_sessions
from factories import DEADLINE, written

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from backroom.store.database import Row, Transaction
    from backroom.store.lanes import _Lane

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

    return database.aside(work)


def add(database: PostgresDatabase, number: int) -> asyncio.Future[Row | None]:
    def work(tx: Transaction) -> Row | None:
        return tx.ahead("insert into numbers values (:n) returning n", n=number)

    return database.written(work)


def numbers(database: PostgresDatabase) -> list[int]:
    with database.read() as tx:
        return [n for (n,) in tx.all("select n from numbers order by n")]


def lanes(database: PostgresDatabase) -> list[_Lane]:
    return [*database._reading._lanes, *database._writing._lanes]  # noqa: SLF001


async def asked(database: PostgresDatabase) -> None:
    """Ask both kinds of lanes for something."""
    await read(database, "select 1")
    await database.written(lambda tx: tx.ahead("select 1"))


async def opened(database: PostgresDatabase) -> None:
    """Ask until a lane is there for reading, and one for writing."""
    end = time.monotonic() + DEADLINE
    while not (database._reading._lanes and database._writing._lanes):  # noqa: SLF001
        await asked(database)
        assert time.monotonic() < end


def run(database: PostgresDatabase, scenario: Scenario) -> Any:
    """Run something on an event loop once lanes are open."""

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


def test_slow_statement_holds_nobody_up(database: PostgresDatabase) -> None:
    async def scenario() -> bool:
        slow = read(database, "select pg_sleep(1)")
        # Who comes at the same moment waits; whoever comes later goes another way.
        await asyncio.wait({slow}, timeout=0.05)
        rows = [await read(database, "select 1") for _ in range(50)]
        assert rows == [[(1,)]] * 50
        overtaken = not slow.done()
        await slow
        return overtaken

    assert run(database, scenario)


def test_read_is_told_before_the_next(database: PostgresDatabase) -> None:
    async def scenario() -> bool:
        first = read(database, "select repeat('a', 100000)")
        # What it sends before it sleeps takes the end of the first along.
        second = read(
            database,
            "select repeat('b', 100000) from generate_series(1, 2) n"
            " where n = 1 or pg_sleep(1) is not null",
        )
        await first
        early = not second.done()
        await second
        return early

    assert run(database, scenario)


def test_lost_connection_loses_no_answer(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[Row]]:
        # One alone, that finds the lane idle: in a thread it would be lost with its connection.
        slow = read(database, "select 7 from pg_sleep(0.2)")
        # A read that is lost in a thread as well is refused: those connections stay.
        lost = [each._pgconn.backend_pid for each in lanes(database)]  # noqa: SLF001
        await asyncio.to_thread(end_sessions, database.url, lost)
        after = (read(database, "select :n + 0", n=n) for n in range(20))
        return [await slow, *(await asyncio.gather(*after))]

    assert run(database, scenario) == [[(n,)] for n in (7, *range(20))]


def test_lanes_come_back(database: PostgresDatabase) -> None:
    async def scenario() -> None:
        end_sessions(database.url)
        lost = [*lanes(database)]
        for each in lost:
            each.lose()
        end = time.monotonic() + DEADLINE
        while not {*lanes(database)}.isdisjoint(lost) or len(lanes(database)) < len(lost):
            await asked(database)
            assert time.monotonic() < end

    run(database, scenario)


def test_what_is_told_is_committed(database: PostgresDatabase) -> None:
    async def scenario() -> list[list[int]]:
        return [(await add(database, n), numbers(database))[1] for n in range(20)]

    assert run(database, scenario) == [list(range(n + 1)) for n in range(20)]


def test_failed_commit_is_not_told(database: PostgresDatabase) -> None:
    async def scenario() -> list[Row | BaseException | None]:
        await add(database, 1)
        return [*(await asyncio.gather(add(database, 1), return_exceptions=True))]

    (failure,) = run(database, scenario)
    assert isinstance(failure, StoreUnavailable)
    assert numbers(database) == [1]


def test_refused_write_is_done_elsewhere(database: PostgresDatabase) -> None:
    tries: list[None] = []

    def work(tx: Transaction) -> int:
        tries.append(None)
        tx.ahead("select 1 / (:n - 1)", n=len(tries))
        tx.run("insert into numbers values (:n)", n=len(tries))
        return len(tries)

    async def scenario() -> int:
        return await database.written(work)

    assert run(database, scenario) == 2
    assert len(numbers(database)) == 1


def test_errands_are_used_again(database: PostgresDatabase) -> None:
    async def scenario() -> int:
        for _ in range(3):
            await asyncio.gather(*(read(database, "select 1") for _ in range(100)))
        return len(database._reading._free)  # noqa: SLF001

    assert run(database, scenario) == _MOST_FREE


def test_loops_do_not_meet(database: PostgresDatabase) -> None:
    async def scenario() -> list[Row]:
        return await asyncio.to_thread(asyncio.run, alone())

    async def alone() -> list[Row]:
        return await read(database, "select 7")

    assert run(database, scenario) == [(7,)]
    assert run(database, alone) == [(7,)]
