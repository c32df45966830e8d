"""A transaction whose statements are timed, for those who look into what a request or a job did."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from backroom import clock
from backroom.store.database import Transaction
from backroom.store.postgresql.statements import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from backroom.store.database import Connection, Row


T = TypeVar("T")


class TimedStatement(NamedTuple):
    """A statement that was run: its name, when it began by the system's clock, and its seconds."""

    name: str
    began: float
    seconds: float


class StatementTimer:
    """A connection that notes each statement. It is quick enough for each request."""

    def __init__(self, connection: Connection, noted: list[TimedStatement]) -> None:
        self._connection = connection
        self._noted = noted
        self.wait_for = connection.wait_for
        self.ends = connection.ends

    def execute(self, sql: str, values: dict[str, Any]) -> Iterable[Row]:
        with timing(name_of(sql), self._noted):
            # A statement is not over before its last row.
            return list(self._connection.execute(sql, values))

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        with timing(f"insert {table}", self._noted):
            self._connection.insert(table, columns, rows)

    def executemany(self, sql: str, rows: Sequence[Row]) -> None:
        with timing(name_of(sql), self._noted):
            self._connection.executemany(sql, rows)

    def script(self, sql: str) -> None:
        with timing("script", self._noted):
            self._connection.script(sql)


@contextmanager
def timing(name: str, noted: list[TimedStatement]) -> Iterator[None]:
    """Note what the block does, by a name."""
    began, measured = clock.epoch(), time.perf_counter()
    try:
        yield
    finally:
        noted.append(TimedStatement(name, began, time.perf_counter() - measured))


def timed(tx: Transaction, noted: list[TimedStatement]) -> Transaction:
    """Give the same transaction with statements that are added to `noted` when they are over."""
    return Transaction(StatementTimer(tx.connection, noted), tx.dialect, on_loop=tx.on_loop)


def noting(noted: list[TimedStatement], work: Callable[[Transaction], T], tx: Transaction) -> T:
    """Do work in a transaction, and note its statements alone, also where it is done again."""
    noted.clear()
    return work(timed(tx, noted))
