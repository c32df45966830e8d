"""Jobs that this process leaves alone for a while, so that the later ones of their accounts go on.

A job is set aside where not even its end can be written, or where nobody here knows its type. Each
pause is twice as long as the one before, up to `LONGEST_SECONDS`. Nothing of this is stored:
another worker, or this one after a start, tries such a job at once.
"""

from __future__ import annotations

import time

from backroom.store.signals import Signal

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 300.0
_FORGOTTEN_SECONDS = 3600.0
"""A job that this process has not met for so long was ended by another process."""


class UnknownType(Exception):
    """A job is of a type that this version does not know."""

    def __init__(self, type_: str) -> None:
        super().__init__(
            f"its type {type_!r} is unknown here. A newer version of backroom has accepted it, and"
            " a worker of that version will apply it"
        )


class SetAside:
    """The jobs that are set aside. It may be used by several threads."""

    def __init__(self) -> None:
        self._until: dict[str, tuple[float, float]] = {}
        """The end of each job's pause, and its length."""

    def put(self, job_id: str) -> float:
        """Set a job aside; give for how many seconds."""
        known = self._until.get(job_id)
        pause = FIRST_SECONDS if known is None else min(2.0 * known[1], LONGEST_SECONDS)
        self._until[job_id] = (time.monotonic() + pause, pause)
        return pause

    def ids(self) -> list[str]:
        """Give the ids of the jobs to leave alone now."""
        if not self._until:
            return []
        now = time.monotonic()
        for job_id, (end, _) in list(self._until.items()):
            if now - end > _FORGOTTEN_SECONDS:
                self.forget(job_id)
        return [job_id for job_id, (end, _) in list(self._until.items()) if end > now]

    def signals(self) -> list[Signal]:
        """Give how many jobs are set aside now."""
        return [Signal("jobs_set_aside", len(self.ids()))]

    def forget(self, job_id: str) -> None:
        """Forget a job that has come to its end."""
        self._until.pop(job_id, None)
