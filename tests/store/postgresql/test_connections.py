"""Connections: patient with a server that works, not with one that has hung up."""

from __future__ import annotations

import re
from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.store.postgresql import connections
from backroom.store.postgresql.connections import (
    NETWORK,
    SILENT_SECONDS,
    PatientConnection,
    PlainConnection,
)
from support.factories import DEADLINE
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def connection(postgres_url: str) -> Iterator[PatientConnection]:
    with closing(PatientConnection.connect(postgres_url, autocommit=True, **NETWORK)) as opened:
        opened.configure(postgres_url)
        yield opened


def end(connection: PatientConnection, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 10000)", [connection.info.backend_pid])


def test_connection_just_heard_is_fresh(connection: PatientConnection) -> None:
    connection.execute("select 1")
    assert connection.is_fresh()


def test_connection_not_heard_is_stale(connection: PatientConnection) -> None:
    connection.heard = 0.0
    assert not connection.is_fresh()


def test_ended_connection_is_not_fresh(connection: PatientConnection, postgres_url: str) -> None:
    connection.execute("select 1")
    end(connection, postgres_url)
    until(lambda: not connection.is_fresh(), "the end to be seen", DEADLINE)


@pytest.mark.slow
def test_statement_at_work_is_waited_for(connection: PatientConnection) -> None:
    found = connection.execute("select 1 from pg_sleep(%s)", [SILENT_SECONDS + 1]).fetchall()
    assert found == [(1,)]


def test_statement_beyond_its_limit_is_cancelled(connection: PatientConnection) -> None:
    connection.limit(0.01)
    with pytest.raises(psycopg.errors.QueryCanceled):
        connection.execute("select pg_sleep(60)")
    connection.limit(0)
    assert connection.execute("select 1 from pg_sleep(0.02)").fetchall() == [(1,)]


def test_each_limit_is_in_the_table() -> None:
    """The table of the module's docstring says what the constants are."""
    table = connections.__doc__ or ""
    named = {name for name in vars(connections) if name.endswith("_SECONDS") and name[0] != "_"}
    assert {f"{name}_SECONDS" for name in re.findall(r"^`(\w+)`", table, re.MULTILINE)} == named
    for name in named:
        seconds = getattr(connections, name)
        written = f"{seconds:g} s" if seconds >= 1 else f"{seconds * 1000:g} ms"
        assert re.search(rf"^`{name.removesuffix('_SECONDS')}` +{written} ", table, re.MULTILINE)


@pytest.mark.slow
def test_silent_server_is_not_waited_for(connection: PatientConnection) -> None:
    """It says nothing, and to another connection that it is not at work for this one."""
    connection.patience = 0.2
    with pytest.raises(psycopg.OperationalError, match="does not answer"):
        connection.execute("select pg_sleep(60)")


def test_plain_connection_is_never_fresh(postgres_url: str) -> None:
    """It is asked whether it lives each time before it is lent."""
    with closing(PlainConnection.connect(postgres_url, autocommit=True)) as plain:
        assert plain.execute("select 1").fetchall() == [(1,)]
        assert not plain.is_fresh()
