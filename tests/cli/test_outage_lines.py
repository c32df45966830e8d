from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec
import psycopg
import pytest
from psycopg import sql

from backroom import events
from backroom.cli.outage_lines import OutageLines, RepeatedLines
from support.process import until

if TYPE_CHECKING:
    from support.process import Program, Programs

LOST = "the worker has lost the database: %s"


def a_line(name: str, words: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, "", 0, words, values, None)


def test_one_line_a_minute_passes() -> None:
    moments = iter(range(600))
    lines = OutageLines(lambda: next(moments))
    passed = [second for second in range(180) if lines.filter(a_line("backroom.a", LOST, "x"))]
    assert passed == [0, 60, 120]


def test_lines_of_the_pool_are_ours() -> None:
    record = a_line("psycopg.pool", "error connecting in %r: %s", "backroom", "refused")
    assert OutageLines().filter(record)
    assert record.getMessage() == events.DATABASE_AWAY % "error connecting in 'backroom': refused"


def test_other_lines_pass() -> None:
    lines = OutageLines()
    for _ in range(3):
        assert lines.filter(a_line("backroom.a", "the worker has the database again"))
        assert lines.filter(a_line("procrastinate.worker", "Something else"))
        assert not lines.filter(a_line("procrastinate.utils", "listener: %s", "Database error."))


def names_of_events(worker: Program) -> list[str]:
    return [msgspec.json.decode(line)["event"] for line in worker.errors.splitlines()]


@pytest.mark.slow
def test_worker_says_once_that_it_waits(programs: Programs, postgres_url: str) -> None:
    worker = programs.start("work", "--database", postgres_url, "--log-level", "info")
    until(lambda: "applies jobs" in worker.output, "the worker to start")
    name = urlsplit(postgres_url).path[1:]
    others = postgres_url.replace(f"/{name}?", "/postgres?")
    with psycopg.connect(others, autocommit=True) as connection:

        def allow(word: str) -> None:
            named = sql.SQL(f"alter database {{}} with allow_connections {word}")
            connection.execute(named.format(sql.Identifier(name)))

        allow("false")
        ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"
        connection.execute(ended, [name])
        until(lambda: names_of_events(worker) != [], "a line")
        allow("true")
        sessions = "select count(*) from pg_stat_activity where datname = %s"
        until(lambda: connection.execute(sessions, [name]).fetchone() != (0,), "the database")
    # Whether the worker itself was cut off depends on what it was at.
    assert names_of_events(worker).count("database_away") == 1
    assert set(names_of_events(worker)) <= {"database_away", "worker_has_database"}


def test_requests_add_one_line_a_minute() -> None:
    moments = iter(range(600))
    lines = RepeatedLines(lambda: next(moments))
    records = [a_line("backroom.a", events.STORE_UNAVAILABLE, "full") for _ in range(61)]
    passed = [each for each in records if lines.filter(each)]
    assert passed == [records[0], records[60]]
    more = "full (59 more lines like this one were left out)"
    assert passed[1].getMessage() == events.STORE_UNAVAILABLE % more


def test_other_reasons_have_lines_of_their_own() -> None:
    lines = RepeatedLines(lambda: 0)
    for number in range(300):
        assert lines.filter(a_line("backroom.a", events.STATEMENT_FAILED, "a", f"r{number}"))
        assert lines.filter(a_line("backroom.a", events.READY_AGAIN))
