"""The time of a server in the hands of a test."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from backroom.control.route import given_members

if TYPE_CHECKING:
    from backroom.control.route import Call


class ServerClock:
    """One clock for all accounts of a server, and for all servers of a process.

    It sets all times that clients see: timestamps, delays and expiry of jobs, rate limits. Each
    method that moves it returns after the jobs that are then due have gone on. All raise
    `ControlError` for a time that the clock can't show.
    """

    def __init__(self, call: Call) -> None:
        self._call = call

    def now(self) -> datetime:
        """Give the present moment in UTC."""
        return datetime.fromisoformat(self._call("GET", "/clock")["now"])

    @property
    def mode(self) -> str:
        """How time runs: `real`, `frozen`, or its speed as `60x`."""
        return str(self._call("GET", "/clock")["clock"])

    def freeze(self, at: datetime | str = "frozen") -> None:
        """Stop the clock, now or at a moment, until it is advanced or set."""
        self._call("PUT", "/clock", {"clock": _written(at)})

    def run(self, speed: float = 1.0) -> None:
        """Run the clock from the present moment, at `speed` times the speed of real time."""
        self._call("PUT", "/clock", {"clock": f"{speed:f}x"})

    def set(self, to: datetime | str) -> None:
        """Set the time. The clock then runs as before, or stands still."""
        self._call("POST", "/clock/set", {"to": _written(to)})

    def advance(
        self,
        by: timedelta | None = None,
        *,
        days: float | None = None,
        hours: float | None = None,
        minutes: float | None = None,
        seconds: float | None = None,
    ) -> None:
        """Move time forward, by the sum of the arguments."""
        parts = given_members(days=days, hours=hours, minutes=minutes, seconds=seconds)
        if by is not None:
            parts["seconds"] = parts.get("seconds", 0) + by.total_seconds()
        self._call("POST", "/clock/advance", parts)

    def be_real(self) -> None:
        """Go back to the time of the system."""
        self._call("PUT", "/clock", {"clock": "real"})


def _written(moment: Any) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else str(moment)
