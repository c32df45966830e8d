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

Row = tuple[Any, ...]
T = TypeVar("T")


class Connection(Protocol):
    """A connection to either engine; values are named, `:name` in the text."""

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        """Run one statement and give its rows."""

    def ahead(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        """Run one statement and give its rows, as `Transaction.ahead` says."""

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

    def ahead(self, sql: str, **values: Any) -> Row | None:
        """Run a statement of at most one row in a transaction of its own, before this one begins.

        What it writes is on disk then, whatever comes after it. Where this transaction has begun,
        or the engine knows no other beside it, it is a statement as any.
        """
        rows = list(self.connection.ahead(sql, values))
        return rows[0] if rows else None

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
        self.run(self.dialect.exclusive, what=what)


class StoreUnavailable(Exception):  # noqa: N818 - the store's state, not the caller's error
    """The database can't be reached or can't write just now; nothing was changed.

    Unless its server was lost at the very moment of a commit: then all was changed, or nothing.
    """


class Database(Protocol):
    """An open database."""

    dialect: Dialect
    inline: bool
    """Whether a read takes less time than reaching another thread for it."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a transaction to read in.

        A thread may open one inside of another. Both can be used until they end, each in its block.
        """

    def aside(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Have `work`, which reads, done on the event loop, without the loop waiting for it."""

    def written(self, work: Callable[[Transaction], T]) -> asyncio.Future[T]:
        """Do as `write`, for who runs on an event loop."""

    def write(self, work: Callable[[Transaction], T]) -> Future[T]:
        """Have `work` done in a transaction. The future is settled when it is on disk, or undone.

        What `work` raises undoes its own writing alone, and is raised by the future.
        """

    def close(self) -> None:
        """Finish what was given to write, and let go of the files."""
