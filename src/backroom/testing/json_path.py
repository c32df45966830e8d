"""Paths into JSON: `$.data.attributes.items.data[*].attributes.price`.

A path has names after dots, numbers in brackets, names in brackets and quotes, and `*` for all. The
`$` at its beginning may be left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP = re.compile(r"""\.?([\w$:-]+|\*)|\[(\d+|\*)\]|\[(?:'([^']*)'|"([^"]*)")\]""")


class InvalidPath(ValueError):
    """A path into JSON can't be read."""


def steps_of(path: str) -> tuple[str | int | None, ...]:
    """Read a path: names, places in lists, and None for all of them. Raises `InvalidPath`."""
    text = path.removeprefix("$")
    steps: list[str | int | None] = []
    place = 0
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise InvalidPath(
                f"{path!r} is not a path into JSON: write it as"
                " $.data.attributes.items.data[0].attributes.title"
            )
        name, number, *quoted = found.groups()
        if "*" in {name, number}:
            steps.append(None)
        elif number is not None:
            steps.append(int(number))
        else:
            steps.append(next(each for each in (name, *quoted) if each is not None))
        place = found.end()
    return tuple(steps)


def values_at(document: Any, steps: tuple[str | int | None, ...]) -> Iterator[Any]:
    """Give all values at a path, in order."""
    if not steps:
        yield document
        return
    step, *rest = steps
    for each in _below(document, step):
        yield from values_at(each, tuple(rest))


def _below(value: Any, step: str | int | None) -> list[Any]:
    if isinstance(value, dict):
        if step is None:
            return list(value.values())
        return [value[str(step)]] if str(step) in value else []
    if isinstance(value, list):
        if step is None:
            return value
        return [value[step]] if isinstance(step, int) and step < len(value) else []
    return []
