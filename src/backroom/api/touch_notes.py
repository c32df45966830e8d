"""Notes which single call changed which resource. `gathering` has them written together.

A server that is killed loses the notes of its last second: the changes themselves are in the
database.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import clock
from backroom.api.gathering import Gathering
from backroom.catalog.drafts import Draft
from backroom.catalog.operations import LINK_SHAPES, Shape
from backroom.store.call_touches import CallTouch, add_calls, drop_oldest_calls

if TYPE_CHECKING:
    from concurrent.futures import Future
    from datetime import datetime

    from backroom.api.admission import Admitted
    from backroom.store.database import Database, Transaction

MOST_GIVEN = 20_000
"""Characters of what a call gave. Of more than that, nothing is kept."""
_PRUNED_EACH = 1_000
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
        self._gathering = Gathering[_Note](self._write)
        self._places = count()
        self._written = 0

    def note(self, admitted: Admitted, body: Draft | list[str]) -> None:
        """Note a call that was done, if it has changed a resource."""
        if admitted.operation.shape not in _TOUCHING:
            return
        self._gathering.note(_Note(admitted, body, clock.now()))

    def flush(self) -> None:
        """Write down what was noted, and wait for it for some seconds."""
        self._gathering.flush()

    def _write(self, notes: list[_Note]) -> Future[None]:
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
