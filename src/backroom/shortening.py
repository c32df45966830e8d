"""Texts of errors that name what a client has sent, however long that is."""

from __future__ import annotations

_LONGEST_TEXT = 400
"""Characters of a text in an error: more than any has that names an id of the greatest length."""
_TAIL = 120


def shortened(text: str) -> str:
    """Cut what a client has sent out of the middle of a text that is too long to send back whole.

    The words around it stay: clients look for them.
    """
    if len(text) <= _LONGEST_TEXT:
        return text
    return f"{text[: _LONGEST_TEXT - _TAIL - 1]}…{text[-_TAIL:]}"
