"""The tables of Procrastinate: all SQL and all connections that the task queue needs.

Procrastinate (the library that `jobs/procrastinate` runs) keeps its tables in a schema of its own
beside ours, on PostgreSQL only. What it does with them is its own business; here stands what we ask
of them or change in them ourselves, and how it gets its connections:

- `lent_connection` lends one transaction's psycopg connection, so that adding a task is part of an
  ordinary write with all its time-outs and retries;
- `connection_pool` makes the pool of a worker, which can only be awaited.

`jobs/procrastinate/schema.py` decides which scripts are run, and in which order. The scripts are
Procrastinate's; we remember their names in a table beside its own, because Procrastinate does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from backroom import clock
from backroom.store.postgresql.connections import CONNECTION_NAME, PROCESS, WORKER_CONNECTION
from backroom.store.postgresql.database import PostgresConnection, PostgresDatabase
from backroom.store.postgresql.pool import queue_pool
from backroom.store.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psycopg
    from psycopg_pool import AsyncConnectionPool

    from backroom.store.database import Database, Transaction

SCHEMA = "procrastinate"
"""The PostgreSQL schema of Procrastinate's tables."""


_ALIVE_SECONDS = 60
"""A worker whose last heartbeat is older has gone."""


def lent_connection(tx: Transaction) -> psycopg.Connection[Any]:
    """Give a transaction's psycopg connection, ready for Procrastinate's statements.

    This is the only place where a connection leaves the store. It is for `configure_task` of
    Procrastinate, whose documented argument `connection` adds a task in a transaction of ours. The
    connection must not be used after the transaction, nor be committed.

    Both settings end with the transaction. Without a search path Procrastinate does not find its
    tables. Not waiting for the disk is safe because the queue's rows are only announcements: a
    sweep announces again what a crash of the server has lost.
    """
    tx.run(
        "select set_config('search_path', :schema, true),"
        " set_config('synchronous_commit', 'off', true)",
        schema=SCHEMA,
    )
    assert isinstance(tx.connection, PostgresConnection)  # noqa: S101 - SQLite has no task queue
    return tx.connection.raw


def connection_pool(database: Database, connections: int) -> AsyncConnectionPool[Any]:
    """Make a pool of up to `connections` for a worker of Procrastinate; it is not open yet."""
    assert isinstance(database, PostgresDatabase)  # noqa: S101 - SQLite has no task queue
    return queue_pool(database.url, SCHEMA, connections)


def accounts_waiting(tx: Transaction, accounts: Iterable[str]) -> set[str]:
    """Give those of the accounts that have a task which no worker has begun."""
    rows = tx.all(
        f"select queueing_lock from {SCHEMA}.procrastinate_jobs"
        f" where status = 'todo' and {tx.dialect.among('queueing_lock', 'accounts')}",
        accounts=tx.dialect.array(accounts),
    )
    return {account for (account,) in rows}


def hasten(tx: Transaction) -> None:
    """Have all tasks start now that wait for a moment."""
    tx.run(
        f"update {SCHEMA}.procrastinate_jobs set scheduled_at = null"
        " where status = 'todo' and scheduled_at is not null"
    )


def seconds_since_heartbeat(tx: Transaction) -> float | None:
    """Give how long ago any worker was last alive. None if no worker is registered."""
    row = tx.one(
        "select extract(epoch from clock_timestamp() - max(last_heartbeat))::float8"
        f" from {SCHEMA}.procrastinate_workers"
    )
    return None if row is None or row[0] is None else float(row[0])


def queue_signals(tx: Transaction) -> list[Signal]:
    """Give how many tasks wait and run, how many workers live, and when the last one was alive."""
    rows = tx.all(
        "-- signals of the queue\n"
        f"select status::text, count(*) from {SCHEMA}.procrastinate_jobs"
        f" where status in ('todo', 'doing') group by status"
    )
    counts = {"todo": 0, "doing": 0} | dict(rows)
    alive = tx.one(
        "-- signals of workers\n"
        "select count(*), coalesce(extract(epoch from max(last_heartbeat)), 0)::float8"
        f" from {SCHEMA}.procrastinate_workers"
        f" where last_heartbeat > clock_timestamp() - interval '{_ALIVE_SECONDS} seconds'"
    )
    workers, heartbeat = alive or (0, 0.0)
    return [
        Signal("queue_tasks", counts["todo"], (("state", "waiting"),)),
        Signal("queue_tasks", counts["doing"], (("state", "running"),)),
        Signal("workers", workers),
        Signal("worker_last_heartbeat_timestamp_seconds", heartbeat),
    ]


class QueueWorkerRow(NamedTuple):
    """A registered worker: its number, the seconds since it was alive, and what it is at.

    These are the accounts of its tasks.
    """

    number: int
    seconds: float
    accounts: list[str]


def all_workers(tx: Transaction) -> list[QueueWorkerRow]:
    """List the registered workers, each with the accounts whose jobs it is applying."""
    if not has_tables(tx):
        return []
    workers = tx.all(
        "select id, extract(epoch from clock_timestamp() - last_heartbeat)::float8"
        f" from {SCHEMA}.procrastinate_workers order by id"
    )
    doing: dict[int, list[str]] = {}
    for number, account in tx.all(
        f"select worker_id, lock from {SCHEMA}.procrastinate_jobs"
        " where status = 'doing' and lock is not null order by lock"
    ):
        doing.setdefault(number, []).append(account)
    return [QueueWorkerRow(number, seconds, doing.get(number, [])) for number, seconds in workers]


class ProcessRow(NamedTuple):
    """A process that has this database open: its host and number, and its connections.

    `is_worker` is true of one that applies jobs.
    """

    name: str
    connections: int
    is_worker: bool

    @property
    def is_this(self) -> bool:
        """Whether it is the process that asks."""
        return self.name == PROCESS


def all_processes(tx: Transaction) -> list[ProcessRow]:
    """List the servers and workers that have the database open, by their hosts and numbers.

    One whose URL names its connections otherwise is not among them.
    """
    rows = tx.all(
        "select name, count(*), bool_or(is_worker) from"
        " (select replace(substr(application_name, length(:start) + 1), :worker, '') as name,"
        " application_name like '%' || :worker as is_worker from pg_stat_activity"
        " where datname = current_database() and application_name like :start || '%') as named"
        " group by name order by name",
        start=CONNECTION_NAME,
        worker=WORKER_CONNECTION,
    )
    return [ProcessRow(*row) for row in rows]


def lock_schema(tx: Transaction) -> None:
    """Wait until no other transaction that has called this is still open."""
    tx.exclusively(SCHEMA)


def has_tables(tx: Transaction) -> bool:
    """Whether Procrastinate's tables exist, in whatever version."""
    return _exists(tx, "procrastinate_jobs")


def recorded_migrations(tx: Transaction) -> dict[str, str] | None:
    """Give which migrations the tables contain, and by which version of Procrastinate they came.

    None where that was never recorded.
    """
    if not _exists(tx, "backroom_migrations"):
        return None
    return dict(tx.all(f"select name, library_version from {SCHEMA}.backroom_migrations"))


def record_migrations(tx: Transaction, names: Iterable[str], library_version: str) -> None:
    """Remember that the tables contain migrations, and which version of Procrastinate made them."""
    tx.script(
        f"create table if not exists {SCHEMA}.backroom_migrations ("
        " name text primary key, library_version text not null, recorded_at text not null)"
    )
    now = clock.timestamp(clock.now())
    tx.insert(
        f"{SCHEMA}.backroom_migrations",
        ("name", "library_version", "recorded_at"),
        [(name, library_version, now) for name in names],
    )


def run_script(tx: Transaction, script: str) -> None:
    """Run a script of Procrastinate in its schema, which is made if it does not exist."""
    # Not `if not exists`: that asks for the right to make schemas even where the schema is there.
    if tx.one("select to_regnamespace(:schema) is null", schema=SCHEMA) == (True,):
        tx.script(f"create schema {SCHEMA}")
    tx.script(f"set local search_path to {SCHEMA}")
    tx.script(script)
    tx.script("set local search_path to default")


def _exists(tx: Transaction, table: str) -> bool:
    row = tx.one("select to_regclass(:name) is not null", name=f"{SCHEMA}.{table}")
    return row == (True,)
