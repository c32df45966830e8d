"""A first reading of a feed, before anything is sent: how many rows, and what is wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backroom.feeds.columns import METADATA_PREFIX, meant
from backroom.feeds.rows import Row, RowFault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.feeds.rows import Finding


@dataclass
class UnknownColumn:
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


@dataclass
class Survey:
    """How many rows there are, and what is wrong with the others."""

    rows: Counter[str] = field(default_factory=Counter)
    """Good ones, by the name of their kind."""
    faults: list[RowFault] = field(default_factory=list)
    unknown: dict[tuple[str, str], UnknownColumn] = field(default_factory=dict)


def survey(rows: Iterable[Row | Finding]) -> Survey:
    """Read through `rows`."""
    found = Survey()
    for row in rows:
        if isinstance(row, RowFault):
            found.faults.append(row)
        if not isinstance(row, Row):
            continue
        found.rows[row.kind.name] += 1
        for name in row.left_out:
            key = (row.kind.type, name)
            found.unknown.setdefault(key, UnknownColumn(*key, row.line)).rows += 1
    return found
