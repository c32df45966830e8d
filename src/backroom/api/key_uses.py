"""Notes when keys were last used, at most once a minute for each key. No request waits for it.

The first use after a minute is written, so the last use may be a minute later.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from backroom import clock
from backroom.api.gathering import Gathering
from backroom.store import keys

if TYPE_CHECKING:
    from concurrent.futures import Future

    from backroom.store.database import Database
    from backroom.store.keys import Access

KEY_USE_SECONDS = 60.0
"""Between two notes of one key, by all servers together."""
_MOST_KEYS = 50_000
_ID_LENGTH = 26
"""Characters of the id of a key that the database has. Those of fixed keys are shorter."""

_Use: TypeAlias = tuple[str, str]
"""An account, and the id of a key."""


class KeyUses:
    """Notes the uses of keys in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._due: dict[str, float] = {}
        """When a use of a key is noted again."""
        self._gathering = Gathering[_Use](self._write)

    def note(self, access: Access, now: float) -> None:
        """Note a use at `now`, in seconds of the monotonic clock. It waits for nothing.

        If the database can't write, the note is lost, and the next minute has another try.
        """
        account, key_id, _ = access
        if now < self._due.get(key_id, now) or len(key_id) != _ID_LENGTH:
            return
        if len(self._due) >= _MOST_KEYS:
            self._due.clear()
        self._due[key_id] = now + KEY_USE_SECONDS
        self._gathering.note((account, key_id))

    def flush(self) -> None:
        """Write down what was noted, and wait for it for some seconds."""
        self._gathering.flush()

    def _write(self, uses: list[_Use]) -> Future[None]:
        moment = clock.now()
        return self._database.write(
            partial(
                keys.note_uses,
                uses=set(uses),
                moment=clock.timestamp(moment),
                noted_before=clock.timestamp(moment - timedelta(seconds=KEY_USE_SECONDS)),
            )
        )
