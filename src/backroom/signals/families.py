"""Every metric that a process shows: its name, its kind, its labels and what it means.

The reference page docs/reference/metrics.md is made from this table. No label has a value that a
client chooses freely, and none names an account or a key.
"""

from __future__ import annotations

from typing import NamedTuple

PREFIX_OF_METRICS = "backroom_"
COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"

REQUEST_BUCKETS = (
    *(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05),
    *(0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Seconds of requests, up to which each bucket counts. Most take less than a millisecond."""
USUAL_STATUSES = (200, 201, 202, 204, 400, 401, 403, 404, 409, 413, 429, 500, 503)
"""Statuses that are counted from 0, before a request has one of them.

Prometheus takes the first value that it sees of a series for no increase.
"""
JOB_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds for which a job waits, or is applied."""


class Family(NamedTuple):
    """One metric. `by` says who shows it, and what its value is of."""

    kind: str
    words: str
    labels: tuple[str, ...] = ()
    by: str = "process"


_ALIKE = "database"
"""Read from the database, and the same on all that share it: take the maximum, not the sum."""
_POSTGRES = "process on PostgreSQL"
_ALIKE_POSTGRES = "database on PostgreSQL"
_SQLITE = "server on SQLite"
_SERVER = "server"

FAMILIES = {
    "build_info": Family(
        GAUGE,
        "Always 1. The labels name the version, the engine and the role of the process.",
        ("version", "engine", "role"),
    ),
    "http_requests_total": Family(
        COUNTER,
        "Requests that were answered. The route is `unknown` for a path without a route.",
        ("method", "route", "status", "revision"),
        _SERVER,
    ),
    "http_answers_total": Family(
        COUNTER,
        "The same requests by status alone. The usual statuses are there from the start, so that a"
        " rate has the first of them.",
        ("status",),
        _SERVER,
    ),
    "http_request_duration_seconds": Family(
        HISTOGRAM,
        "Seconds from the end of a request's head to its answer.",
        ("method", "route"),
        _SERVER,
    ),
    "http_connections_open": Family(GAUGE, "Connections of clients.", (), _SERVER),
    "event_loop_lag_seconds": Family(
        GAUGE,
        "The longest that the event loop was late in the last minute or two.",
        (),
        _SERVER,
    ),
    "rate_limited_total": Family(
        COUNTER,
        "Requests that were answered 429: because of a `rate`, or of too many `jobs` in progress.",
        ("reason",),
        _SERVER,
    ),
    "jobs": Family(
        GAUGE,
        "Jobs that are not complete. The count ends at 100,000.",
        ("type", "status"),
        _ALIKE,
    ),
    "job_oldest_waiting_seconds": Family(
        GAUGE, "The age of the oldest job that is not complete; 0 if all are complete.", (), _ALIKE
    ),
    "jobs_finished_total": Family(
        COUNTER, "Jobs that have ended: `complete` or `cancelled`.", ("type", "status")
    ),
    "job_items_total": Family(
        COUNTER,
        "Operations of jobs, by their result: `applied` or `failed`.",
        ("type", "result"),
    ),
    "job_queue_latency_seconds": Family(
        HISTOGRAM, "Seconds from the creation of a job until a worker began it.", ("type",)
    ),
    "job_duration_seconds": Family(
        HISTOGRAM,
        "Seconds from the moment a worker began a job until it was complete, and on disk.",
        ("type",),
    ),
    "job_tries_failed_total": Family(
        COUNTER, "Tries of jobs that failed by a fault of the server.", ("type",)
    ),
    "jobs_set_aside_total": Family(
        COUNTER,
        "How often a job was set aside, so that later ones of its account go on.",
        ("type",),
    ),
    "jobs_set_aside": Family(GAUGE, "Jobs that this process has set aside now."),
    "webhook_tries_total": Family(
        COUNTER,
        "Tries to deliver an event to a webhook, by their result: `delivered` or `failed`.",
        ("result",),
        _SERVER,
    ),
    "webhook_deliveries_given_up_total": Family(
        COUNTER, "Deliveries that this server has given up after their last try.", (), _SERVER
    ),
    "webhook_deliveries_waiting": Family(
        GAUGE,
        "Deliveries that wait for a try. Beyond 100,000 they are no longer counted.",
        (),
        _ALIKE,
    ),
    "webhook_overdue_seconds": Family(
        GAUGE, "For how long the oldest of them is overdue, 0 if none is.", (), _ALIKE
    ),
    "database_up": Family(GAUGE, "Whether the database could be asked: 1 or 0."),
    "ready": Family(
        GAUGE, "Whether the database could be read and written to, as `/health` says it: 1 or 0."
    ),
    "db_size_bytes": Family(
        GAUGE, "The size of the database. On SQLite, the size of its file.", (), _ALIKE
    ),
    "store_writes_total": Family(COUNTER, "Writes that have had their turn."),
    "store_write_wait_seconds_total": Family(
        COUNTER, "Seconds for which writes have waited for their turn."
    ),
    "store_writes_waiting": Family(GAUGE, "Writes that wait for their turn."),
    "store_write_failures_total": Family(COUNTER, "Writes that failed in the database."),
    "wal_size_bytes": Family(GAUGE, "The size of the write-ahead log.", (), _SQLITE),
    "sqlite_commits_total": Family(
        COUNTER, "Commits. Several writes may share one commit.", (), _SQLITE
    ),
    "sqlite_last_checkpoint_timestamp_seconds": Family(
        GAUGE, "When the log was last written into the database, since 1970.", (), _SQLITE
    ),
    "postgres_pool_connections": Family(
        GAUGE, "Connections for threads: `lent` or `free`.", ("state",), _POSTGRES
    ),
    "postgres_pool_waiting": Family(GAUGE, "Threads that wait for a connection.", (), _POSTGRES),
    "postgres_pipelines": Family(
        GAUGE, "Connections of the event loop: for `reading` or `writing`.", ("use",), _POSTGRES
    ),
    "postgres_pipeline_statements": Family(
        GAUGE,
        "Statements that are under way on connections of the event loop.",
        ("use",),
        _POSTGRES,
    ),
    "postgres_transactions_retried_total": Family(
        COUNTER,
        "Transactions that were tried again: deadlocks, and keys that another transaction took.",
        (),
        _POSTGRES,
    ),
    "postgres_slow_reads_total": Family(
        COUNTER,
        "Reads that were cancelled on a shared connection, and started again on another.",
        (),
        _POSTGRES,
    ),
    "postgres_lock_timeouts_total": Family(
        COUNTER, "Writes that gave up waiting for a lock.", (), _POSTGRES
    ),
    "postgres_statement_timeouts_total": Family(
        COUNTER, "Writes that PostgreSQL cancelled at their time limit.", (), _POSTGRES
    ),
    "postgres_lock_waits": Family(
        GAUGE, "Sessions that wait for a lock in the database.", (), _ALIKE_POSTGRES
    ),
    "queue_tasks": Family(
        GAUGE,
        "Accounts in the queue of workers: `waiting` or `running`.",
        ("state",),
        _ALIKE_POSTGRES,
    ),
    "workers": Family(GAUGE, "Workers that were alive in the last minute.", (), _ALIKE_POSTGRES),
    "worker_last_heartbeat_timestamp_seconds": Family(
        GAUGE,
        "When the last worker was alive, in seconds since 1970; 0 without a worker.",
        (),
        _ALIKE_POSTGRES,
    ),
}
"""Every metric by its name, without the prefix."""
