"""How many job operations were applied lately, by all workers of the database.

A look reads only the jobs that were completed since the look before: the last minutes of a busy
server have many jobs.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backroom.dashboard.traffic import SLICE, SLICES
from backroom.store import activity

if TYPE_CHECKING:
    from backroom.store.database import Transaction

_OVERLAP = 5
"""Seconds that are read again: a job may be committed some time after it was completed."""


class AppliedLately:
    """The operations that were applied in each second of the last minutes."""

    def __init__(self) -> None:
        self._by_second: dict[int, int] = {}
        self._read_until = 0
        self._lock = threading.Lock()

    def by_slice(self, tx: Transaction, now: datetime, count: int) -> list[int]:
        """Give the operations of the last `count` slices, oldest first, without the running one."""
        last = int(now.timestamp())
        with self._lock:
            self._read(tx, last)
            end = last // SLICE
            return [
                sum(self._by_second.get(number * SLICE + place, 0) for place in range(SLICE))
                for number in range(end - count, end)
            ]

    def _read(self, tx: Transaction, last: int) -> None:
        oldest = last - SLICE * (SLICES + 1)
        if self._read_until > last + _OVERLAP:
            # The clock was set back.
            self._by_second.clear()
            self._read_until = 0
        start = max(oldest, self._read_until - _OVERLAP)
        for second in [each for each in self._by_second if each < oldest or each >= start]:
            del self._by_second[second]
        moment = datetime.fromtimestamp(start, UTC)
        # A moment between the last second and this one: times on the wire have microseconds.
        since = (moment - timedelta(microseconds=1)).isoformat()
        for text, operations in activity.applied_since(tx, since):
            second = int(datetime.fromisoformat(f"{text}+00:00").timestamp())
            if second >= start:
                self._by_second[second] = operations
        self._read_until = last
