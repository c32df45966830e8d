"""Notes that many requests make, and that are written to the database together.

A row for each note, written in the transaction of its change, would cost a third of a lone write on
SQLite, and a statement more on PostgreSQL. A note in memory costs a microsecond, and is written a
second later. A server that stops writes what is left. One that is killed loses the notes of its
last second.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

GATHERED_SECONDS = 1.0
"""How long a note waits for others."""
_MANY_NOTES = 500
"""So many notes do not wait longer."""
_MOST_NOTES = 2_000
"""If more wait, the oldest are lost: the thread that writes does not get its turn."""
_PATIENCE = 5.0


class Gathering(Generic[T]):
    """Notes of one kind. Any thread may make some. `write` begins to write a list of them."""

    def __init__(self, write: Callable[[list[T]], Future[None]]) -> None:
        self._write = write
        self._notes: list[T] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def note(self, note: T) -> None:
        """Keep a note until it is written. It waits for nothing."""
        with self._lock:
            self._notes.append(note)
            if len(self._notes) > _MOST_NOTES:
                del self._notes[: _MOST_NOTES // 2]
            if self._timer is None or len(self._notes) == _MANY_NOTES:
                self._begin_in(GATHERED_SECONDS if self._timer is None else 0)

    def _begin_in(self, seconds: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(seconds, self._begin)
        self._timer.daemon = True
        self._timer.start()

    def flush(self) -> None:
        """Write down what was noted, and wait for it for some seconds."""
        wait([self._begin()], _PATIENCE)

    def _begin(self) -> Future[None]:
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            notes, self._notes = self._notes, []
        if notes:
            return self._write(notes)
        done: Future[None] = Future()
        done.set_result(None)
        return done
