"""Texts with blanks that a statement fills from the columns of each row.

The database then hands over what is to be sent, instead of values of which it has to be made.
"""

from __future__ import annotations

from typing import NamedTuple

GIVEN = frozenset({"base", "url"})
"""The blanks that are filled with bound values, the same for each row; the others are columns."""


class Form(NamedTuple):
    """A text with `%s` for each blank, as `format` of both engines has it, and what goes there."""

    text: str
    blanks: tuple[str, ...]


def filled(form: Form, parameter: str) -> str:
    """Give the expression that is `form`, bound to `parameter`, filled from a row."""
    # A bound value has no type of its own, and PostgreSQL takes none without in this place.
    arguments = [f"cast(:{name} as text)" if name in GIVEN else name for name in form.blanks]
    return f"format({', '.join([f':{parameter}', *arguments])})"
