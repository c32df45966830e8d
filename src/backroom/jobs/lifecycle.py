"""A job's states and the moves between them; pure.

::

    queued ──begin──▶ processing ──complete──▶ complete ──expire──▶ (gone)

A job is born `processing`, as the real service shows it; where the specification's letter is asked
for, it is born `queued`. Nothing but its end takes it out of `processing`: what is found there
after a crash is applied as if it had just come. A job whose operations all failed is complete too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from backroom import clock

LIFETIME = timedelta(days=7)
"""From creation to expiry (observed)."""
MOST_OPERATIONS = 100
"""Operations in one job (documented)."""
MOST_IN_PROGRESS = 500
"""Jobs of one account that aren't complete (documented from 2024-02-15 on)."""


class Status(StrEnum):
    """The states as the wire names them. Nothing cancels a job: no operation of the API does."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


def expires_at(created_at: datetime) -> datetime:
    """Give the moment from which a job is gone."""
    return created_at + LIFETIME


def least_id(moment: datetime) -> str:
    """Give the border of the ids of jobs that have not expired at `moment`.

    A job's id begins with its time of creation, so ids below the border have expired.
    """
    return clock.least_ulid(moment - LIFETIME)
