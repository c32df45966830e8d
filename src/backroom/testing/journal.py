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
from copy import copy
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from backroom.testing import json_path
from backroom.testing.journal_entry import LONGEST_BODY, OVERHEAD, JournalEntry, NotedRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

    from backroom.api.observer import Exchange
    from backroom.api.request import Answer
    from backroom.testing.journal_entry import Body

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


def _beginning(body: bytes) -> bytes:
    """Give the beginning of a body that is too long."""
    return body[:LONGEST_BODY]


class Journal:
    """Keeps the last requests. It is an observer of the application."""

    def __init__(self, most: int = MOST_ENTRIES_KEPT, most_bytes: int = MOST_JOURNAL_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        # Plain tuples, each with the members of a `NotedRequest`: to make one takes three times as
        # long, and each request would pay for it.
        self._notes: deque[Any] = deque(maxlen=most)
        self._read: dict[int, JournalEntry] = {}
        """Entries that somebody has read, by their numbers."""
        self._numbers = count(1)
        self._last = 0
        self._bytes = 0
        """The bytes of all requests, also of those that are no longer kept."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0
        self._let_go = False
        self._followers: list[Callable[[JournalEntry], None]] = []

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Note a request of the API, and whatever is not a path of the server's own.

        It takes no lock unless somebody waits: that would cost more than all else here. An edit in
        the dashboard notes itself in another thread at the same time. So only `append` and `next`
        are exact. The bytes are only about right, and `last` may be one too low for a moment.
        """
        known, refused = exchange.known, None
        if exchange.fault is not None:
            refused = exchange
        elif known.path is None:
            return
        body, parts = exchange.body, answer.parts
        body_length, length = len(body), sum(map(len, parts))
        size = body_length + length + OVERHEAD
        if size > LONGEST_BODY:
            # Other observers see the whole body.
            refused = copy(refused)
            body, parts = (
                _beginning(body),
                [_beginning(b"".join(parts))] if length > LONGEST_BODY else parts,
            )
            if refused is not None:
                refused.body = body
            size = len(body) + min(length, LONGEST_BODY) + OVERHEAD
        seen = exchange.seen(answer)
        authorization = known.request.raw_header(b"authorization")
        number, before = next(self._numbers), self._bytes
        note = (number, before, seen, authorization, body, parts, body_length, length, refused)
        notes = self._notes
        notes.append(note)
        self._bytes = taken = before + size
        # Whoever is about to wait says so first, and looks at this then.
        self._last = number
        try:
            while taken - notes[0][1] > self._most_bytes:
                self._read.pop(notes.popleft()[0], None)
        except IndexError:
            # Another thread has cleared it. (`suppress` would cost each request.)
            pass
        if self._read:
            self._read.pop(number - self._most, None)
        if self._waiting:
            with self._lock:
                self._changed.notify_all()
        if self._followers:
            self._tell(note)

    def _tell(self, note: Any) -> None:
        with self._lock:
            entry = self._entry_of(note)
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
            notes = self._notes.copy()
            entries = [self._entry_of(each) for each in notes]
            # One that was dropped while it was read would stay.
            kept = {each.number for each in entries}
            for number in self._read.keys() - kept:
                self._read.pop(number, None)
            return entries

    def _entry_of(self, note: Any) -> JournalEntry:
        """Give the entry of a note: the same one each time. The lock is held."""
        number = note[0]
        entry = self._read.get(number)
        if entry is None:
            entry = self._read[number] = JournalEntry(NotedRequest(*note))
        return entry

    def entry(self, number: int) -> JournalEntry | None:
        """Give a request by its number, or None if it is no longer there."""
        with self._lock:
            found = (each for each in self._notes.copy() if each[0] == number)
            note = next(found, None)
            return None if note is None else self._entry_of(note)

    def count(self, wanted: Wanted = ANY) -> int:
        """Give how many requests are meant."""
        return len(self.find(wanted))

    def clear(self) -> None:
        """Remove all requests from the journal. Numbers go on."""
        with self._lock:
            self._notes.clear()
            self._read.clear()

    def wait(
        self, wanted: Wanted = ANY, count: int = 1, seconds: float = 10.0
    ) -> list[JournalEntry]:
        """Wait until `count` requests are meant, and give them. It blocks its thread.

        Raises `TimeoutError`, which says how many there were and what came instead. It does so at
        once where the server stops.
        """
        end = time.monotonic() + seconds
        while True:
            seen = self._last
            found = self.find(wanted)
            if len(found) >= count:
                return found
            if time.monotonic() >= end or self._let_go:
                raise TimeoutError(self._missing(found, count, seconds))
            with self._lock:
                self._waiting += 1
                if self._last == seen:
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
