"""Write values for pages: numbers, sizes, durations and times. Templates use these as filters."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from backroom import clock

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTE = 60
_HOUR = 3600
_DAY_SECONDS = 86400
_SIZE_UNITS = ("bytes", "kB", "MB", "GB", "TB")
_THOUSAND = 1000
_FEW_SECONDS = 10


def number(value: float | None) -> str:
    """Give a number with separators: 12,345. Fractions below 10 keep one digit. None gives "-"."""
    if value is None:
        return "-"
    if isinstance(value, float) and not value.is_integer() and value < _FEW_SECONDS:
        return f"{value:.1f}"
    return f"{value:,.0f}"


def size(count: float | None) -> str:
    """Give a number of bytes: 12 MB."""
    if count is None:
        return "-"
    step = 0 if count < 1 else min(int(math.log(count, _THOUSAND)), len(_SIZE_UNITS) - 1)
    value = count / _THOUSAND**step
    return (
        f"{value:.1f} {_SIZE_UNITS[step]}"
        if step and value < _FEW_SECONDS
        else f"{value:.0f} {_SIZE_UNITS[step]}"
    )


def duration(seconds: float | None) -> str:
    """Give a number of seconds: 3 ms, 1.2 s, 4 min, 2 h 5 min, 3 days."""
    if seconds is None:
        return "-"
    if seconds < 1:
        return (
            f"{seconds * 1000:.1f} ms"
            if seconds < _FEW_SECONDS / 1000
            else f"{seconds * 1000:.0f} ms"
        )
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < _FEW_SECONDS else f"{seconds:.0f} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min"
    if seconds < 2 * _DAY_SECONDS:
        hours, rest = divmod(int(seconds), _HOUR)
        return f"{hours} h {rest // _MINUTE} min"
    return f"{seconds // _DAY_SECONDS:.0f} days"


def ago(moment: str | datetime) -> str:
    """Give how long ago a moment was, by the clock of the server: 4 min ago."""
    then = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    seconds = (clock.now() - then).total_seconds()
    if seconds < 0:
        return f"in {duration(-seconds)}"
    if seconds < _MINUTE:
        return "now" if seconds < 1 else f"{int(seconds)} s ago"
    return f"{duration(seconds)} ago"


def plural(count: int, one: str, many: str = "") -> str:
    """Give a count with its noun: 1 job, 2 jobs."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def cut(text: str, most: int) -> str:
    """Give a text, cut after so many characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def web_address(text: object) -> str | None:
    """Give a text where it is an address that a page may link: of http or https. Else None."""
    if not isinstance(text, str):
        return None
    address = text.strip()
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.netloc else None


def as_json(value: Any) -> str:
    """Give a value as JSON on one line."""
    return msgspec.json.encode(value).decode()


FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "size": size,
    "duration": duration,
    "ago": ago,
    "plural": plural,
    "cut": cut,
    "zip": lambda left, right: list(zip(left, right, strict=False)),
    "web_address": web_address,
    "json": as_json,
}
