"""Connections for threads: psycopg's pool, with short waits when the server is gone.

The pool finds its way back by itself: after an outage it connects when a thread asks.
"""

from __future__ import annotations

import logging
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool, PoolTimeout

from backroom.store.database import StoreUnavailable
from backroom.store.postgresql.connections import (
    CHECK_SECONDS,
    CONNECT_SECONDS,
    CONNECTION_NAME,
    LOCK_SECONDS,
    NETWORK,
    PROCESS,
    RECONNECT_SECONDS,
    WAIT_SECONDS,
    WORKER_CONNECTION,
    AsyncConnection,
    PatientConnection,
    PlainConnection,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# Where nobody has set up a log, as in a command, Python would print each of its tries.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())
_REASON_SECONDS = 2
_LOST_SECONDS = 2.0
"""How long after a failed wait others wait less: they would only queue behind each other."""
_SHORT_WAIT_SECONDS = 0.1


class Pool:
    """Up to `most` connections to the server at `url`, one of which is open from the start.

    `watched` says whether they notice a server that says nothing, which psycopg alone does not.
    Raises `StoreUnavailable` if the server can't be reached.
    """

    def __init__(self, url: str, most: int, *, watched: bool = True) -> None:
        self._url = url
        self._lost_until = 0.0
        self._threads_waiting: set[int] = set()
        """Not what the library counts: it keeps those that gave up until one gets a connection."""
        self._pool = ConnectionPool(
            url,
            connection_class=PatientConnection if watched else PlainConnection,
            min_size=1,
            max_size=most,
            timeout=WAIT_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            open=False,
            check=self._check,
            configure=self._configure,
            kwargs={"autocommit": True, **NETWORK},
            name="backroom",
        )
        try:
            self._pool.open(wait=True, timeout=CONNECT_SECONDS)
        except PoolTimeout:
            self._pool.close()
            raise StoreUnavailable(
                f"The PostgreSQL server can't be reached within {CONNECT_SECONDS} seconds"
                f"{_reason(url)}."
            ) from None

    @contextmanager
    def connection(self, limit: float) -> Iterator[PatientConnection]:
        """Lend a connection on which no statement takes longer than `limit` seconds.

        Raises `PoolTimeout` if none is free, or can be made.
        """
        lost, thread = time.monotonic() < self._lost_until, threading.get_ident()
        self._threads_waiting.add(thread)
        try:
            with self._pool.connection(_SHORT_WAIT_SECONDS if lost else WAIT_SECONDS) as lent:
                self._threads_waiting.discard(thread)
                lent.limit(limit)
                yield lent
        except PoolTimeout:
            self._lost_until = time.monotonic() + _LOST_SECONDS
            raise
        finally:
            self._threads_waiting.discard(thread)

    def _configure(self, connection: PatientConnection) -> None:
        connection.configure(self._url)

    def _check(self, connection: PatientConnection) -> None:
        """See whether a connection lives, before it is lent. Raises `psycopg.Error` if not."""
        if connection.is_fresh():
            return
        try:
            with connection.waiting(CHECK_SECONDS):
                ConnectionPool.check_connection(connection)
        except psycopg.Error:
            # The others are lost too, most likely: the pool would pause after each that it tries.
            self._pool.drain()
            raise

    def standing(self) -> tuple[int, int, int]:
        """Give how many connections there are, how many are free, and how many threads wait."""
        found = self._pool.get_stats()
        return found["pool_size"], found["pool_available"], len(self._threads_waiting)

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


def _reason(url: str) -> str:
    """Say in the words of the server or the system why it can't be reached: one more try tells."""
    try:
        psycopg.connect(url, connect_timeout=_REASON_SECONDS).close()
    except psycopg.Error as error:
        first = str(error).partition("\n")[0].removeprefix("connection failed: ")
        return f": {first}"
    return ""


def queue_pool(url: str, schema: str, connections: int) -> AsyncConnectionPool[Any]:
    """Make the pool of a task queue with tables of its own in `schema`. It is not open yet.

    PostgreSQL may lose the rows of the last moment in a crash: a sweep adds such tasks again.
    """
    lock_timeout = f"{LOCK_SECONDS:.0f}s"
    return AsyncConnectionPool(
        url,
        connection_class=AsyncConnection,
        min_size=1,
        max_size=connections,
        timeout=WAIT_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        open=False,
        check=AsyncConnectionPool.check_connection,
        configure=lambda raw: raw.set_autocommit(True),
        kwargs={
            "options": f"-c search_path={schema} -c synchronous_commit=off"
            f" -c lock_timeout={lock_timeout}",
            **NETWORK,
            "fallback_application_name": f"{CONNECTION_NAME}{PROCESS}{WORKER_CONNECTION}",
        },
        name="backroom-queue",
    )
