"""Pipelined connections: opened when they are missed, for one event loop."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.store.postgresql.connections import PatientConnection
from backroom.store.postgresql.greenlets import Greenlets
from backroom.store.postgresql.pipeline import ReplyOutcome
from backroom.store.postgresql.pipeline_pool import PipelinePool
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.postgresql.pipeline import Reply

MOST = 2


@pytest.fixture
def pool(postgres_url: str) -> Iterator[PipelinePool]:
    def connect() -> PatientConnection:
        return PatientConnection.connect(postgres_url, autocommit=True)

    with closing(PipelinePool(connect, MOST, patience=5, writes=False)) as opened:
        yield opened


async def alone(pool: PipelinePool, sql: str) -> Reply:
    return await Greenlets().spawn(lambda: pool.ask_alone(sql, {}))


async def sharing(pool: PipelinePool, sql: str, *, queue: bool = False) -> Reply:
    return await Greenlets().spawn(lambda: pool.ask_sharing(sql, {}, queue=queue))


async def opened(pool: PipelinePool, count: int) -> None:
    """Ask until so many connections are open."""
    while len(pool.pipelines) < count:
        held = [asyncio.ensure_future(alone(pool, "select pg_sleep(0.01)")) for _ in range(MOST)]
        await asyncio.gather(*held)
        await asyncio.sleep(0)


def test_first_statement_finds_none(pool: PipelinePool) -> None:
    assert asyncio.run(alone(pool, "select 1")).outcome is ReplyOutcome.NOT_BEGUN


def test_connections_are_opened_up_to_the_most(pool: PipelinePool) -> None:
    async def scenario() -> int:
        await opened(pool, MOST)
        for _ in range(3):
            await asyncio.gather(*(alone(pool, "select pg_sleep(0.01)") for _ in range(MOST + 2)))
        return len(pool.pipelines)

    assert asyncio.run(scenario()) == MOST


def test_one_alone_shares_with_nobody(pool: PipelinePool) -> None:
    async def scenario() -> list[ReplyOutcome]:
        await opened(pool, MOST)
        asked = (alone(pool, "select pg_sleep(0.1)") for _ in range(MOST + 1))
        return [each.outcome for each in await asyncio.gather(*asked)]

    assert asyncio.run(scenario()) == [
        ReplyOutcome.ANSWERED,
        ReplyOutcome.ANSWERED,
        ReplyOutcome.NOT_BEGUN,
    ]


def test_stuck_connections_are_avoided(pool: PipelinePool) -> None:
    async def scenario() -> tuple[ReplyOutcome, ReplyOutcome]:
        await opened(pool, MOST)
        slow = [asyncio.ensure_future(alone(pool, "select pg_sleep(0.3)")) for _ in range(MOST)]
        await asyncio.wait(slow, timeout=0.05)
        avoiding = await sharing(pool, "select 1")
        queueing = await sharing(pool, "select 1", queue=True)
        await asyncio.gather(*slow)
        return avoiding.outcome, queueing.outcome

    assert asyncio.run(scenario()) == (ReplyOutcome.NOT_BEGUN, ReplyOutcome.ANSWERED)


@pytest.mark.slow
def test_read_is_answered_before_the_next(pool: PipelinePool) -> None:
    async def scenario() -> bool:
        await opened(pool, 1)
        first = asyncio.ensure_future(sharing(pool, "select repeat('a', 100000)"))
        # What the server sends before it sleeps takes the end of the first answer along.
        rows = "select repeat('b', 100000) from generate_series(1, 2) n"
        text = f"{rows} where n = 1 or pg_sleep(1) is not null"
        second = asyncio.ensure_future(sharing(pool, text))
        await first
        early = not second.done()
        await second
        return early

    assert asyncio.run(scenario())


def test_other_loops_are_sent_away(pool: PipelinePool) -> None:
    async def scenario() -> tuple[ReplyOutcome, ReplyOutcome]:
        await opened(pool, 1)
        here = await alone(pool, "select 1")
        there = await asyncio.to_thread(asyncio.run, alone(pool, "select 1"))
        return here.outcome, there.outcome

    assert asyncio.run(scenario()) == (ReplyOutcome.ANSWERED, ReplyOutcome.NOT_BEGUN)


def test_next_loop_gets_new_connections(pool: PipelinePool) -> None:
    async def again() -> ReplyOutcome:
        first = await alone(pool, "select 1")
        await opened(pool, 1)
        return first.outcome

    asyncio.run(opened(pool, 1))
    earlier = pool.pipelines
    assert asyncio.run(again()) is ReplyOutcome.NOT_BEGUN
    assert earlier
    assert not any(each is old for each in pool.pipelines for old in earlier)


def test_closing_ends_the_sessions(pool: PipelinePool, postgres_url: str) -> None:
    asyncio.run(opened(pool, MOST))
    pool.close()
    with psycopg.connect(postgres_url, autocommit=True) as other:
        others = "select from pg_stat_activity where datname = current_database()"
        until(lambda: other.execute(others).rowcount == 1, "the end of all other sessions")
