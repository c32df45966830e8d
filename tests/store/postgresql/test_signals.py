"""What is watched of PostgreSQL alone."""

from __future__ import annotations

from contextlib import closing

from psycopg import errors

from backroom.store import open_database
from backroom.store.postgresql.signals import timeout_counted
from support.factories import written


def test_connections_and_waits_are_shown(postgres_url: str) -> None:
    with closing(open_database(postgres_url)) as database:
        written(database, lambda tx: tx.one("select 1"))
        found = {each.name for each in database.signals()}
        with database.read() as tx:
            asked = {each.name: each.value for each in database.asked(tx)}
    assert {"postgres_pool_connections", "postgres_pool_waiting", "postgres_pipelines"} <= found
    assert asked["db_size_bytes"] > 1_000_000
    assert asked["postgres_lock_waits"] == 0


def test_time_outs_are_told_apart() -> None:
    assert timeout_counted(errors.LockNotAvailable()) == "postgres_lock_timeouts_total"
    assert timeout_counted(errors.QueryCanceled()) == "postgres_statement_timeouts_total"
    assert timeout_counted(ValueError()) is None
