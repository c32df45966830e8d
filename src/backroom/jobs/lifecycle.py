"""A job's states and the moves between them; pure.

::

    queued ──begin──▶ processing ──complete──▶ complete ──expire──▶ (gone)
       └──────────────────┴──────cancel──────▶ cancelled ──expire──▶ (gone)

A new job is `processing`, as the real service shows it, or `queued`, as its specification says,
where the setting `show_queued` asks for that. A job leaves `processing` only when it is complete:
one that a crash has left there is applied as if it were new. A job whose operations all failed is
complete too, also where they failed because the server could not apply it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from backroom import clock

LIFETIME = timedelta(days=7)
"""From creation to expiry (observed)."""
MOST_IN_PROGRESS = 500
"""Jobs of one account that aren't complete (documented from 2024-02-15 on)."""


MOST_TRIES = 5
"""Tries of a job at which the server itself fails. Then all its operations have failed."""
DEATH_TRIES = 2
"""So many tries is one at which the process died. So the third death gives the job up.

The tries before also say how long a process waits before it starts the job again."""
_FIRST_TRY_PAUSE_SECONDS = 1.0


class Status(StrEnum):
    """The states as the wire names them. No operation of the API cancels a job, operators may."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


def pause_seconds(tries: int) -> float:
    """Give for how long an account pauses after the server has failed so often at its job."""
    return _FIRST_TRY_PAUSE_SECONDS * 2.0 ** (tries - 1)


def expires_at(created_at: datetime) -> datetime:
    """Give the moment at which a job expires."""
    return created_at + LIFETIME


def least_id(moment: datetime) -> str:
    """Give the least id that a job can have which has not expired at `moment`.

    An id begins with the time of the job's creation, so all jobs with lesser ids have expired.
    """
    return clock.least_ulid(moment - LIFETIME)
