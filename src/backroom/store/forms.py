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


class Gathered(NamedTuple):
    """Rows that are written, one after the other, with commas between.

    `far` is the place of the last that was read, `far_bytes` the length of its text.
    """

    rows: int
    far: Any
    far_bytes: int
    text: bytes


NOTHING = Gathered(0, None, 0, b"")


def gathered(dialect: Dialect, rows: str, *, ascending: bool, onward: bool, more: str = "") -> str:
    """Give the statement that puts `rows` of `place` and `text` together.

    One text is handed over faster than many. They are read `ascending` or not, and put together in
    the same order where `onward`, else in the opposite one. `more` are further columns.
    """
    order = "" if onward else f" order by place {'desc' if ascending else 'asc'}"
    columns = (
        "count(*)",
        "count(text)",
        f"{'max' if ascending else 'min'}(place)",
        dialect.far.format("octet_length(text)", order, "count(*)" if onward else 1),
        dialect.octets.format(f"string_agg(text, ','{order})"),
    )
    return f"select {', '.join(columns)}{more} from ({rows}) page"


def as_gathered(row: Row) -> Gathered | None:
    """Read what `gathered` asks for; None where a row did not fit its form, and has no text."""
    rows, written, far, far_bytes, text = row[:5]
    return Gathered(rows, far, far_bytes or 0, text or b"") if written == rows else None


def filled(form: Form, parameter: str) -> str:
    """Give the expression that is `form`, bound to `parameter`, filled from a row."""
    # A bound value has no type of its own, and PostgreSQL takes none without in this place.
    arguments = [f"cast(:{name} as text)" if name in GIVEN else name for name in form.blanks]
    return f"format({', '.join([f':{parameter}', *arguments])})"
