"""What a push has waited for, and how long. Most of this its prediction could not know."""

from __future__ import annotations

from enum import StrEnum


class WaitCause(StrEnum):
    """What a push waits for, as a report names it."""

    JOBS = "jobs"
    AWAY = "the target, which was away"
    BUSY = "the target, which was busy"
    LIMIT = "the rate limit"
    DAMAGE = "answers that were damaged"


class Waits:
    """Seconds by what was waited for."""

    def __init__(self) -> None:
        self._seconds: dict[WaitCause, float] = {}

    def clear(self) -> None:
        """Forget all waits."""
        self._seconds.clear()

    def add(self, cause: WaitCause, seconds: float) -> None:
        """Note a wait."""
        self._seconds[cause] = self._seconds.get(cause, 0.0) + seconds

    @property
    def total(self) -> float:
        """All seconds together."""
        return sum(self._seconds.values())

    def longest(self) -> list[tuple[WaitCause, float]]:
        """Give all that was waited for, the longest first."""
        return sorted(self._seconds.items(), key=lambda each: -each[1])
