"""Texts with blanks that a statement fills from the columns of each row.

The database then hands over what is to be sent, instead of values of which it has to be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Row
    from backroom.store.dialects import Dialect

GIVEN = frozenset({"url"})
"""The blanks that are filled with bound values; the others are columns."""


class Form(NamedTuple):
    """A text in parts, and the blanks between them."""

    parts: tuple[str, ...]
    blanks: tuple[str, ...]


def filled(dialect: Dialect, *forms: Form) -> tuple[list[str], dict[str, str]]:
    """Give an expression for each form, filled from a row, and the values they are bound to."""
    names: dict[str, str] = {}

    def bound(text: str) -> str:
        # Forms of one document have most parts in common, and each value takes its time.
        return ":" + names.setdefault(text, f"form_{len(names)}")

    expressions = [
        dialect.filled(
            form.parts, [f":{name}" if name in GIVEN else name for name in form.blanks], bound
        )
        for form in forms
    ]
    return expressions, {name: text for text, name in names.items()}


MISFIT = "\x01"
"""The text of a row that does not fit its form. Nothing in JSON has the character."""


class Rows(NamedTuple):
    """What is written of rows: where each stands, by which they are ordered, and its text.

    `select` makes the statement that asks for columns of them. `awkward` is an expression for the
    nearest place, in the direction of reading, of a row that no form is fit for.
    """

    place: str
    text: str
    select: Callable[[str], str]
    awkward: str = "null"


class Reading(NamedTuple):
    """How rows are read, and put together: in that order where `onward`, else in the opposite one.

    Each begins with `start`. Where `any_misfits`, some may not fit their form.
    """

    ascending: bool
    onward: bool
    start: str
    any_misfits: bool


class Gathered(NamedTuple):
    """Rows that are written, one after the other, with commas between.

    `far` is the place of the last that was read, `start` the text that each begins with.
    """

    rows: int
    far: Any
    text: bytes
    start: bytes = b""

    def cut(self, *, last: bool) -> memoryview:
        """Leave out the last row, or the first, with its comma.

        What is in a row may look like the start of another. But a row alone is a whole JSON value,
        and no part of it is that reaches to its end or from its start.
        """
        between, view = b"," + self.start, memoryview(self.text)
        if last:
            at = self.text.rindex(between)
            while not _is_whole(view[at + 1 :]):
                at = self.text.rindex(between, 0, at)
            return view[:at]
        at = self.text.index(between)
        while not _is_whole(view[:at]):
            at = self.text.index(between, at + 1)
        return view[at + 1 :]


def _is_whole(text: memoryview) -> bool:
    try:
        _decode(text)
    except msgspec.DecodeError:
        return False
    return True


_decode = msgspec.json.Decoder(msgspec.Raw).decode
NOTHING = Gathered(0, None, b"")


def gathering(dialect: Dialect, rows: Rows, reading: Reading) -> str:
    """Give the statement for what `as_gathered` reads."""
    if not dialect.gathers:
        text = dialect.octets.format(rows.text)
        return rows.select(f"{rows.place} as place, {text} as text, {rows.awkward} as awkward")
    ascending = reading.ascending
    order = "" if reading.onward else f" order by place {'desc' if ascending else 'asc'}"
    columns = (
        # Each further value that is kept of all rows takes some time, their lengths a sixth.
        "count(*)",
        f"{'max' if ascending else 'min'}(place)",
        dialect.octets.format(f"string_agg(text, ','{order})"),
        rows.awkward,
    )
    read = rows.select(f"{rows.place} as place, {rows.text} as text")
    return f"select {', '.join(columns)} from ({read}) page"


def as_gathered(dialect: Dialect, found: list[Row], reading: Reading) -> Gathered | None:
    """Read what was found; None where a row did not fit its form, or none was fit for it."""
    if dialect.gathers:
        ((rows, far, text, awkward),) = found
    else:
        rows = len(found)
        far, _, awkward = found[-1] if rows else (None, None, None)
        text = b",".join([row[1] for row in (found if reading.onward else reversed(found))])
    if not rows:
        return NOTHING
    among = awkward is not None and (awkward <= far if reading.ascending else awkward >= far)
    if among or (reading.any_misfits and MISFIT.encode() in text):
        return None
    return Gathered(rows, far, text, reading.start.encode())
