"""The journal: the last requests with their answers, to be found, counted, waited for, followed.

Event-loop code: requests are noted on the loop of the server. All other methods may be called from
any thread, and `followed` on any event loop. What a request says is worked out when it is asked
for. Keys are replaced then.
"""

from __future__ import annotations

import asyncio
import fnmatch
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backroom.testing import json_path
from backroom.testing.journal_entry import JournalEntry, note_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

    from backroom.api.observer import Exchange
    from backroom.api.request import Answer
    from backroom.testing.journal_entry import Body, NotedRequest

MOST_ENTRIES_KEPT = 1_000
"""Requests."""
MOST_JOURNAL_BYTES = 50_000_000
"""Bytes of bodies, in and out."""
_LOOK = 0.2
"""Seconds between two looks of a waiting thread at whether the server stops."""
ANYTHING = object()
"""Stands for any value at a path, in `Wanted`."""


@dataclass(frozen=True)
class Wanted:
    """Which requests are meant: those that match all members.

    `path` is a pattern with `*`. `status` is a number, or a class such as `4xx`. `body` has values
    by their paths in the body of the request, `answer` those in the body of the answer. `since` is
    the number of a request: only later ones are meant.
    """

    operation: str | None = None
    method: str | None = None
    path: str | None = None
    status: str | None = None
    account: str | None = None
    revision: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    since: int = 0

    def __post_init__(self) -> None:
        """Raise `InvalidPath` for a path into a body that can't be read."""
        for path in (*self.body, *self.answer):
            json_path.steps_of(path)

    def matches(self, entry: JournalEntry) -> bool:
        """Whether a request is meant."""
        said = (
            (self.operation, entry.operation),
            (self.method, entry.method),
            (self.account, entry.account),
            (self.revision, entry.revision),
        )
        return (
            entry.number > self.since
            and all(wanted is None or wanted == found for wanted, found in said)
            and (self.path is None or fnmatch.fnmatchcase(entry.path.partition("?")[0], self.path))
            and (self.status is None or _has_status(self.status, entry.status))
            and _has_values(self.body, entry.body)
            and _has_values(self.answer, entry.answer)
        )


ANY = Wanted()


def _has_status(wanted: str, status: int) -> bool:
    return fnmatch.fnmatchcase(str(status), str(wanted).lower().replace("x", "?"))


def _has_values(wanted: Mapping[str, Any], body: Body) -> bool:
    for path, value in wanted.items():
        found = list(json_path.values_at(body.document, json_path.steps_of(path)))
        if not (found if value is ANYTHING else value in found):
            return False
    return True


class Journal:
    """Keeps the last requests. It is an observer of the application."""

    def __init__(self, most: int = MOST_ENTRIES_KEPT, most_bytes: int = MOST_JOURNAL_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._notes: deque[NotedRequest] = deque()
        """Their numbers go up by one, to `_last`."""
        self._read: dict[int, JournalEntry] = {}
        """Entries that somebody has read, by their numbers."""
        self._size = 0
        self._last = 0
        # A plain lock: it is taken for each request.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0
        self._let_go = False
        self._followers: list[Callable[[JournalEntry], None]] = []

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Note a request of the API, and whatever is not a path of the server's own."""
        if exchange.known.path is None and exchange.fault is None:
            return
        note, notes = note_of(exchange, answer), self._notes
        with self._lock:
            self._last += 1
            notes.append(note)
            self._size += note.size
            while len(notes) > self._most or self._size > self._most_bytes:
                self._size -= notes.popleft().size
                if self._read:
                    self._read.pop(self._last - len(notes), None)
            if self._waiting:
                self._changed.notify_all()
            if self._followers:
                entry = self._entry_of(self._last, note)
                for tell in self._followers:
                    tell(entry)

    @property
    def followers(self) -> int:
        """How many follow it."""
        return len(self._followers)

    @property
    def waiting(self) -> int:
        """How many threads wait for requests."""
        return self._waiting

    @property
    def last(self) -> int:
        """The number of the last request, 0 before the first."""
        return self._last

    def find(self, wanted: Wanted = ANY) -> list[JournalEntry]:
        """Give the requests that are meant, the oldest first."""
        return [each for each in self._all() if wanted.matches(each)]

    def _all(self) -> list[JournalEntry]:
        with self._lock:
            first = self._last - len(self._notes) + 1
            return [self._entry_of(number, note) for number, note in enumerate(self._notes, first)]

    def _entry_of(self, number: int, note: NotedRequest) -> JournalEntry:
        """Give the entry of a note: the same one each time. The lock is held."""
        entry = self._read.get(number)
        if entry is None:
            entry = self._read[number] = JournalEntry(number, note)
        return entry

    def entry(self, number: int) -> JournalEntry | None:
        """Give a request by its number, or None if it is no longer there."""
        with self._lock:
            place = number - self._last + len(self._notes) - 1
            if not 0 <= place < len(self._notes):
                return None
            return self._entry_of(number, self._notes[place])

    def count(self, wanted: Wanted = ANY) -> int:
        """Give how many requests are meant."""
        return len(self.find(wanted))

    def clear(self) -> None:
        """Remove all requests from the journal. Numbers go on."""
        with self._lock:
            self._notes.clear()
            self._read.clear()
            self._size = 0

    def wait(
        self, wanted: Wanted = ANY, count: int = 1, seconds: float = 10.0
    ) -> list[JournalEntry]:
        """Wait until `count` requests are meant, and give them. It blocks its thread.

        Raises `TimeoutError`, which says how many there were and what came instead. It does so at
        once where the server stops.
        """
        end = time.monotonic() + seconds
        while True:
            with self._lock:
                seen = self._last
            found = self.find(wanted)
            if len(found) >= count:
                return found
            if time.monotonic() >= end or self._let_go:
                raise TimeoutError(self._missing(found, count, seconds))
            with self._lock:
                if self._last == seen:
                    self._waiting += 1
                    self._changed.wait(min(_LOOK, end - time.monotonic()))
                    self._waiting -= 1

    def let_go(self) -> None:
        """Have nobody wait any longer. A signal may call it, so it takes no lock."""
        self._let_go = True

    def _missing(self, found: Iterable[JournalEntry], count: int, seconds: float) -> str:
        came = [f"{each.method} {each.path} {each.status}" for each in self._all()[-5:]]
        return (
            f"{len(list(found))} of {count} requests came in {seconds:g} s;"
            f" the last of all: {', '.join(came) or 'none'}"
        )

    @contextmanager
    def followed(self, wanted: Wanted = ANY) -> Iterator[AsyncIterator[JournalEntry]]:
        """Give each request that is meant from now on, until `let_go`. It needs a running loop."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[JournalEntry] = asyncio.Queue(self._most)

        def put(entry: JournalEntry) -> None:
            # A follower that takes nothing misses what the journal forgets too.
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(entry)

        def tell(entry: JournalEntry) -> None:
            with suppress(RuntimeError):
                # The loop of the follower may have ended.
                loop.call_soon_threadsafe(put, entry)

        with self._lock:
            self._followers.append(tell)
        try:
            yield self._matching(queue, wanted)
        finally:
            with self._lock:
                self._followers.remove(tell)

    async def _matching(
        self, queue: asyncio.Queue[JournalEntry], wanted: Wanted
    ) -> AsyncIterator[JournalEntry]:
        while not self._let_go:
            try:
                entry = await asyncio.wait_for(queue.get(), _LOOK)
            except TimeoutError:
                continue
            if wanted.matches(entry):
                yield entry
