"""Connections to a PostgreSQL server, and how long anybody waits for anything on them.

Nobody waits for ever. Each wait is bounded by one of these, which belong together:

================  ========  ===================================================================
`SHARED`            50 ms   a statement on a connection that others' statements wait behind
`READ`               10 s   a statement that reads, on a connection of its own
`WRITE`              60 s   a statement that writes; one of a migration has no limit
`LOCK`                5 s   a lock that somebody else holds
`IDLE`               10 s   a transaction whose client says nothing: its process has stopped
`SILENT`              6 s   a server that says nothing; longer than for any lock
`CHECK`               2 s   the same, for a question that takes no time
`WAIT`                3 s   a connection of the pool, when all are in use
`RECONNECT`           2 s   a new connection for the pool, before it waits until somebody asks
`CONNECT`             5 s   a new connection
================  ========  ===================================================================

The server keeps the first five, also when this process is gone. The others are this process's own,
for a server that is gone.
"""

from __future__ import annotations

import math
import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg

from backroom.store.postgresql.driver import Watched, WatchedAsync

if TYPE_CHECKING:
    from collections.abc import Iterator

SHARED_SECONDS = 0.05
"""More than nearly all reads take, and no more than others may lose to one of the rest.

A statement that reaches it is cancelled by the server, and sent again to a connection of its own.
"""
READ_SECONDS = 10.0
"""No client waits longer for a read, and whoever asks again must not double the server's work."""
WRITE_SECONDS = 60.0
"""Generous: a write that is cancelled is undone, and would be made again from the beginning."""
LOCK_SECONDS = 5.0
IDLE_SECONDS = 10.0
SILENT_SECONDS = 6.0
"""Then the server is asked, over another connection, whether it is still at work."""
CHECK_SECONDS = 2.0
WAIT_SECONDS = 3.0
RECONNECT_SECONDS = 2.0
"""The pool doubles its pauses. With a longer limit it would sleep on after the server is back."""
CONNECT_SECONDS = 5
_FRESH_SECONDS = 0.25
"""How long after it was last heard of a connection is lent without asking whether it lives.

Asking before each write takes a third as long as the write.
"""

SESSION_SETTINGS = f"""
    -- Somebody else's transaction has stopped in the middle: it must not stop this one for ever.
    set lock_timeout = '{LOCK_SECONDS:.0f}s';
    -- This process has stopped in the middle, as a suspended machine does.
    set idle_in_transaction_session_timeout = '{IDLE_SECONDS:.0f}s';
    -- It has vanished without a word: its locks go within 8 seconds, not within hours.
    set tcp_keepalives_idle = 5;
    set tcp_keepalives_interval = 1;
    set tcp_keepalives_count = 3;
    set tcp_user_timeout = 8000;
"""
_ONE_MOMENT = """
    set transaction isolation level repeatable read, read only;
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0
"""
_IS_AT_WORK = """
    select from pg_stat_activity
    where pid = %s and state = 'active' and wait_event_type is distinct from 'Client'
"""
CONNECTION_NAME = "backroom "
"""How connections are named for whoever looks at the server's sessions; host and process follow."""
PROCESS = f"{socket.gethostname()[:39]} {os.getpid()}"
"""How other processes know this one."""
WORKER_CONNECTION = " worker"
"""The end of the names of connections by which a process applies jobs."""
NETWORK: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    # PostgreSQL keeps 63 bytes of a name. One in the URL is taken instead.
    "fallback_application_name": f"{CONNECTION_NAME}{PROCESS}",
    # A server that vanished without a word is found out within 8 seconds, not within hours.
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}


class PatientConnection(Watched):
    """A connection that is lost when the server says nothing for `patience` seconds.

    Unless the server at `url` says, to another connection, that it is still at work for this one.
    """

    patience = SILENT_SECONDS
    url = ""
    _limit = 0.0

    def configure(self, url: str) -> None:
        """Set what a connection needs before its first use."""
        self.url = url
        self.execute(SESSION_SETTINGS)

    def limit(self, seconds: float) -> None:
        """Have the server cancel each statement that takes longer; 0 is no limit."""
        if self._limit != seconds:
            # psycopg would send a value apart from the text, which `set` does not take.
            self.execute(f"set statement_timeout = {int(seconds * 1000)}")
            self._limit = seconds

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Have another patience for a while."""
        self.patience = seconds
        try:
            yield
        finally:
            self.patience = SILENT_SECONDS

    @contextmanager
    def one_moment(self) -> Iterator[None]:
        """Begin a transaction to read in that sees one moment, however long it lasts."""
        with self.waiting(math.inf), self.transaction():
            self.execute(_ONE_MOMENT)
            yield

    def is_fresh(self) -> bool:
        """Whether the server spoke a moment ago, and has not hung up since."""
        return time.monotonic() - self.heard < _FRESH_SECONDS and not self.has_unasked()

    def is_at_work(self) -> bool:
        """Whether the server says so, to a connection of its own."""
        if not self.url or self.patience < SILENT_SECONDS:
            return False
        try:
            how = NETWORK | {"connect_timeout": int(CHECK_SECONDS)}
            with PatientConnection.connect(self.url, autocommit=True, **how) as other:
                other.patience = CHECK_SECONDS
                return other.execute(_IS_AT_WORK, [self.info.backend_pid]).rowcount > 0
        except psycopg.Error:
            return False


class PlainConnection(PatientConnection):
    """The same with nothing of psycopg but what is public: TCP alone notices a lost server."""

    watched = False


class AsyncConnection(WatchedAsync):
    """The same for Procrastinate's own connections, which can only be awaited.

    Nothing that Procrastinate asks for takes as long as this patience.
    """

    patience = SILENT_SECONDS
