"""The interface of a database: transactions to read in, and functions that write in one.

A caller reads in a `with` block. It does not write in one: it hands over a function. So an engine
may put the work of several callers into one commit, or run a function again. Each caller gets its
result only when the result is on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from backroom.catalog.kinds import Kind
    from backroom.store.dialects import Dialect
    from backroom.store.job_rows import NewJob
    from backroom.store.signals import Signal

Row = tuple[Any, ...]
T = TypeVar("T")


class Connection(Protocol):
    """A connection to either engine; values are named, `:name` in the text.

    A comment at the beginning of a statement, `-- page of jobs`, is its name in the log.
    """

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        """Run one statement and give its rows."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Add rows to a table, by the quickest way that the engine has."""

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement for many rows. It names each value once, in the order of the rows."""

    def script(self, sql: str) -> None:
        """Run several statements without values."""

    def ends(self, error: Exception) -> bool:
        """Whether an error means that the database failed, or the transaction must be tried again.

        If not, only the one statement has failed, and the transaction can go on.
        """

    def wait_for(self, tables: Iterable[str]) -> None:
        """Wait until nobody keeps others from writing into some tables. Raises if that lasts."""


class Transaction:
    """Statements inside one transaction, on one connection."""

    __slots__ = ("connection", "dialect", "on_loop")

    def __init__(self, connection: Connection, dialect: Dialect, *, on_loop: bool = False) -> None:
        self.connection = connection
        self.dialect = dialect
        self.on_loop = on_loop
        """Whether what uses it holds an event loop between its statements."""

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Run a statement and give its rows."""
        return list(self.connection.execute(sql, values))

    def one(self, sql: str, **values: Any) -> Row | None:
        """Run a statement that gives at most one row. Give the row, or None."""
        rows = self.all(sql, **values)
        return rows[0] if rows else None

    def run(self, sql: str, **values: Any) -> None:
        """Run a statement for its effect."""
        self.connection.execute(sql, values)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Add rows to a table."""
        if rows:
            self.connection.insert(table, columns, rows)

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run a statement for many rows. It names each value once, in the order of the rows."""
        if rows:
            self.connection.executemany(sql, rows)

    def script(self, sql: str) -> None:
        """Run several statements without values, as a migration has them."""
        self.connection.script(sql)

    def attempt(self, work: Callable[[], T], *, anyhow: bool = False) -> T:
        """Do `work`, and if it fails undo what it has written, so that the transaction can go on.

        Raises `Undone`. Errors that end the transaction are raised as they are. Those for which
        the whole is usually tried again end it too, unless it shall go on `anyhow`.
        """
        run = self.connection.execute
        run("savepoint attempt", {})
        try:
            result = work()
        except Exception as error:
            if self.connection.ends(error) and not anyhow:
                raise
            try:
                run("rollback to savepoint attempt", {})
            except Exception:  # noqa: BLE001 - whatever it says, it comes of the first error
                # The transaction has ended, perhaps with the connection.
                raise error from None
            run("release savepoint attempt", {})
            raise Undone from error
        run("release savepoint attempt", {})
        return result

    def leave_loop(self) -> None:
        """Start the work again in a thread if it runs on an event loop: it is large.

        Raises `TookTooLong` on an event loop.
        """
        if self.on_loop:
            raise TookTooLong

    def exclusively(self, what: str) -> None:
        """Wait until no other transaction holds the lock `what`, and hold it until this one ends.

        An account's id is the lock that all writers of its catalog take.
        """
        if self.dialect.exclusive:
            self.run(self.dialect.exclusive, what=what)


class StoreUnavailable(Exception):
    """The database can't be reached or can't write just now; nothing was changed.

    There is one exception. If the connection is lost during a commit, nobody knows whether the
    database has committed. Then either everything was changed or nothing.
    """


class WriteRefused(StoreUnavailable):
    """The database was there, but could not do this write; nothing was changed.

    As a rule another write would fail as well. But it may also be this one alone that fails.
    """


class WriteTooSlow(WriteRefused):
    """The database ended a statement of a write at its time limit; nothing was changed.

    The database may be overloaded. But the same write may also take as long each time.
    """


class Undone(Exception):
    """A part of a transaction has failed alone, and was undone. Its cause says why."""


class UnusablePlace(StoreUnavailable):
    """No database can be at the place of the setting until the place or the setting changes."""


class TookTooLong(Exception):
    """A read takes more time than it may hold the event loop. It starts again in a thread."""


class BlockDigests(Protocol):
    """The digests of blocks that a process keeps of its database."""

    def blocks(self, kind: Kind, account: str) -> dict[int, int]:
        """Give what `digests.blocks_of` gives. Not for an event loop."""


class Database(Protocol):
    """An open database."""

    dialect: Dialect

    @property
    def kept_digests(self) -> BlockDigests | None:
        """The digests of blocks that the process keeps. None if each question makes them anew."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction to read in.

        A thread may open one inside of another. Both can be used until they end, each in its block.
        """

    def one_moment(self) -> AbstractContextManager[Transaction]:
        """Open a transaction to read in, all of whose statements see the same moment.

        It may last long, and so may its statements. Not for an event loop.
        """

    def on_loop(self, work: Callable[[], T], deliver: Callable[[T], None]) -> None:
        """Do `work`, which reads, for a caller on an event loop, and hand its result to `deliver`.

        `deliver` is called on the loop, now or later. The loop goes on meanwhile. `work` opens its
        own transactions with `read`. It may raise only `TookTooLong`, and is then begun again.

        `work` may run on the loop's own thread, in a greenlet that is suspended while a statement
        waits. So it must not hold a lock across a statement: other work on the same thread would
        wait for the lock, and the greenlet that holds it could never go on.
        """

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Have `work` done in a transaction. The future has its result once it is on disk.

        If `work` raises, what it has written is undone, and the future raises the same. The work of
        others in the same commit is not undone.
        """

    def written(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Have `work` done as `write` does, with a future that an event loop can await."""

    def accept(self, new: NewJob, most: int) -> asyncio.Future[str | None]:
        """Store a new job and give its id, with a future that an event loop can await.

        The id is the one that the job has, unless the account already has a job with a greater id.
        Then it is the next id after that. If the account has `most` jobs in progress, nothing is
        stored and the result is None.
        """

    def check(self) -> None:
        """Check that a write could be done now. Raises `StoreUnavailable` with the reason if not.

        It costs no write, as long as writes succeed now and then. On an event loop it may only be
        called as part of `on_loop`'s work, and may raise `TookTooLong` there.
        """

    def signals(self) -> list[Signal]:
        """Give the values that operators watch and this process knows, without a statement."""

    def asked(self, tx: Transaction) -> list[Signal]:
        """Ask the database for the other values that operators watch. Raises `StoreUnavailable`."""

    def close(self) -> None:
        """Finish all work that was handed over to write, then close all connections."""
