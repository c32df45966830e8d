"""Texts with blanks that a statement fills from the columns of each row.

The database then hands over what is to be sent, instead of values of which it has to be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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


class Rows(NamedTuple):
    """What is written of rows: where each stands, its text, and its name where that matters.

    `select` makes the statement that asks for columns of them.
    """

    select: Callable[[str], str]
    place: str
    text: str
    name: str = ""


class Gathered(NamedTuple):
    """Rows that are written, one after the other, with commas between.

    `far` is the place of the last that was read, `far_bytes` the length of its text. `names` has
    those of all rows, where they matter.
    """

    rows: int
    far: Any
    far_bytes: int
    text: bytes
    names: bytes = b""


NOTHING = Gathered(0, None, 0, b"")


def gathering(dialect: Dialect, rows: Rows, *, ascending: bool, onward: bool) -> str:
    """Give the statement for what `as_gathered` reads.

    Rows are read `ascending` or not, and put together in the same order where `onward`, else in the
    opposite one.
    """
    name = f", {rows.name} as name" if rows.name else ""
    if not dialect.gathers:
        text = dialect.octets.format(rows.text)
        return rows.select(f"{rows.place} as place, {text} as text{name}")
    order = "" if onward else f" order by place {'desc' if ascending else 'asc'}"
    columns = [
        "count(*)",
        "count(text)",
        # A column beside the only maximum or minimum is taken from the row that has it.
        f"{'max' if ascending else 'min'}(place)",
        "octet_length(text)",
        dialect.octets.format(f"string_agg(text, ','{order})"),
    ]
    if rows.name:
        columns.append(dialect.octets.format("string_agg(name, '')"))
    read = rows.select(f"{rows.place} as place, {rows.text} as text{name}")
    return f"select {', '.join(columns)} from ({read}) page"


def as_gathered(dialect: Dialect, found: list[Row], *, onward: bool) -> Gathered | None:
    """Read what was found; None where a row did not fit its form, and has no text."""
    if dialect.gathers:
        ((rows, written, far, far_bytes, text, *names),) = found
        if written != rows:
            return None
        return Gathered(rows, far, far_bytes, text, *names) if rows else NOTHING
    texts = [row[1] for row in found]
    if None in texts:
        return None
    if not texts:
        return NOTHING
    far, far_bytes = found[-1][0], len(texts[-1])
    if not onward:
        texts.reverse()
    names = ["".join([row[2] for row in found]).encode()] if found[0][2:] else []
    return Gathered(len(texts), far, far_bytes, b",".join(texts), *names)
