"""While a database is away, one line a minute says so, instead of each try and each request."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from backroom import events

if TYPE_CHECKING:
    from collections.abc import Callable

OUTAGE_LINE_SECONDS = 60.0
_POOL = "psycopg.pool"
_OUTAGE_EVENTS = frozenset(
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


_OF_REQUESTS = frozenset(
    {events.STORE_UNAVAILABLE, events.STATEMENT_FAILED, events.TRANSACTION_ROLLED_BACK}
)
"""Lines that each request adds while the database is away, or its disk is full. Each ends with the
reason."""
_MOST_REASONS = 100


class OutageLines(logging.Filter):
    """Of the lines that say that the database is away, lets one a minute through."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._said: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written. A line of the pool gets our own words."""
        if not _is_of_outage(record):
            return True
        if record.name.startswith("procrastinate"):
            # The traceback says where in the library, and not why. The pool says why.
            return False
        now = self._now()
        if self._said is not None and now - self._said < OUTAGE_LINE_SECONDS:
            return False
        self._said = now
        if record.name == _POOL:
            record.msg, record.args = events.DATABASE_AWAY, (record.getMessage(),)
        return True


class RepeatedLines(logging.Filter):
    """Of the lines that requests add while the store keeps failing, lets one a minute through.

    The next one says how many were left out.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._said: dict[tuple[object, str], tuple[float, int]] = {}
        """When a line was written last, by its text and reason, and how many were not since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line is written."""
        if record.msg not in _OF_REQUESTS or not isinstance(record.args, tuple):
            return True
        now, reason = self._now(), str(record.args[-1])
        key = record.msg, reason
        at, left_out = self._said.get(key, (-OUTAGE_LINE_SECONDS, 0))
        if now - at < OUTAGE_LINE_SECONDS:
            self._said[key] = at, left_out + 1
            return False
        if len(self._said) >= _MOST_REASONS:
            self._said.clear()
        self._said[key] = now, 0
        if left_out:
            more = f"{reason} ({left_out} more lines like this one were left out)"
            record.args = (*record.args[:-1], more)
        return True


def _is_of_outage(record: logging.LogRecord) -> bool:
    if record.levelno < logging.WARNING:
        return False
    if record.name == _POOL:
        return True
    if record.name.startswith("procrastinate"):
        return "Database error" in f"{record.msg}{record.args}{_cause(record)}"
    return record.msg in _OUTAGE_EVENTS


def _cause(record: logging.LogRecord) -> object:
    return record.exc_info[1] if record.exc_info else ""
