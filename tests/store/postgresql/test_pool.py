"""The pool of connections for threads."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from psycopg_pool import PoolTimeout

from backroom.store.database import StoreUnavailable
from backroom.store.postgresql import pool as pools
from backroom.store.postgresql.pool import Pool
from support.engines import end_sessions
from support.process import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool(postgres_url: str) -> Iterator[Pool]:
    """A pool of one connection."""
    with closing(Pool(postgres_url, 1)) as opened:
        yield opened


def limit_of(pool: Pool, limit: float) -> str:
    with pool.connection(limit) as lent:
        return str((lent.execute("show statement_timeout").fetchone() or ())[0])


def test_each_gets_its_limit(pool: Pool) -> None:
    assert [limit_of(pool, limit) for limit in (10, 60, 0.05, 60)] == [
        "10s",
        "1min",
        "50ms",
        "1min",
    ]


def test_ended_connections_are_not_lent(pool: Pool, postgres_url: str) -> None:
    assert limit_of(pool, 10) == "10s"
    end_sessions(postgres_url)
    assert limit_of(pool, 10) == "10s"


def test_second_wait_in_vain_is_shorter(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "WAIT_SECONDS", 0.2)
    with pool.connection(10):
        for expected in ("0.20", "0.10"):
            with pytest.raises(PoolTimeout, match=expected):
                pool.connection(10).__enter__()


def test_threads_that_gave_up_no_longer_wait(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pools, "WAIT_SECONDS", 0.1)
    with pool.connection(10):
        for _ in range(2):
            with pytest.raises(PoolTimeout):
                pool.connection(10).__enter__()
        assert pool.standing() == (1, 0, 0)


def test_thread_that_waits_is_counted(pool: Pool) -> None:
    with pool.connection(10):
        thread = threading.Thread(target=limit_of, args=(pool, 10))
        thread.start()
        until(lambda: pool.standing()[2] == 1, "a thread that waits")
    thread.join()
    assert pool.standing()[2] == 0


def test_absent_server_says_why(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pools, "CONNECT_SECONDS", 0.2)
    name = urlsplit(postgres_url).path[1:]
    absent = postgres_url.replace(f"/{name}?", "/nothing-of-this-name?")
    with pytest.raises(StoreUnavailable, match=r"nothing-of-this-name\W does not exist"):
        Pool(absent, 1)
    # Nobody has set up a log here.
    assert capfd.readouterr().err == ""
