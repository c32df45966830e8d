"""The pipelined connections of one database, and which of them a statement is sent on.

They belong to one event loop. They are opened by a thread, one after the other, whenever a
statement finds none that is free: that statement does not wait for the new one. Work on another
loop, which only tests have at the same time, gets `NOT_BEGUN` and goes the plain way.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

import psycopg

from backroom.store.postgresql import greenlets
from backroom.store.postgresql.connections import CHECK_SECONDS
from backroom.store.postgresql.pipeline import NOT_BEGUN, Pipeline, Reply

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from backroom.store.postgresql.connections import PatientConnection

_AGAIN_SECONDS = 1.0
"""How long after a connection was lost, or could not be opened, another is tried."""


class PipelinePool:
    """Up to `most` pipelines. `connect` opens a connection, and is called in a thread.

    `patience` and `writes` are those of `Pipeline`.
    """

    def __init__(
        self, connect: Callable[[], PatientConnection], most: int, *, patience: float, writes: bool
    ) -> None:
        self._connect = connect
        self._most = most
        self._patience = patience
        self._writes = writes
        # One opens, the other gets rid of what was lost.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="backroom-pipelines")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pipelines: list[Pipeline] = []
        self._opened: set[PatientConnection] = set()
        self._lock = Lock()
        """Of `_opened`: a thread may add to it while the loop changes."""
        self._opening = False
        self._not_before = 0.0

    @property
    def pipelines(self) -> list[Pipeline]:
        """The pipelines that are open."""
        return [each for each in self._pipelines if each.is_open]

    def ask_alone(self, sql: str, values: dict[str, Any]) -> Reply:
        """Send a statement on a connection on which nobody waits; `NOT_BEGUN` if there is none."""
        if not self._is_here():
            return NOT_BEGUN
        for each in self._pipelines:
            if each.is_open and each.is_idle:
                return each.ask(sql, values)
        self._open_another()
        return NOT_BEGUN

    def ask_sharing(self, sql: str, values: dict[str, Any], *, queue: bool) -> Reply:
        """Send a statement on the first connection on which nothing takes long.

        If there is none: behind the fewest others if it may `queue`, else it is `NOT_BEGUN`.
        """
        if not self._is_here():
            return NOT_BEGUN
        for each in self._pipelines:
            if each.is_open and not each.is_stuck:
                return each.ask(sql, values)
        self._open_another()
        stuck = self.pipelines
        if queue and stuck:
            return min(stuck, key=lambda each: each.under_way).ask(sql, values)
        return NOT_BEGUN

    def _is_here(self) -> bool:
        """Whether the current greenlet is of the loop that the connections are of."""
        loop = greenlets.current().loop
        if self._loop is None or (loop is not self._loop and self._loop.is_closed()):
            self._close_all()
            self._loop, self._opening = loop, False
        return loop is self._loop

    def _open_another(self) -> None:
        loop = self._loop
        assert loop is not None  # noqa: S101 - `_is_here` has set it
        kept = self.pipelines
        if len(kept) < len(self._pipelines):
            self._pipelines, self._not_before = kept, loop.time() + _AGAIN_SECONDS
        if self._opening or len(kept) >= self._most or loop.time() < self._not_before:
            return
        self._opening = True
        self._threads.submit(self._open, loop)

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open a connection, in a thread, and hand it to the loop."""
        connection: PatientConnection | None = None
        with suppress(psycopg.Error):
            connection = self._connect()
            with self._lock:
                self._opened = {connection, *(each for each in self._opened if not each.closed)}
        greenlets.call_on(loop, self._begin, connection)

    def _begin(self, connection: PatientConnection | None) -> None:
        self._opening = False
        loop = self._loop
        assert loop is not None  # noqa: S101 - it was there before the thread began
        if connection is not None:
            try:
                made = Pipeline(
                    connection,
                    loop,
                    patience=self._patience,
                    writes=self._writes,
                    discard=self._discard,
                )
            except NotImplementedError:
                # On Windows the loop can't watch a socket. Everything goes the plain way.
                connection.close()
            else:
                self._pipelines.append(made)
                return
        self._not_before = loop.time() + _AGAIN_SECONDS

    def _discard(self, connection: PatientConnection) -> None:
        """Have a thread close a connection, because the server may not even read the goodbye."""
        with suppress(RuntimeError):
            self._threads.submit(_cancel_and_close, connection)

    def close(self) -> None:
        """Close all connections. The loop has ended."""
        self._threads.shutdown()
        self._close_all()

    def _close_all(self) -> None:
        with self._lock:
            opened, self._opened = self._opened, set()
        for each in opened:
            each.close()
        self._pipelines = []


def _cancel_and_close(connection: PatientConnection) -> None:
    """Leave nothing running on the server for which nobody waits any more."""
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=CHECK_SECONDS)
    connection.close()
