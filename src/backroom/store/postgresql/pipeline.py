"""One connection on which the event loop sends statements without waiting for their answers.

Why not one statement at a time, as everybody does: sending, waking and receiving take longer than
what the server does for most of our reads. Statements that are asked in one turn of the loop go to
the server in one packet, and it works through them without a pause. Measured with 16 clients, one
statement at a time on four connections costs this process half as much time again for each read.

What happens, in order:

1. `Pipeline.ask` queues a statement, and suspends the greenlet that asked (`greenlets.py`).
2. At the end of this turn of the loop `_flush` adds a sync, and sends all that was queued: a batch.
3. The server runs the statements in their order. `_receive` takes their results as they come, and
   resumes the greenlet that the next result belongs to, strictly first in, first out.
4. The result of a read is handed over at once, so that the server goes on with the next statement
   while Python works on this one's rows. The result of a write is handed over after the sync: only
   then is it committed.

What can go wrong, and what is done:

- *A statement takes long.* Those behind it on the same connection have to wait. So on connections
  that are shared the server cancels a statement after `SHARED_SECONDS`, and skips the rest of its
  batch without having begun it. The greenlets get `TOO_SLOW` and `NOT_BEGUN`: whoever was too slow
  asks again on a connection of its own, the others here or next door. The first copy has ended on
  the server by then: a slow read never runs twice at a time. Meanwhile `is_stuck` keeps those that
  come in later turns away.
- *A statement fails.* The same: `FAILED` for it, `NOT_BEGUN` for the rest of its batch.
- *The connection is lost* (`lose`): all get `LOST`, since nobody knows what the server has done.
- *The server says nothing for `patience` seconds*: as if the connection were lost. Nothing is left
  running on the server: it keeps the time-out itself as soon as it runs again, and is sent a cancel
  request, in case it is only this connection that is stuck.
"""

from __future__ import annotations

import logging
from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

import psycopg

from backroom import events
from backroom.store.postgresql import driver, greenlets
from backroom.store.postgresql.statements import for_protocol, name_of

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any

    from psycopg.pq.abc import PGresult

    from backroom.store.database import Row
    from backroom.store.postgresql.connections import PatientConnection
    from backroom.store.postgresql.greenlets import Greenlet

log = logging.getLogger(__name__)

_STUCK_SECONDS = 0.002
"""How long a connection may be silent before later statements no longer queue behind it."""
_MOST_PREPARED = 200
"""Statements that are prepared on a connection: more than almost any client needs."""
_CHANNEL_LOOK_SECONDS = 1.0
"""How often it is checked whether the server has said anything."""


class ReplyOutcome(Enum):
    """What became of a statement."""

    ANSWERED = auto()
    NOT_BEGUN = auto()
    """The server has not begun it, and never will."""
    TOO_SLOW = auto()
    """The server has cancelled it: nothing was changed, and it no longer runs."""
    FAILED = auto()
    """The server has refused it: nothing was changed."""
    LOST = auto()
    """Nobody knows: the connection was lost before the answer came."""


class Reply(NamedTuple):
    """What became of a statement, and its rows if it was answered."""

    outcome: ReplyOutcome
    rows: list[Row] = []  # noqa: RUF012 - nobody changes it


NOT_BEGUN = Reply(ReplyOutcome.NOT_BEGUN)


class _Sent(NamedTuple):
    """A statement whose result is still to come."""

    sql: str
    waiting: Greenlet | None
    """The greenlet that waits for the result; None where the statement is only prepared."""
    prepared: tuple[bytes, tuple[int, ...]]
    """By which text and types of values it is known here."""


class Pipeline:
    """A connection in pipeline mode, watched by an event loop.

    `patience` is how many seconds the server may say nothing while statements wait. With `writes`
    an answer is given only when what the statement wrote is on disk. `discard` is called with the
    connection when it is given up although the server has not closed it.
    """

    def __init__(
        self,
        connection: PatientConnection,
        loop: asyncio.AbstractEventLoop,
        *,
        patience: float,
        writes: bool,
        discard: Callable[[PatientConnection], None],
    ) -> None:
        self.is_open = True
        self.connection = connection
        self._channel = driver.Channel(connection)
        self._loop = loop
        self._patience = patience
        self._writes = writes
        self._discard = discard
        self._expected: deque[_Sent] = deque()
        self._uncommitted: list[tuple[Greenlet, PGresult]] = []
        self._names: dict[tuple[bytes, tuple[int, ...]], bytes] = {}
        """Under which name a statement is prepared, for each combination of types of its values."""
        self._named = 0
        self._flushing = False
        self._looking = False
        self._heard = 0.0
        loop.add_reader(self._channel.socket, self._receive)

    @property
    def is_idle(self) -> bool:
        """Whether nobody waits for an answer."""
        return not self._expected and not self._uncommitted

    @property
    def is_stuck(self) -> bool:
        """Whether a statement takes long, and a statement that comes now would wait behind it."""
        return not self.is_idle and self._loop.time() - self._heard > _STUCK_SECONDS

    @property
    def under_way(self) -> int:
        """How many statements are on their way."""
        return len(self._expected)

    def ask(self, sql: str, values: dict[str, Any]) -> Reply:
        """Send a statement, suspend the current greenlet until its answer is there, and give it."""
        text, names = for_protocol(sql)
        try:
            dumped = self._channel.dump([values[name] for name in names])
        except psycopg.Error:
            # Nothing was sent. Whoever asks in the plain way gets the error itself.
            return Reply(ReplyOutcome.FAILED)
        waiting = greenlets.current()
        try:
            self._send(sql, text, dumped, waiting)
        except psycopg.Error as error:
            self.lose(str(error))
            return NOT_BEGUN
        answer: PGresult | None = waiting.suspend()
        if answer is None:
            return Reply(ReplyOutcome.LOST)
        if driver.is_answer(answer):
            return Reply(ReplyOutcome.ANSWERED, self._channel.rows(answer))
        if driver.is_skipped(answer):
            return NOT_BEGUN
        slow = driver.is_canceled(answer)
        if not slow:
            # What was prepared may be out of date, because a table has changed since. The next time
            # it is prepared anew, under another name.
            self._names.pop((text, dumped[1]), None)
        log.log(
            logging.INFO if slow else logging.WARNING,
            events.STATEMENT_ASKED_AGAIN,
            name_of(sql),
            driver.message(answer),
        )
        return Reply(ReplyOutcome.TOO_SLOW if slow else ReplyOutcome.FAILED)

    def _send(self, sql: str, text: bytes, dumped: driver.Dumped, waiting: Greenlet) -> None:
        if self.is_idle:
            # From now on the server has something to say.
            self._heard = self._loop.time()
        known = text, dumped[1]
        name = self._names.get(known)
        if name is None and self._named < _MOST_PREPARED:
            name = self._names[known] = b"backroom_%d" % self._named
            self._named += 1
            self._channel.prepare(name, *known)
            self._expected.append(_Sent(sql, None, known))
        self._channel.execute(name, text, dumped)
        self._expected.append(_Sent(sql, waiting, known))
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        """Send what was asked in this turn of the loop, all of it at once."""
        self._flushing = False
        if not self.is_open:
            return
        try:
            self._channel.sync()
        except psycopg.Error as error:
            self.lose(str(error))
            return
        self._go_on_sending()
        if not self._looking:
            self._look_later()

    def _go_on_sending(self) -> None:
        try:
            is_left = self._channel.flush()
        except psycopg.Error as error:
            self.lose(str(error))
            return
        if is_left:
            self._loop.add_writer(self._channel.socket, self._go_on_sending)
        else:
            self._loop.remove_writer(self._channel.socket)

    def _receive(self) -> None:
        """Take results that have come, and resume the greenlets that wait. Called by the loop."""
        self._heard = self._loop.time()
        try:
            self._channel.receive()
            # Whoever is resumed may ask for more here, and may find that the connection is lost.
            while self.is_open and (found := self._channel.next_result()) is not None:
                self._take(*found)
        except psycopg.Error as error:
            self.lose(str(error))

    def _take(self, result: PGresult, is_sync: bool) -> None:  # noqa: FBT001 - a fact of the result
        """Give a result to the statement that it belongs to."""
        if is_sync:
            committed, self._uncommitted = self._uncommitted, []
            for waiting, answer in committed:
                waiting.resume(answer)
            return
        if not self._expected:
            # No statement has failed but the commit at the sync, or the server says goodbye.
            self.lose(driver.message(result))
            return
        sent = self._expected.popleft()
        if sent.waiting is None:
            if not driver.is_answer(result):
                # It was not prepared: the name means nothing to the server.
                self._names.pop(sent.prepared, None)
            return
        if self._writes:
            self._uncommitted.append((sent.waiting, result))
        else:
            sent.waiting.resume(result)

    def _look_later(self) -> None:
        self._looking = True
        self._loop.call_later(_CHANNEL_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        """Check that the server still says something to those who wait."""
        self._looking = False
        if not self.is_open or self.is_idle:
            return
        silent = self._loop.time() - self._heard
        if silent > self._patience:
            self.lose(f"the server has said nothing for {silent:.0f} seconds")
        else:
            self._look_later()

    def lose(self, reason: str) -> None:
        """Give the connection up. All who wait are resumed, in later turns of the loop."""
        if not self.is_open:
            return
        self.is_open = False
        sent, self._expected = self._expected, deque()
        uncommitted, self._uncommitted = self._uncommitted, []
        names = [name_of(each.sql) for each in sent if each.waiting is not None]
        log.warning(events.CONNECTION_LOST, reason, names)
        # Before it is closed: the next connection may get the same number from the system.
        self._loop.remove_reader(self._channel.socket)
        self._loop.remove_writer(self._channel.socket)
        self._discard(self.connection)
        for waiting in (*(each for each, _ in uncommitted), *(each.waiting for each in sent)):
            if waiting is not None:
                # Not here: `lose` may be called by work that is in a greenlet itself.
                self._loop.call_soon(waiting.resume, None)
