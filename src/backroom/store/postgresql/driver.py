"""Everything that is used of psycopg beyond its public interface, in this one module.

Two things are built on it, and each has a plain way without it:

- `Channel`: statements sent over a connection in pipeline mode without waiting for their answers.
  It relies on the methods of libpq that `Connection.pgconn` has and that `_PIPELINE` names. To turn
  values into bytes and results into rows it relies on `psycopg.adapt.Transformer`, with
  `dump_sequence`, `types`, `formats`, `set_pgresult` and `load_rows`. (psycopg's own pipeline mode
  sends at once what is executed, and waits in a thread.)
- `Watched` and `WatchedAsync`: connections that notice a server that says nothing. They rely on
  `Connection.wait`, in which every statement waits. It is given a generator that yields what it
  waits for (`psycopg.waiting.Wait`), and is sent what has come: 0 if an interval brought nothing.

`ABSENT` lists what this psycopg lacks. If it is not empty, or `BACKROOM_PIPELINE` is off, nobody
opens a `Channel`, and no connection is watched. Every statement then takes a thread and an ordinary
connection of psycopg's pool.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
import psycopg.adapt
import psycopg.waiting
from psycopg.pq import DiagnosticField, ExecStatus, Format, PGconn, TransactionStatus

from backroom.store.database import Row

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator, Sequence

    from psycopg.pq.abc import PGresult

T = TypeVar("T")

_PIPELINE = (
    "socket",
    "nonblocking",
    "transaction_status",
    "enter_pipeline_mode",
    "send_prepare",
    "send_query_prepared",
    "send_query_params",
    "pipeline_sync",
    "flush",
    "consume_input",
    "is_busy",
    "get_result",
    "finish",
)
_TRANSFORMER = ("dump_sequence", "types", "formats", "set_pgresult", "load_rows")
_QUERY_CANCELED = b"57014"
_ANSWERS = frozenset({ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK})


def absent() -> list[str]:
    """Name the parts of psycopg that this module relies on and this version lacks."""
    expected = [
        *((PGconn, name) for name in _PIPELINE),
        *((getattr(psycopg.adapt, "Transformer", None), name) for name in _TRANSFORMER),
        (psycopg.Connection, "wait"),
        (psycopg.AsyncConnection, "wait"),
        (getattr(psycopg.waiting, "Wait", None), "R"),
    ]
    return [
        f"{getattr(owner, '__name__', owner)}.{name}"
        for owner, name in expected
        if not hasattr(owner, name)
    ]


ABSENT = absent()


class Channel:
    """One connection in pipeline mode. No method waits: not for the server, not for the network."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._pgconn = connection.pgconn
        # libpq no longer knows it once the connection is lost, and the loop has to let go of it.
        self.socket = connection.pgconn.socket
        self._transformer = psycopg.adapt.Transformer(connection)
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()

    def dump(self, values: Sequence[Any]) -> Dumped:
        """Turn values into bytes. Raises `psycopg.Error` for what PostgreSQL can't be given."""
        transformer = self._transformer
        octets = transformer.dump_sequence(values, [psycopg.adapt.PyFormat.AUTO] * len(values))
        return octets, transformer.types or (), transformer.formats or ()

    def prepare(self, name: bytes, text: bytes, types: Sequence[int]) -> None:
        """Queue the preparing of a statement. One result will come for it."""
        self._pgconn.send_prepare(name, text, types)

    def execute(self, name: bytes | None, text: bytes, dumped: Dumped) -> None:
        """Queue a statement, under the `name` it was prepared. One result will come for it."""
        octets, types, formats = dumped
        if name is None:
            self._pgconn.send_query_params(text, octets, types, formats, Format.BINARY)
        else:
            self._pgconn.send_query_prepared(name, octets, formats, Format.BINARY)

    def sync(self) -> None:
        """End a batch: after a failure the server skips the rest of the batch."""
        self._pgconn.pipeline_sync()

    def flush(self) -> bool:
        """Send as much as the network takes. True if something is left."""
        return bool(self._pgconn.flush())

    def receive(self) -> None:
        """Read the bytes that have come from the network."""
        self._pgconn.consume_input()

    def next_result(self) -> tuple[PGresult, bool] | None:
        """Give the next whole result that has come in, and whether it is that of a `sync`.

        What was written before a sync is on disk when its result comes. None if there is no result.
        """
        if self._pgconn.is_busy():
            return None
        result = self._pgconn.get_result()
        if result is None:
            return None
        if result.status == ExecStatus.PIPELINE_SYNC:
            return result, True
        # The end of this statement's results: no statement of ours has a second one.
        self._pgconn.get_result()
        return result, False

    def rows(self, result: PGresult) -> list[Row]:
        """Turn a result into rows."""
        self._transformer.set_pgresult(result)
        return self._transformer.load_rows(0, result.ntuples, tuple)


Dumped = tuple["Sequence[Any]", tuple[int, ...], "Sequence[Format]"]
"""Values as bytes, the types they were given, and the format of each."""


def is_answer(result: PGresult) -> bool:
    """Whether a result is no failure: it has rows, or says that a statement is prepared."""
    return result.status in _ANSWERS


def is_skipped(result: PGresult) -> bool:
    """Whether the server never began the statement, since one that was sent before it failed."""
    return result.status == ExecStatus.PIPELINE_ABORTED


def is_canceled(result: PGresult) -> bool:
    """Whether the server has cancelled the statement: at its time-out, or on request."""
    return result.error_field(DiagnosticField.SQLSTATE) == _QUERY_CANCELED


def message(result: PGresult) -> str:
    """Give what the server says of a failure."""
    text = result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"it was lost"
    return text.decode(errors="replace")


class Watched(psycopg.Connection[Row]):
    """A connection that is lost when the server says nothing for `patience` seconds.

    It is not lost while `is_at_work` says that the server works for it. A connection that is not
    `watched` is an ordinary one.
    """

    watched = True
    patience: float
    heard = 0.0
    """When the server last said something, by the monotonic clock."""

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **how: Any) -> T:
        return super().wait(_watched(self, gen) if self.watched else gen, *args, **how)

    def is_at_work(self) -> bool:
        """Whether the server, although it says nothing, works for this connection."""
        return False

    def has_unasked(self) -> bool:
        """Whether something has come that nobody asked for, as it does before a server hangs up."""
        return bool(super().wait(_unasked(), 0))


class WatchedAsync(psycopg.AsyncConnection[Any]):
    """The same for connections that are awaited."""

    patience: float
    heard = 0.0

    def wait(self, gen: Generator[Any, Any, T], *args: Any, **how: Any) -> Coroutine[Any, Any, T]:
        return super().wait(_watched(self, gen), *args, **how)

    def is_at_work(self) -> bool:
        """Whether the server, although it says nothing, works for this connection."""
        return False


def _watched(
    connection: Watched | WatchedAsync, waiting: Generator[Any, Any, T]
) -> Generator[Any, Any, T]:
    """Pass events between a statement and its socket, and watch how long the server is silent.

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
                # Nobody reads any more what the server may still send.
                connection.pgconn.finish()
                raise psycopg.OperationalError("the PostgreSQL server does not answer")
            awaited = waiting.send(ready)
    except StopIteration as end:
        result: T = end.value
        return result


def _is_asking(connection: Watched | WatchedAsync) -> bool:
    """Whether an answer is due; who only listens for notifications waits as long as it likes."""
    return connection.pgconn.transaction_status != TransactionStatus.IDLE


def _unasked() -> Generator[Any, Any, Any]:
    """Wait for something to read."""
    return (yield psycopg.waiting.Wait.R)
