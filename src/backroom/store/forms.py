"""Texts with blanks that a statement fills from the columns of each row.

The database then hands over what is to be sent, instead of values of which it has to be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from backroom.store.database import Row
    from backroom.store.dialects import Dialect

GIVEN = frozenset({"url"})
"""The blanks that are filled with bound values; the others are columns."""


class Form(NamedTuple):
    """A text with `%s` for each blank, as `format` of both engines has it, and what goes there."""

    text: str
    blanks: tuple[str, ...]


class Lines(NamedTuple):
    """Rows that are written, each on a line of its own, for no JSON of ours has a line feed.

    `least` and `greatest` are the smallest and the largest of what the rows are ordered by.
    """

    rows: int
    least: Any
    greatest: Any
    text: bytes


NO_LINES = Lines(0, None, None, b"")


def gathered(dialect: Dialect, rows: str, more: str = "") -> str:
    """Give the statement that puts `rows` of `place` and `text` together, in their order.

    One text is handed over faster than many. What is `more` follows the columns of `lines_of`.
    """
    text = dialect.octets.format("string_agg(text, :line_feed)")
    columns = f"count(*), count(text), min(place), max(place), {text}{more}"
    return f"select {columns} from ({rows}) page"


def lines_of(row: Row) -> Lines | None:
    """Read what `gathered` gives; None where a row did not fit its form, and has no text."""
    count, written, least, greatest, text = row[:5]
    if written < count:
        return None
    return Lines(count, least, greatest, text or b"")


def filled(form: Form, parameter: str) -> str:
    """Give the expression that is `form`, bound to `parameter`, filled from a row."""
    # A bound value has no type of its own, and PostgreSQL takes none without in this place.
    arguments = [f"cast(:{name} as text)" if name in GIVEN else name for name in form.blanks]
    return f"format({', '.join([f':{parameter}', *arguments])})"
