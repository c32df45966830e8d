"""The course of time that a test sets: real, scaled or frozen, moved forward and set.

There is one clock in a process (`backroom.clock`), so all servers of a process share it. It moves
what clients see of time together: timestamps, ids, the expiry and the delays of jobs, the windows
of rate limits, and the retirement of revisions. Time-outs of connections and of the database stay
real, because what they wait for is real.
"""

from __future__ import annotations

import math
import re
import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from backroom import clock
from backroom.settings import CLOCK_YEARS, FASTEST_CLOCK, Settings

_SPEED_OF_COURSE = re.compile(r"(\d+(?:\.\d+)?)x")
_EARLIEST, _LATEST = (datetime(year, 1, 1, tzinfo=UTC) for year in CLOCK_YEARS)
"""Ids count milliseconds from 1970 on, and in 9999 no job could expire seven days later."""
_MOMENT_OF_SEEDS = "2027-01-01T00:00:00Z"
"""Later than every revision that there is."""


class InvalidTime(ValueError):
    """The value is not a time, or a time that the clock can't show. The text says what is."""


class _Leg(NamedTuple):
    """Time since it was last changed: at `began` of the system's it was `moment`."""

    began: float
    moment: datetime
    steady: float
    speed: float
    real: bool


class SettableClock:
    """The time of this process, in the hands of a test. Any thread may ask and move it.

    Nothing changes before the first call of a method that moves it.
    """

    def __init__(self) -> None:
        self._leg = _Leg(time.monotonic(), clock.now(), clock.steady(), 1.0, real=True)
        self._repeats = False

    def now(self) -> datetime:
        """Give the present moment in UTC."""
        leg = self._leg
        if leg.real:
            return clock.system_now()
        return leg.moment + timedelta(seconds=_passed(leg))

    def steady(self) -> float:
        """Give seconds that never go back, for measuring how long something takes."""
        leg = self._leg
        return leg.steady + _passed(leg)

    def real_seconds(self, seconds: float) -> float:
        """Give how many seconds of the system pass meanwhile; infinity where time stands still."""
        speed = self._leg.speed
        return seconds / speed if speed else math.inf

    @property
    def mode(self) -> str:
        """Say how time runs: `real`, `frozen`, or its speed as `60x`; `1x` is real time, moved."""
        leg = self._leg
        if leg.real:
            return "real"
        return f"{leg.speed:g}x" if leg.speed else "frozen"

    def advance(self, by: timedelta) -> None:
        """Move time forward. Raises `InvalidTime` where `by` goes back or too far."""
        if by < timedelta(0):
            raise InvalidTime("time can't be advanced backwards: set the clock to a moment instead")
        leg = self._leg
        if by > _LATEST - self.now():
            raise InvalidTime(f"the clock goes no further than {_LATEST.date()}")
        self._begin(self.now() + by, 1.0 if leg.real else leg.speed, by.total_seconds())

    def set(self, moment: datetime) -> None:
        """Set the time, which then runs or stands still as before. Raises `InvalidTime`.

        Windows of rate limits see only the way forward: they never last longer than they should.
        """
        if moment.tzinfo is None:
            raise InvalidTime("a moment needs its zone, such as Z for UTC")
        if not _EARLIEST <= moment < _LATEST:
            raise InvalidTime(
                f"the clock goes from {_EARLIEST.date()} to {_LATEST.date()}, which has no {moment}"
            )
        leg = self._leg
        ahead = max(0.0, (moment - self.now()).total_seconds())
        self._begin(moment.astimezone(UTC), 1.0 if leg.real else leg.speed, ahead)

    def freeze(self) -> None:
        """Have time stand still, until it is advanced or set."""
        self._begin(self.now(), 0.0)

    def run(self, speed: float = 1.0) -> None:
        """Have time run at a speed from the present moment on. Raises `InvalidTime`."""
        if not 0 < speed <= FASTEST_CLOCK:
            raise InvalidTime(f"a speed must be above 0 and at most {FASTEST_CLOCK}")
        self._begin(self.now(), speed)

    def be_real(self) -> None:
        """Go back to the time of the system."""
        self._leg = _Leg(time.monotonic(), clock.system_now(), self.steady(), 1.0, real=True)
        clock.follow(self)

    def follow(self, text: str) -> None:
        """Do what a text says: `real`, `frozen`, `60x`, or a moment to freeze time at.

        Raises `InvalidTime`.
        """
        speed = _SPEED_OF_COURSE.fullmatch(text)
        if text == "real":
            self.be_real()
        elif text == "frozen":
            self.freeze()
        elif speed:
            self.run(float(speed[1]))
        else:
            moment = read_moment(text)
            self.freeze()
            self.set(moment)

    def repeat(self, seed: int) -> None:
        """Have ids and secrets repeat, as `backroom.clock.repeat` does, until `let_go`."""
        self._repeats = True
        clock.repeat(seed)

    def let_go(self) -> None:
        """Go back to the time of the system, and to ids that nobody can foresee."""
        clock.leave(self)
        if self._repeats:
            clock.repeat(None)

    def _begin(self, moment: datetime, speed: float, ahead: float = 0.0) -> None:
        # `steady` must not lose what a concurrent reader has seen: it is read last.
        self._leg = _Leg(time.monotonic(), moment, self.steady() + ahead, speed, real=False)
        clock.follow(self)


def clock_of(settings: Settings) -> SettableClock:
    """Make the clock that settings ask for, and have ids repeat where they have a seed."""
    made = SettableClock()
    if settings.seed:
        made.repeat(int(settings.seed))
    if settings.seed or settings.clock != Settings.clock:
        made.follow(first_time(settings))
    return made


def first_time(settings: Settings) -> str:
    """Give how time runs at the start, as `SettableClock.follow` takes it."""
    is_usual = settings.clock == Settings.clock
    return _MOMENT_OF_SEEDS if settings.seed and is_usual else settings.clock


def read_moment(text: str) -> datetime:
    """Read a moment with its zone, or a date, which begins at midnight in UTC.

    Raises `InvalidTime`.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidTime(
            f"{text!r} is not a time: write real, frozen, a speed such as 60x, or a moment such as"
            " 2026-01-01T00:00:00Z"
        ) from None
    if moment.tzinfo is None and len(text) <= len("YYYY-MM-DD"):
        return moment.replace(tzinfo=UTC)
    return moment


def _passed(leg: _Leg) -> float:
    return (time.monotonic() - leg.began) * leg.speed
