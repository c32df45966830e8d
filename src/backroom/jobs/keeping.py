"""How many complete jobs keep their operations, and dropping those of the others in slices."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backroom.store import job_requests

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database

_DROPPED_IN_A_SLICE = 200
"""Jobs whose operations are dropped in one write."""
_SHARE = 4
"""Operations are dropped when there are a quarter more than the limit."""
_LEAST_BATCH = 50


class Keeping:
    """Sees that only the newest complete jobs keep their operations, and the newest with failures.

    `most` is how many of each. Several threads may use it.
    """

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self._batch = max(most // _SHARE, _LEAST_BATCH)
        self._noted = 0

    def note(self, applied: int, database: Database, stopping: Callable[[], bool]) -> None:
        """Note jobs that were applied. After many of them, drop the operations of older ones."""
        self._noted += applied
        if self.most and self._noted >= self._batch:
            self.drop(database, stopping)

    def drop(self, database: Database, stopping: Callable[[], bool]) -> None:
        """Drop the operations of all jobs beyond the limit, until `stopping`."""
        self._noted = 0
        while not stopping():
            with database.read() as tx:
                found = job_requests.no_longer_kept(tx, self.most, _DROPPED_IN_A_SLICE)
            if found:
                database.write(partial(job_requests.drop_operations, jobs=found)).result()
            if len(found) < _DROPPED_IN_A_SLICE:
                return
