"""All that differs between the engines in the text of statements, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Dialect:
    """How one engine writes what the other writes in another way."""

    name: str
    among: Callable[[str, str], str]
    """`among(column, parameter)`: the column equals one of many values.

    Differs because SQLite has no array type: it unpacks a JSON text.
    """
    array: Callable[[Iterable[Any]], Any]
    """Bind many values as the one parameter of `among`. Differs for the same reason."""


SQLITE = Dialect(
    name="sqlite",
    among=lambda column, parameter: f"{column} in (select value from json_each(:{parameter}))",
    array=lambda values: msgspec.json.encode(list(values)).decode(),
)
