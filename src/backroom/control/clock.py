"""Time over the control API: show it, have it run or stand still, set it, move it forward."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from backroom import clock
from backroom.control.route import ControlError, ControlRoute
from backroom.testing.clock import InvalidTime, SettableClock, read_moment
from backroom.testing.pace import ScriptedPace

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.control.route import Control, Given

_UNITS = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds")


def show_clock(control: Control, _: Given) -> dict[str, Any]:
    """Give the time that the server shows, and how it runs: `real`, `frozen`, `60x`."""
    return _clock_shown(_clock_of(control))


def change_clock(control: Control, given: Given) -> dict[str, Any]:
    """Have time run as `clock` says: `real`, `frozen`, `60x`, or a moment to freeze it at."""
    settable = _clock_of(control)
    asked = _only(given, {"clock"}).get("clock")
    if not isinstance(asked, str):
        raise ControlError(
            400, 'Say how time runs: {"clock": "frozen"}, "real", "60x" or "2026-01-01T00:00:00Z".'
        )
    _done(lambda: settable.follow(asked))
    return _settled(control, settable)


def set_clock(control: Control, given: Given) -> dict[str, Any]:
    """Set the time to the moment `to`. It goes on from there as before, or stands still."""
    settable = _clock_of(control)
    asked = _only(given, {"to"}).get("to")
    if not isinstance(asked, str):
        raise ControlError(400, 'Say the moment: {"to": "2026-01-01T00:00:00Z"}.')
    _done(lambda: settable.set(read_moment(asked)))
    return _settled(control, settable)


def advance_clock(control: Control, given: Given) -> dict[str, Any]:
    """Move time forward by the sum of weeks, days, hours, minutes, seconds, milliseconds."""
    settable = _clock_of(control)
    parts = _only(given, set(_UNITS))
    wrong = [name for name, value in parts.items() if type(value) not in (int, float)]
    if wrong or not parts:
        raise ControlError(
            400, f'Say by how much: {{"days": 7}}; the units are {", ".join(_UNITS)}, as numbers.'
        )
    try:
        by = timedelta(**parts)
    except (OverflowError, ValueError):
        raise ControlError(400, "The clock can't go that far: advance it by less.") from None
    _done(lambda: settable.advance(by))
    return _settled(control, settable)


def _clock_of(control: Control) -> SettableClock:
    settable = control.parts.get("clock")
    if not isinstance(settable, SettableClock):
        raise ControlError(409, "This server has no clock that can be set.")
    return settable


def _only(given: Given, known: set[str]) -> dict[str, Any]:
    """Give the members of the body. Raises `ControlError` where one is unknown."""
    unknown = sorted(given.body.keys() - known)
    if unknown:
        raise ControlError(
            400, f"`{unknown[0]}` is not a member of this body: it has {', '.join(sorted(known))}."
        )
    return dict(given.body)


def _done(move: Callable[[], None]) -> None:
    try:
        move()
    except InvalidTime as error:
        words = str(error)
        raise ControlError(400, f"{words[0].upper()}{words[1:]}.") from None


def _settled(control: Control, settable: SettableClock) -> dict[str, Any]:
    """Wait until the jobs whose wishes let them go on by now have done so."""
    pace = control.parts.get("pace")
    if isinstance(pace, ScriptedPace):
        pace.settle()
    return _clock_shown(settable)


def _clock_shown(settable: SettableClock) -> dict[str, Any]:
    return {"now": clock.timestamp(settable.now()), "clock": settable.mode}


ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute("GET", "/clock", "Show the time, and how it runs.", show_clock),
    ControlRoute(
        "PUT",
        "/clock",
        "Set how the clock runs: real, frozen, 60x, or a moment to freeze at.",
        change_clock,
    ),
    ControlRoute("POST", "/clock/set", "Set the time to a moment.", set_clock),
    ControlRoute("POST", "/clock/advance", "Move time forward.", advance_clock),
)
