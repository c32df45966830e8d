"""Notes which single call changed which resource. Notes are written to the database together.

A row for each call, written in the transaction of its change, would cost a third of a lone write on
SQLite, and a statement more on PostgreSQL. So calls are noted in memory, which costs a
microsecond, and are written a second later. A server that stops writes what is left. One that is
killed loses the notes of its last second: the changes themselves are in the database.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import clock
from backroom.catalog.drafts import Draft
from backroom.catalog.operations import LINK_SHAPES, Shape
from backroom.store.call_touches import CallTouch, add_calls, drop_oldest_calls

if TYPE_CHECKING:
    from datetime import datetime

    from backroom.api.admission import Admitted
    from backroom.store.database import Database, Transaction

NOTED_EVERY_SECONDS = 1.0
"""How long a note waits for others."""
MOST_GIVEN = 20_000
"""Characters of what a call gave. Of more than that, nothing is kept."""
_MANY_TOUCHES = 500
"""So many notes do not wait longer."""
_MOST_NOTES = 2_000
"""If more wait, the oldest are lost: the thread that writes does not get its turn."""
_PRUNED_EACH = 1_000
_PATIENCE = 5.0
_TOUCHING = LINK_SHAPES | {Shape.CREATE, Shape.UPDATE, Shape.DELETE}
"""The shapes that change one resource, or its links."""


class _Note(NamedTuple):
    admitted: Admitted
    body: Draft | list[str]
    moment: datetime


class TouchNotes:
    """The notes of one server. Any thread may make some."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._notes: list[_Note] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._places = count()
        self._written = 0

    def note(self, admitted: Admitted, body: Draft | list[str]) -> None:
        """Note a call that was done, if it has changed a resource."""
        if admitted.operation.shape not in _TOUCHING:
            return
        with self._lock:
            self._notes.append(_Note(admitted, body, clock.now()))
            if len(self._notes) > _MOST_NOTES:
                del self._notes[: _MOST_NOTES // 2]
            if self._timer is None or len(self._notes) == _MANY_TOUCHES:
                self._begin_in(NOTED_EVERY_SECONDS if self._timer is None else 0)

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
        if not notes:
            done: Future[None] = Future()
            done.set_result(None)
            return done
        # Ids are in the order of the notes, and are the same where the write is tried again.
        touches = [self._touch(each) for each in notes]
        self._written += len(touches)
        prunes = self._written >= _PRUNED_EACH
        if prunes:
            self._written = 0

        def write(tx: Transaction) -> None:
            add_calls(tx, touches)
            if prunes:
                drop_oldest_calls(tx)

        return self._database.write(write)

    def _touch(self, note: _Note) -> CallTouch:
        admitted, body, moment = note
        operation = admitted.operation
        if operation.shape in LINK_SHAPES or isinstance(body, list):
            linked = body if isinstance(body, list) else []
            given = Draft(admitted.resource_id, {}, {operation.relation: linked})
        else:
            given = body
        text = msgspec.json.encode(given).decode()
        at = clock.timestamp(moment)
        return CallTouch(
            admitted.account,
            (operation.parent or operation.kind).name,
            given.external_id or "",
            f"{at} {next(self._places):012} {admitted.request.request_id}",
            operation.name,
            admitted.revision.date,
            admitted.request.request_id,
            at,
            text if len(text) <= MOST_GIVEN else "",
        )
