"""Notes when keys were last used, at most once a minute for each key. No request waits for it.

A key is looked up again after half a second at the latest, so a use is noted there, and no request
pays for it. The first use after a minute is written, so the last use may be a minute later.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from backroom import clock
from backroom.store import keys

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.keys import Access

KEY_USE_SECONDS = 60.0
"""Between two notes of one key, by all servers together."""
_MOST_KEYS = 10_000
_ID_LENGTH = 26
"""Characters of the id of a key that the database has. Those of fixed keys are shorter."""


class KeyUses:
    """Notes the uses of keys in a database, in one write at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[str, float] = {}
        self._waiting: set[tuple[str, str]] = set()
        self._writes = False
        self._lock = Lock()

    def note(self, access: Access, now: float) -> None:
        """Note a use at `now`, in seconds of the monotonic clock. It waits for nothing.

        If the database can't write, the note is lost, and the next minute has another try.
        """
        before = self._noted.get(access.key_id)
        if (before is not None and now - before < KEY_USE_SECONDS) or len(
            access.key_id
        ) != _ID_LENGTH:
            return
        with self._lock:
            if len(self._noted) >= _MOST_KEYS:
                self._noted.clear()
            self._noted[access.key_id] = now
            self._waiting.add((access.account, access.key_id))
            if self._writes:
                return
            self._writes = True
        self._write_waiting()

    def _write_waiting(self, _: Any = None) -> None:
        with self._lock:
            uses, self._waiting = self._waiting, set()
            self._writes = bool(uses)
        if not uses:
            return
        moment = clock.now()
        note = partial(
            keys.note_uses,
            uses=uses,
            moment=clock.timestamp(moment),
            noted_before=clock.timestamp(moment - timedelta(seconds=KEY_USE_SECONDS)),
        )
        # Keys that are used meanwhile go together in the next write.
        self._database.write(note).add_done_callback(self._write_waiting)
