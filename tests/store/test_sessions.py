"""Sessions: patient with a server that works, not with one that has hung up."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import psycopg
import pytest

from backroom.store.sessions import NETWORK, SETTINGS, SILENT_SECONDS, Impatient
from factories import DEADLINE
from process import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def session(postgres_url: str) -> Iterator[Impatient]:
    with closing(Impatient.connect(postgres_url, autocommit=True, **NETWORK)) as opened:
        opened.url = postgres_url
        opened.execute(SETTINGS)
        yield opened


def end(session: Impatient, url: str) -> None:
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("select pg_terminate_backend(%s, 10000)", [session.info.backend_pid])


def test_session_just_heard_is_fresh(session: Impatient) -> None:
    session.execute("select 1")
    assert session.is_fresh()


def test_session_not_heard_is_stale(session: Impatient) -> None:
    session.heard = 0.0
    assert not session.is_fresh()


def test_ended_session_is_not_fresh(session: Impatient, postgres_url: str) -> None:
    session.execute("select 1")
    end(session, postgres_url)
    until(lambda: not session.is_fresh(), "the end to be seen", DEADLINE)


@pytest.mark.slow
def test_statement_at_work_is_waited_for(session: Impatient) -> None:
    found = session.execute("select 1 from pg_sleep(%s)", [SILENT_SECONDS + 1]).fetchall()
    assert found == [(1,)]
