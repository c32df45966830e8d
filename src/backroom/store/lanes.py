"""Statements on the event loop, which goes on while they are answered; no thread waits for them.

Work runs in a greenlet. Where it asks the database something it is set aside, and the answer wakes
it: so the same code serves both engines. What reads shares a connection with others, and all that
is asked in one turn of the loop goes to the server together. What writes has one alone. A lane is
only a shorter way: what is refused there is done again in a thread, as if there were none.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import psycopg
from greenlet import getcurrent, greenlet
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ExecStatus, Format

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from psycopg.pq.abc import PGresult

    from backroom.store.database import Row

    Raw = psycopg.Connection[Any]

T = TypeVar("T")

_STUCK_SECONDS = 0.002
"""How long a lane may be silent before others no longer queue behind what it is at."""
_MOST_PREPARED = 200
"""Statements that a connection keeps prepared: more than nearly all clients ask for."""
_MOST_FREE = 64
"""Errands that are kept for the next work."""
_LOOK_SECONDS = 1.0
_AGAIN_SECONDS = 1.0
"""How long after a lane was lost another is opened."""
NAMED = re.compile(r"(?<!:):([a-z_]\w*)")
"""A value in a statement, `:name`; `::name` is a type."""


@lru_cache(maxsize=512)
def _numbered(sql: str) -> tuple[bytes, tuple[str, ...]]:
    """Write a statement with `:name` values as the protocol has them, and give the names."""
    names = tuple(dict.fromkeys(NAMED.findall(sql)))
    places = {name: f"${place}" for place, name in enumerate(names, 1)}
    return NAMED.sub(lambda name: places[name[1]], sql).encode(), names


class _Errand(greenlet):
    """Does one piece of work after the other, and is set aside while one waits.

    In between it is among the `free` ones, if there are any: the memory of each new one is asked of
    the system, and given back.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, free: list[_Errand] | None) -> None:
        super().__init__(self._go_on)
        self.loop = loop
        self._free = free

    def _go_on(self, work: Callable[[], None]) -> None:
        work()
        while self._free is not None and len(self._free) < _MOST_FREE:
            self._free.append(self)
            work = self.wait()
            work()

    def wait(self) -> Any:
        """Let the loop go on, and give what the work is switched to with."""
        assert self.parent is not None  # noqa: S101 - the loop began it
        return self.parent.switch()


def is_aside() -> bool:
    """Whether what runs now may be set aside."""
    return isinstance(getcurrent(), _Errand)


def _current() -> _Errand:
    errand = getcurrent()
    assert isinstance(errand, _Errand)  # noqa: S101 - nobody else is given a transaction here
    return errand


class LaneLost(Exception):  # noqa: N818 - an event, not an error
    """A statement got no answer: nobody knows whether it was run."""


class NotHere(Exception):  # noqa: N818 - an event, not an error
    """What is asked for is not done here, or was refused; nothing was changed."""


class _How(NamedTuple):
    """How long a lane's server may be silent, in seconds, and whether what is asked changes it."""

    patience: float
    writes: bool


class _Lane:
    """One connection in pipeline mode. Its statements are answered in their order."""

    def __init__(self, raw: Raw, loop: asyncio.AbstractEventLoop, how: _How) -> None:
        self.is_open = True
        self._how = how
        self._raw = raw
        self._pgconn = raw.pgconn
        # The driver knows it no more once the connection is lost.
        self._socket = raw.pgconn.socket
        self._loop = loop
        self._adapt = Transformer(raw)
        self._prepared: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        self._expected: deque[_Errand | None] = deque()
        self._done: list[tuple[_Errand, PGresult]] = []
        self._gathering = False
        self._looking = False
        self._heard = 0.0
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        loop.add_reader(self._socket, self._receive)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for it."""
        return not self._expected and not self._done

    @property
    def is_stuck(self) -> bool:
        """Whether a statement takes long, and whoever comes now would wait for it."""
        return not self.is_idle and self._loop.time() - self._heard > _STUCK_SECONDS

    def ask(self, errand: _Errand, sql: str, values: dict[str, Any]) -> list[Row]:
        """Ask, let others go on, and give the rows. Raises `LaneLost` or `NotHere`."""
        text, names = _numbered(sql)
        try:
            self._send(text, [values[name] for name in names])
        except psycopg.Error:
            self.lose()
            raise NotHere from None
        self._expected.append(errand)
        result: PGresult | None = errand.wait()
        if result is None:
            raise LaneLost
        if result.status != ExecStatus.TUPLES_OK:
            # Done again elsewhere it fails for all to see, unless it was only out of date here.
            self.lose()
            raise NotHere
        self._adapt.set_pgresult(result)
        return self._adapt.load_rows(0, result.ntuples, tuple)

    def _send(self, text: bytes, values: Sequence[Any]) -> None:
        if self.is_idle:
            self._heard = self._loop.time()
        dumped = self._adapt.dump_sequence(values, [PyFormat.AUTO] * len(values))
        types, formats = self._adapt.types or (), self._adapt.formats
        name = self._prepared.get((text, types))
        if name is None and len(self._prepared) < _MOST_PREPARED:
            name = self._prepared[text, types] = b"backroom_%d" % len(self._prepared)
            self._pgconn.send_prepare(name, text, types)
            self._expected.append(None)
        if name is None:
            self._pgconn.send_query_params(text, dumped, types, formats, Format.BINARY)
        else:
            self._pgconn.send_query_prepared(name, dumped, formats, Format.BINARY)
        if not self._gathering:
            self._gathering = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Send what has been asked in this turn, all of it at once."""
        self._gathering = False
        if not self.is_open:
            return
        try:
            self._pgconn.pipeline_sync()
        except psycopg.Error:
            self.lose()
            return
        self._go_on_sending()
        if not self._looking:
            self._look_later()

    def _go_on_sending(self) -> None:
        try:
            unsent = self._pgconn.flush()
        except psycopg.Error:
            self.lose()
            return
        if unsent:
            self._loop.add_writer(self._socket, self._go_on_sending)
        else:
            self._loop.remove_writer(self._socket)

    def _receive(self) -> None:
        """Take what has come, and wake those who waited for it."""
        self._heard = self._loop.time()
        try:
            self._pgconn.consume_input()
            while self.is_open and not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    break
                self._take(result)
        except psycopg.Error:
            self.lose()

    def _take(self, result: PGresult) -> None:
        if result.status == ExecStatus.PIPELINE_SYNC:
            # Only now is it committed what the statements before this have done.
            done, self._done = self._done, []
            for waiting, answer in done:
                waiting.switch(answer)
            return
        # Nothing that is asked here has a second result.
        self._pgconn.get_result()
        if not self._expected:
            # The commit itself has failed, or the server says goodbye.
            self.lose()
            return
        errand = self._expected.popleft()
        if errand is None:
            return
        if self._how.writes:
            self._done.append((errand, result))
        else:
            # The server goes on with the next statement while this one's answer is worked on.
            errand.switch(result)

    def _look_later(self) -> None:
        self._looking = True
        self._loop.call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """See whether the server still says anything to who waits for it."""
        self._looking = False
        if self.is_idle:
            return
        if self._loop.time() - self._heard > self._how.patience:
            self.lose()
        else:
            self._look_later()

    def lose(self) -> None:
        """Give the connection up, and have what it was asked asked elsewhere."""
        if not self.is_open:
            return
        self.is_open = False
        waiting = [*(errand for errand, _ in self._done), *self._expected]
        self._done, self._expected = [], deque()
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._raw.close()
        for errand in waiting:
            if errand is not None:
                self._loop.call_soon(errand.switch, None)


class Lanes:
    """Lanes of one database, opened as they are needed, up to `most`, for one event loop.

    `connect` opens a connection, in a thread. One that says nothing for `patience` seconds is lost.
    What `writes` is told only when it is committed.
    """

    def __init__(
        self, connect: Callable[[], Raw], most: int, patience: float, *, writes: bool
    ) -> None:
        self._connect = connect
        self._most = most
        self._how = _How(patience, writes)
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="backroom-lanes")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lanes: list[_Lane] = []
        self._free: list[_Errand] = []
        self._opened: set[Raw] = set()
        self._lock = Lock()
        """Of what was opened: the loop may change while a thread opens another."""
        self._opening = False
        self._again = 0.0

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        """Begin work on the event loop, come back as soon as it has to wait, promise its result."""
        loop = asyncio.get_running_loop()
        if self._loop is None or (loop is not self._loop and self._loop.is_closed()):
            self._forget()
            self._loop, self._opening = loop, False
        promise: asyncio.Future[T] = loop.create_future()

        def settle() -> None:
            try:
                result = work()
            except Exception as error:  # noqa: BLE001 - it is for who waits
                if not promise.done():
                    promise.set_exception(error)
            else:
                if not promise.done():
                    promise.set_result(result)

        free = self._free if loop is self._loop else None
        errand = free.pop() if free else _Errand(loop, free)
        errand.switch(settle)
        return promise

    def ask_with_others(self, sql: str, values: dict[str, Any]) -> list[Row]:
        """Run one statement of the work that runs now, and give its rows. Raises as `ask_alone`."""
        return self._ask(lambda lane: not lane.is_stuck, sql, values)

    def ask_alone(self, sql: str, values: dict[str, Any]) -> list[Row]:
        """Run one statement that nobody's waits for. Raises `LaneLost`, or `NotHere`."""
        return self._ask(lambda lane: lane.is_idle, sql, values)

    def _ask(self, is_free: Callable[[_Lane], bool], sql: str, values: dict[str, Any]) -> list[Row]:
        errand = _current()
        if errand.loop is self._loop:
            for lane in self._lanes:
                if lane.is_open and is_free(lane):
                    return lane.ask(errand, sql, values)
            self._open_another()
        raise NotHere

    def _open_another(self) -> None:
        loop = self._loop
        assert loop is not None  # noqa: S101 - `run` has set it
        kept = [each for each in self._lanes if each.is_open]
        if len(kept) < len(self._lanes):
            self._lanes, self._again = kept, loop.time() + _AGAIN_SECONDS
        if self._opening or len(kept) >= self._most or loop.time() < self._again:
            return
        self._opening = True
        self._threads.submit(self._open, loop)

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open a connection in a thread, and tell the loop."""
        raw: Raw | None = None
        with suppress(psycopg.Error):
            raw = self._connect()
            with self._lock:
                self._opened = {raw, *(each for each in self._opened if not each.closed)}
        _tell(loop, self._begin_lane, raw)

    def _begin_lane(self, raw: Raw | None) -> None:
        self._opening = False
        loop = asyncio.get_running_loop()
        if raw is not None:
            try:
                self._lanes.append(_Lane(raw, loop, self._how))
            except NotImplementedError:
                # Windows has no way to watch a socket.
                raw.close()
            else:
                return
        self._again = loop.time() + _AGAIN_SECONDS

    def close(self) -> None:
        """Let go of all connections. The loop has ended."""
        self._threads.shutdown()
        self._forget()

    def _forget(self) -> None:
        with self._lock:
            opened, self._opened = self._opened, set()
        for raw in opened:
            raw.close()
        self._lanes = []
        self._free.clear()


def waited(future: Future[T]) -> T:
    """Set the work that runs now aside until something that threads do is done; give its result."""
    errand = _current()
    future.add_done_callback(lambda _: _tell(errand.loop, errand.switch))
    errand.wait()
    return future.result()


def _tell(loop: asyncio.AbstractEventLoop, what: Callable[..., object], *values: object) -> None:
    """Have something called on a loop, unless that has ended and nobody waits any more."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(what, *values)
