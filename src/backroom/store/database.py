"""What a database is to the rest of the house: transactions to read in, work to be written.

Writing is given as a function, not done in a `with` block: an engine may then put several pieces
of work into one commit, or try one again, and the caller still learns only what is on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from backroom.store.dialects import Dialect
    from backroom.store.job_rows import NewJob

Row = tuple[Any, ...]
T = TypeVar("T")


class Connection(Protocol):
    """A connection to either engine; values are named, `:name` in the text.

    A comment at the beginning of a statement, `-- page of jobs`, is its name in the log.
    """

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        """Run one statement and give its rows."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Add rows to a table, by the engine's shortest way."""

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        """Run one statement, which names each value once, for rows of values in that order."""

    def script(self, sql: str) -> None:
        """Run several statements without values."""


class Transaction:
    """Statements inside one transaction, on one connection."""

    __slots__ = ("connection", "dialect")

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        self.connection = connection
        self.dialect = dialect

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Run a statement and give its rows."""
        return list(self.connection.execute(sql, values))

    def one(self, sql: str, **values: Any) -> Row | None:
        """Run a statement of at most one row and give it, or None."""
        rows = self.all(sql, **values)
        return rows[0] if rows else None

    def run(self, sql: str, **values: Any) -> None:
        """Run a statement for its effect."""
        self.connection.execute(sql, values)

    def ping(self) -> None:
        """Have the database answer a statement. Raises `StoreUnavailable` where it does not."""
        self.all("select 1")

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Add rows to a table."""
        if rows:
            self.connection.insert(table, columns, rows)

    def many(self, sql: str, rows: Sequence[Row]) -> None:
        """Run a statement, which names each value once, for rows of values in that order."""
        if rows:
            self.connection.executemany(sql, rows)

    def script(self, sql: str) -> None:
        """Run several statements without values, as a migration has them."""
        self.connection.script(sql)

    def exclusively(self, what: str) -> None:
        """Keep others who ask for the same out until this transaction ends.

        For an account's name: other writers of its catalog.
        """
        if self.dialect.exclusive:
            self.run(self.dialect.exclusive, what=what)


class StoreUnavailable(Exception):
    """The database can't be reached or can't write just now; nothing was changed.

    Unless its server was lost at the very moment of a commit: then all was changed, or nothing.
    """


class TookTooLong(Exception):
    """A read has had its time on the event loop. It is begun again in a thread."""


class Database(Protocol):
    """An open database."""

    dialect: Dialect

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction to read in.

        A thread may open one inside of another. Both can be used until they end, each in its block.
        """

    def on_loop(self, work: Callable[[], T], deliver: Callable[[T], None]) -> None:
        """Do `work`, which reads, for a caller on an event loop, and hand its result to `deliver`.

        That happens now or later, always on the loop, and the loop goes on meanwhile. `work` raises
        nothing but `TookTooLong`, after which it is begun again.

        `work` opens its own transactions with `read`. It may run on the loop's own thread, where it
        gives way while a statement waits: no lock may be held across a statement.
        """

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Have `work` done in a transaction. The future is settled when it is on disk, or undone.

        What `work` raises undoes its own writing alone, and is raised by the future.
        """

    def written(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Do as `write`, for a caller on an event loop."""

    def accept(self, new: NewJob, most: int) -> asyncio.Future[str | None]:
        """Store a new job, and give the id that it got, for a caller on an event loop.

        It is the job's own, unless the account has a later one already: then it is one after that.
        None, and nothing is stored, if the account has `most` jobs in progress.
        """

    def close(self) -> None:
        """Finish what was given to write, and let go of the files."""
