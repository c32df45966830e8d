"""Sessions on a PostgreSQL server, which lose patience with one that says nothing."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.waiting import Wait
from psycopg_pool import AsyncConnectionPool

from backroom.store.database import Row

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Iterator

    from psycopg.waiting import Ready

T = TypeVar("T")

CONNECT_SECONDS = 5
WAIT_SECONDS = 3.0
"""How long a request waits for a connection before it is told that the store is unavailable."""
RECONNECT_SECONDS = 2.0
"""How long the pool tries for a connection before it waits for somebody to ask for one.

It doubles its pauses: had it longer, it would sleep on when the server is back.
"""
_LOCK_SECONDS = 5
IDLE_SECONDS = 10
SILENT_SECONDS = 6.0
"""How long a statement waits for a server that says nothing; longer than for any lock.

Then the server is asked whether it is still at it.
"""
CHECK_SECONDS = 2
"""The same for that question, and for the one whether a connection lives, before it is lent."""
_FRESH_SECONDS = 0.25
"""How long after it was last heard of a connection is lent without that question.

To ask it before each write of many takes as long as a third of the write.
"""
SETTINGS = f"""
    -- Somebody else's transaction has stopped in the middle: it must not stop this one for ever.
    set lock_timeout = '{_LOCK_SECONDS}s';
    -- This process has stopped in the middle, as a suspended machine does.
    set idle_in_transaction_session_timeout = '{IDLE_SECONDS}s';
    -- It has vanished without a word: its locks go within 8 seconds, not within hours.
    set tcp_keepalives_idle = 5;
    set tcp_keepalives_interval = 1;
    set tcp_keepalives_count = 3;
    set tcp_user_timeout = 8000;
"""
_IS_AT_WORK = """
    select from pg_stat_activity
    where pid = %s and state = 'active' and wait_event_type is distinct from 'Client'
"""
NETWORK: dict[str, Any] = {
    "connect_timeout": CONNECT_SECONDS,
    # A server that vanished without a word is found out within 8 seconds, not within hours.
    "keepalives_idle": 5,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 8_000,
}


def _while_heard(
    connection: Impatient | ImpatientAsync, waiting: Generator[Any, Any, T]
) -> Generator[Any, Any, T]:
    """Go on with what waits for the server, as long as that says anything.

    TCP alone can't tell: the kernel of a server that has stopped, or of a proxy before one that has
    vanished, acknowledges everything.
    """
    heard = time.monotonic()
    try:
        awaited = next(waiting)
        while True:
            ready = yield awaited
            now = time.monotonic()
            if ready:
                heard = connection.heard = now
            elif now - heard > connection.patience and _is_asking(connection):
                if connection.is_at_work():
                    heard = time.monotonic()
                    continue
                # What it may still say is no longer heard by anybody.
                connection.pgconn.finish()
                raise psycopg.OperationalError("the PostgreSQL server does not answer")
            awaited = waiting.send(ready)
    except StopIteration as end:
        result: T = end.value
        return result


def _is_asking(connection: Impatient | ImpatientAsync) -> bool:
    """Whether an answer is due; who only listens may wait as long as it likes."""
    return connection.pgconn.transaction_status != TransactionStatus.IDLE


def _unasked() -> Generator[Wait, Ready | int, bool]:
    """Give whether something has come that nobody asked for, as does before a server hangs up."""
    return bool((yield Wait.R))


class Impatient(psycopg.Connection[Row]):
    """A connection that is lost when the server says nothing for `patience` seconds.

    Unless a server at `url` says that it is still at work for it.
    """

    patience = SILENT_SECONDS
    url = ""
    heard = 0.0
    """When the server last said something."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **how: Any) -> T:
        return super().wait(_while_heard(self, gen), *args, **how)

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Have another patience for a while."""
        self.patience = seconds
        try:
            yield
        finally:
            self.patience = SILENT_SECONDS

    def is_fresh(self) -> bool:
        """Whether the server spoke a moment ago, and has not hung up since."""
        return time.monotonic() - self.heard < _FRESH_SECONDS and not super().wait(_unasked(), 0)

    def is_at_work(self) -> bool:
        """Whether the server says so, to a connection of its own."""
        if not self.url or self.patience < SILENT_SECONDS:
            return False
        try:
            how = NETWORK | {"connect_timeout": CHECK_SECONDS}
            with Impatient.connect(self.url, autocommit=True, **how) as other:
                other.patience = CHECK_SECONDS
                return other.execute(_IS_AT_WORK, [self.info.backend_pid]).rowcount > 0
        except psycopg.Error:
            return False


class ImpatientAsync(psycopg.AsyncConnection[Any]):
    """The same for the engine's own connections, which can only be awaited."""

    patience = SILENT_SECONDS
    heard = 0.0

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **how: Any) -> Coroutine[Any, Any, T]:
        return super().wait(_while_heard(self, gen), *args, **how)

    @staticmethod
    def is_at_work() -> bool:
        """Nothing that the engine asks for takes that long."""
        return False


def engine_pool(url: str, schema: str, connections: int) -> AsyncConnectionPool[Any]:
    """Make the pool of an engine that keeps tables of its own in `schema`; it is not open yet.

    What a crash of the server takes back of what it wrote last, the engine finds again.
    """
    options = f"-c search_path={schema} -c synchronous_commit=off -c lock_timeout={_LOCK_SECONDS}s"
    return AsyncConnectionPool(
        url,
        connection_class=ImpatientAsync,
        min_size=1,
        max_size=connections,
        timeout=WAIT_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        open=False,
        check=AsyncConnectionPool.check_connection,
        configure=lambda raw: raw.set_autocommit(True),
        kwargs={"options": options, **NETWORK},
        name="backroom-engine",
    )
