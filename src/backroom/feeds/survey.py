"""What is noticed while a feed is read: columns that its rows don't have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from backroom.feeds.columns import METADATA_PREFIX, meant
from backroom.feeds.rows import Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.rows import Finding


class UnknownColumn(msgspec.Struct):
    """A column that rows of a type don't have. Its values were left out."""

    type: str
    name: str
    first_line: int
    rows: int = 0

    def __str__(self) -> str:
        rows = f"{self.rows} {self.type} row{'s' if self.rows > 1 else ''}"
        hint = f"{METADATA_PREFIX}{self.name} would keep it"
        if (other := meant(self.name)) and other != self.name:
            hint = f"did you mean {other}?"
        return f"{self.name}: unknown in {rows}, first in line {self.first_line}; left out ({hint})"


class Survey:
    """What was noticed in the rows that went by."""

    def __init__(self) -> None:
        self.unknown: dict[tuple[str, str], UnknownColumn] = {}
        self.found = 0
        """How many rows and findings there were."""

    def watch(self, rows: Iterable[Row | Finding]) -> Iterator[Row | Finding]:
        """Give the same rows, and look at them."""
        for row in rows:
            self.found += 1
            if isinstance(row, Row):
                for name in row.left_out:
                    key = (row.kind.type, name)
                    self.unknown.setdefault(key, UnknownColumn(*key, row.line)).rows += 1
            yield row
