"""Numbers as people write them: `1,299.00`, `1.299,00`, `19,95`, `19.99 USD`, `CHF 12.–`.

One cell alone can mean two numbers: `1,299` is over a thousand in one shop, and below two in
another. So the style is decided once for a file, by all of its cells (`Evidence`). A cell that
contradicts the style of its file is refused, not guessed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

NumberStyle = Literal["point", "comma"]
"""What stands before the decimals."""
STYLES: dict[NumberStyle, str] = {"point": "1,299.95", "comma": "1.299,95"}
_SPACES = " \u00a0\u2009\u202f"
_PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CURRENCY = rf"(?:[^\W\d_]{{1,4}}\.?|[^\w\s.,'’+\-–—()_]{{1,3}}|[^\W\d_]{{0,3}}\$)[{_SPACES}]*"
_AMOUNT = re.compile(
    rf"(?:{_CURRENCY})?([+\-−]?)[{_SPACES}]*(?:{_CURRENCY})?"
    rf"([0-9][0-9.,'’{_SPACES}]*|[.,][0-9]+)"
    rf"[{_SPACES}]*(?:[-–—]+)?[{_SPACES}]*(?:{_CURRENCY})?"
)


def _grouping(thousands: str, decimal: str) -> re.Pattern[str]:
    between = f"[{thousands}'’{_SPACES}]"
    whole = f"[1-9][0-9]{{0,2}}(?:{between}[0-9]{{2,3}})*{between}[0-9]{{3}}|[0-9]*"
    return re.compile(f"(?:{whole})(?:{re.escape(decimal)}[0-9]*)?")


_GROUPED = {"point": _grouping(",", "."), "comma": _grouping(".", ",")}
_LONGEST_NUMBER = 100
"""Characters of a cell that may be a number."""


@dataclass
class Evidence:
    """How many cells of a file can be read in one style only."""

    point: int = 0
    comma: int = 0
    unclear: str = ""
    """The first cell that is another number in the other style."""

    def add(self, text: str) -> None:
        """Count a cell."""
        if text.isdecimal() or len(text) > _LONGEST_NUMBER:
            return
        style = style_of(text)
        if style == "point":
            self.point += 1
        elif style == "comma":
            self.comma += 1
        elif not self.unclear and _is_unclear(text):
            self.unclear = text

    def style(self, otherwise: NumberStyle) -> NumberStyle:
        """Give the style of most cells, or `otherwise` where no cell says it."""
        if self.point == self.comma:
            return "point" if self.point else otherwise
        return "point" if self.point > self.comma else "comma"


def _is_unclear(text: str) -> bool:
    readings = {_in_style(text, style) for style in STYLES}
    return None not in readings and len(readings) > 1


@lru_cache(maxsize=10_000)
def style_of(text: str) -> NumberStyle | None:
    """Give the only style in which a cell is a number, None if it is one in both or in none."""
    digits = _digits(text)
    if digits is None:
        return None
    readable = [style for style in STYLES if _GROUPED[style].fullmatch(digits)]
    if len(readable) == 1:
        return readable[0]
    return None


@lru_cache(maxsize=10_000)
def read_number(text: str, style: NumberStyle = "point") -> float:
    """Read a number. Raises `ValueError` with what is wrong, and as how to write it."""
    plain = text.strip()
    if style == "point" and len(plain) <= _LONGEST_NUMBER and _PLAIN_NUMBER.fullmatch(plain):
        value = float(plain)
        if math.isfinite(value):
            return value if re.search("[.eE]", plain) else int(plain)
    value_here = _in_style(plain, style)
    if value_here is not None:
        return value_here
    shown = plain if len(plain) <= _LONGEST_NUMBER else f"{plain[:_LONGEST_NUMBER]}…"
    other: NumberStyle = "comma" if style == "point" else "point"
    meant = _in_style(plain, other)
    if meant is None:
        raise ValueError(f"{shown!r} is not a number; write digits alone, and a decimal {style}")
    # The number has as many decimals as are written, so a price keeps its cents.
    decimals = len((_digits(plain) or "").rpartition("," if other == "comma" else ".")[2])
    right = f"{meant:.{decimals}f}" if isinstance(meant, float) else f"{meant}"
    right = right.replace(".", "." if style == "point" else ",")
    raise ValueError(
        f"{shown!r} is not a number as the file writes them ({STYLES[style]}); write it as {right}"
    )


def _digits(text: str) -> str | None:
    """Give the digits of an amount with the marks between them, None if it is no amount."""
    if len(text) > _LONGEST_NUMBER or not (found := _AMOUNT.fullmatch(text.strip())):
        return None
    digits = found[2].strip(_SPACES)
    # The mark before a dash that stands for no cents, as in `12.–`, says nothing.
    return digits[:-1] if digits[-1] in ".," else digits


def _in_style(text: str, style: NumberStyle) -> float | None:
    digits = _digits(text)
    if not digits or not _GROUPED[style].fullmatch(digits):
        return None
    decimal = "." if style == "point" else ","
    whole, mark, part = digits.partition(decimal)
    whole = re.sub(r"\D", "", whole) or "0"
    found = _AMOUNT.fullmatch(text.strip())
    sign = -1 if found and found[1] in {"-", "−"} else 1
    return sign * (float(f"{whole}.{part or 0}") if mark else int(whole))
