"""A job's states and the moves between them; pure.

::

    queued ──begin──▶ processing ──complete──▶ complete ──expire──▶ (gone)

A new job is `processing`, as the real service shows it, or `queued`, as its specification says,
where the setting `show_queued` asks for that. A job leaves `processing` only when it is complete:
one that a crash has left there is applied as if it were new. A job whose operations all failed is
complete too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from backroom import clock

LIFETIME = timedelta(days=7)
"""From creation to expiry (observed)."""
MOST_IN_PROGRESS = 500
"""Jobs of one account that aren't complete (documented from 2024-02-15 on)."""


class Status(StrEnum):
    """The states as the wire names them. No operation of the API cancels a job."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


def expires_at(created_at: datetime) -> datetime:
    """Give the moment at which a job expires."""
    return created_at + LIFETIME


def least_id(moment: datetime) -> str:
    """Give the least id that a job can have which has not expired at `moment`.

    An id begins with the time of the job's creation, so all jobs with lesser ids have expired.
    """
    return clock.least_ulid(moment - LIFETIME)
