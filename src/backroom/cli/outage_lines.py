"""While a database is away, one line a minute says so, instead of each try of each library."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from backroom import events

if TYPE_CHECKING:
    from collections.abc import Callable

OUTAGE_LINE_SECONDS = 60.0
_POOL = "psycopg.pool"
_OWN = frozenset(
    {
        events.WORKER_LOST_DATABASE,
        events.WORKER_RENUMBERED,
        events.ACCOUNT_WAITS,
        events.ACCOUNT_LEFT_TO_SWEEP,
        events.WORK_NOT_ANNOUNCED,
        events.ACCOUNT_NOT_ANNOUNCED,
    }
)
"""Lines of ours that each try adds while the database is away."""


class OutageLines(logging.Filter):
    """Lets one line a minute through of those that say that the database is away."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._said: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written. One of the pool is put in our words."""
        if not _is_of_outage(record):
            return True
        if record.name.startswith("procrastinate"):
            # It says where in the library, and not why. The pool says why.
            return False
        now = self._now()
        if self._said is not None and now - self._said < OUTAGE_LINE_SECONDS:
            return False
        self._said = now
        if record.name == _POOL:
            record.msg, record.args = events.DATABASE_AWAY, (record.getMessage(),)
        return True


def _is_of_outage(record: logging.LogRecord) -> bool:
    if record.levelno < logging.WARNING:
        return False
    if record.name == _POOL:
        return True
    if record.name.startswith("procrastinate"):
        return "Database error" in f"{record.msg}{record.args}{_cause(record)}"
    return record.msg in _OWN


def _cause(record: logging.LogRecord) -> object:
    return record.exc_info[1] if record.exc_info else ""
