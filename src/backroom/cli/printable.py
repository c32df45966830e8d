"""Texts of others on a terminal: what would move its cursor or change its state is shown instead.

Names in feeds and answers of servers may hold escape sequences, and characters that turn the
direction of a line.
"""

from __future__ import annotations

import logging
import re

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_IN_FILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_IN_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


def printable(text: str) -> str:
    r"""Give a text of one line, with escapes such as `\x1b` in place of control characters."""
    return _UNPRINTABLE.sub(lambda found: _escape(found[0]), text)


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"  # noqa: PLR2004 - a byte


def printable_json(text: str) -> str:
    """Give JSON with escapes for those control characters that JSON may hold as they are."""
    return _IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def printable_lines(text: str) -> str:
    r"""Give a text whose line breaks and tabs stay, with escapes for other control characters."""
    return _IN_FILE.sub(lambda found: _escape(found[0]), text)


class PrintableFormatter(logging.Formatter):
    """Writes log lines in which control characters are shown, but the lines of tracebacks kept."""

    def format(self, record: logging.LogRecord) -> str:
        lines = super().format(record).split("\n")
        return "\n".join(printable(line) for line in lines)
