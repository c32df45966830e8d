"""The journal: the last requests with their answers, to be found, counted, waited for, followed.

Event-loop code: requests are noted on the loop of the server. All other methods may be called from
any thread, and `followed` on any event loop. What a request says is worked out when it is asked
for. Keys are replaced then.
"""

from __future__ import annotations

import asyncio
import fnmatch
import re
import threading
import time
from collections import deque
from contextlib import contextmanager, suppress
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.testing import json_path
from backroom.testing.near import near

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from backroom.api.observer import Exchange, Mishap
    from backroom.api.request import Answer
    from backroom.api.wire import Parts
    from backroom.errors import Fault

MOST_KEPT = 1_000
"""Requests."""
MOST_BYTES = 50_000_000
"""Bytes of bodies, in and out."""
LONGEST_BODY = 256 * 1024
"""Bytes of one body; what is beyond is cut."""
_OVERHEAD = 1_000
"""Bytes that a request takes beside its bodies, roughly."""
_LOOK = 0.2
"""Seconds between two looks of a waiting thread at whether the server stops."""
_KEY = re.compile(r"pk_[\w-]+")


def redacted(text: str) -> str:
    """Give a text without the keys in it."""
    return _KEY.sub("pk_***", text)


def _scheme_of(authorization: str | None) -> str | None:
    """Give an `Authorization` header without its secret."""
    if authorization is None:
        return None
    scheme, blank, secret = authorization.partition(" ")
    if not blank:
        return "***"
    return f"{scheme} {'pk_' if secret.startswith('pk_') else ''}***"


ANYTHING = object()
"""Stands for any value at a path, in `Wanted`."""


@dataclass(frozen=True)
class Wanted:
    """Which requests are meant: those that have all that is given here.

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


class Body:
    """A body as the journal has it: in parts, cut at `LONGEST_BODY`. `length` is that of all."""

    def __init__(self, parts: Parts, length: int) -> None:
        self.length = length
        self._parts = parts

    @cached_property
    def text(self) -> str:
        """What is kept of it, as text without keys."""
        return redacted(b"".join(self._parts).decode("utf-8", "replace"))

    @cached_property
    def document(self) -> Any:
        """The body as JSON, or None if it is none, or was cut."""
        try:
            return msgspec.json.decode(self.text)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            return None

    def shown(self) -> Any:
        """Give the body as it is shown: a document, or a text if it is none, None if empty."""
        return None if not self.length else self.document or self.text


class JournalEntry:
    """One request of the journal, with its answer."""

    def __init__(self, number: int, at: datetime, exchange: Exchange, answer: Answer) -> None:
        self.number = number
        self.at = at
        self.status = answer.status
        self.request_id = exchange.known.request.request_id
        self._exchange = exchange
        self._parts, self._length = answer.parts, sum(map(len, answer.parts))
        if self._length > LONGEST_BODY:
            self._parts = [b"".join(answer.parts)[:LONGEST_BODY]]
        self._body_length = len(exchange.body)
        if self._body_length > LONGEST_BODY:
            # Other observers see the whole body.
            self._exchange = copy(exchange)
            self._exchange.body = exchange.body[:LONGEST_BODY]
        self.size = len(self._exchange.body) + min(self._length, LONGEST_BODY) + _OVERHEAD
        """How many bytes it takes, roughly."""

    @cached_property
    def body(self) -> Body:
        """The body of the request."""
        return Body([self._exchange.body], self._body_length)

    @cached_property
    def answer(self) -> Body:
        """The body of the answer."""
        return Body(self._parts, self._length)

    @property
    def method(self) -> str:
        """The method."""
        return self._exchange.known.request.method

    @cached_property
    def path(self) -> str:
        """The path and the query."""
        return redacted(self._exchange.known.request.target)

    @property
    def operation(self) -> str | None:
        """The name of the operation, if there is one."""
        operation = self._exchange.operation
        return None if operation is None else operation.name

    @property
    def revision(self) -> str | None:
        """The revision that was asked for, if it is known."""
        revision = self._exchange.known.revision
        return None if revision is None else revision.date

    @property
    def account(self) -> str | None:
        """The account whose key was given."""
        access = self._exchange.known.access
        return None if access is None else access.account

    @property
    def milliseconds(self) -> float:
        """How long the answer took."""
        return round(self._exchange.seconds * 1000, 3)

    @property
    def fault(self) -> int | None:
        """The number of the fault that was injected, if one was."""
        mishap = self._exchange.mishap
        return None if mishap is None else mishap.number

    @property
    def refusal(self) -> Fault | None:
        """Why it was refused."""
        return self._exchange.fault

    @property
    def reason(self) -> str | None:
        """Why it was refused, in the words of the answer, without keys."""
        return None if self.refusal is None else redacted(self.refusal.detail)

    @cached_property
    def near(self) -> str | None:
        """What a refused request came near to."""
        # A body that was cut would be refused by every revision.
        found = None if self.body.length > LONGEST_BODY else near(self._exchange)
        return None if found is None else redacted(found)

    def as_json(self) -> dict[str, Any]:
        """Give all of it as JSON."""
        request = self._exchange.known.request
        return {
            "number": self.number,
            "at": clock.timestamp(self.at),
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "operation": self.operation,
            "revision": self.revision,
            "account": self.account,
            "authorization": _scheme_of(request.header(b"authorization")),
            "status": self.status,
            "milliseconds": self.milliseconds,
            "reason": self.reason,
            "near": self.near,
            "fault": self.fault,
            "body": self.body.shown(),
            "answer": self.answer.shown(),
            "cut": max(self.body.length, self.answer.length) > LONGEST_BODY,
        }


class Journal:
    """Keeps the last requests. It is an observer of the application."""

    def __init__(self, most: int = MOST_KEPT, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._entries: deque[JournalEntry] = deque()
        self._size = 0
        self._last = 0
        # A plain lock: it is taken for each request.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiting = 0
        self._let_go = False
        self._followers: list[Callable[[JournalEntry], None]] = []

    def befalls(self, _: Exchange) -> Mishap | None:
        """Say that nothing befalls a request: a journal has no effect."""

    def finished(self, exchange: Exchange, answer: Answer) -> None:
        """Note a request of the API, and whatever is not a path of the server's own."""
        if exchange.known.path is None and exchange.fault is None:
            return
        with self._lock:
            self._last += 1
            entry = JournalEntry(self._last, clock.now(), exchange, answer)
            self._entries.append(entry)
            self._size += entry.size
            while len(self._entries) > self._most or self._size > self._most_bytes:
                self._size -= self._entries.popleft().size
            if self._waiting:
                self._changed.notify_all()
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
        with self._lock:
            entries = list(self._entries)
        return [each for each in entries if wanted.matches(each)]

    def entry(self, number: int) -> JournalEntry | None:
        """Give a request by its number, or None if it is no longer there."""
        with self._lock:
            return next((each for each in self._entries if each.number == number), None)

    def count(self, wanted: Wanted = ANY) -> int:
        """Give how many requests are meant."""
        return len(self.find(wanted))

    def clear(self) -> None:
        """Forget all requests. Numbers go on."""
        with self._lock:
            self._entries.clear()
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
        came = [f"{each.method} {each.path} {each.status}" for each in list(self._entries)[-5:]]
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
