"""What all carriers (tables, XML, JSON) make of a file: records, which are cells by fields.

A carrier knows nothing of products. It finds the field of each cell by the headings of the format,
and keeps the cells of all other columns as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.feeds.number_style import Evidence
from backroom.feeds.rows import RowWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.fields import Headings

_MOST_PLACES = 10_000
"""How many headings are remembered. JSON and XML may have others in each record."""
FOLLOWS = "follows"
"""A cell that a record gets if it names no product: that of the record above it."""
_MOST_NAMED = 20
"""How many unknown columns a report names."""
_EXPECTED_UNKNOWN = ("meta: ", ".metafields.", "price / ", "included / ")
"""Parts of headings that shops name as they like, in lower case."""


class FeedRecord(msgspec.Struct, array_like=True):
    """One row of a table, one element, or one object."""

    line: int
    cells: dict[str, Any]
    """What has a meaning in the format, by the names of its fields."""
    rest: dict[str, Any]
    """What is metadata, by its heading as it is written in the file."""
    number: int = 0
    """How many records of the file come before it. Several may begin in one line."""

    def text(self, name: str) -> str:
        """Give a cell as text without blanks round it, empty where there is none."""
        value = self.cells.get(name, "")
        if value.__class__ is str:
            return str.strip(value)
        if isinstance(value, list):
            value = value[0] if value else None
        return "" if value is None else as_text(value).strip()

    def texts(self, name: str) -> list[str]:
        """Give all values of a repeated element."""
        value = self.cells.get(name, [])
        values = value if isinstance(value, list) else [value]
        return [text for each in values if each is not None and (text := as_text(each).strip())]


def as_text(value: Any) -> str:
    """Give a value as a cell would have it."""
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


@dataclass
class Layout:
    """The columns of a file as a format reads them, and what is noticed on the way."""

    headings: Headings
    written: dict[str, str] = field(default_factory=dict)
    """Headings as they stand in the file, by the names of fields."""
    numbers: Evidence = field(default_factory=Evidence)
    unknown: dict[str, int] = field(default_factory=dict)
    """The line in which each column first has a value that the format does not know."""
    of_variants: set[str] = field(default_factory=set)
    """Headings of metadata that is the variant's."""
    _places: dict[str, tuple[str, bool, bool]] = field(default_factory=dict)
    """Where cells go, by headings: under which name, if as a number, if among the metadata."""

    def record(self, line: int, pairs: Iterable[tuple[str, Any]]) -> FeedRecord:
        """Make a record of headings and values. Values that come again become lists."""
        cells: dict[str, Any] = {}
        rest: dict[str, Any] = {}
        places = self._places
        for heading, value in pairs:
            is_text = value.__class__ is str
            if value is None or (is_text and (not value or value.isspace())):
                continue
            name, is_number, is_metadata = places.get(heading) or self._place(heading, line)
            if is_number and is_text:
                self.numbers.add(value.strip())
            held = rest if is_metadata else cells
            if name in held:
                _put_cell(held, name, value)
            else:
                held[name] = value
        return FeedRecord(line, cells, rest)

    def _place(self, heading: str, line: int) -> tuple[str, bool, bool]:
        """Find once where the cells below a heading go."""
        found = self.headings.find(heading)
        if found is None:
            self.unknown.setdefault(heading, line)
            place = heading, False, True
        else:
            name, known = found
            self.written.setdefault(name, heading)
            is_metadata = known.form in {"metadata", "variant metadata"}
            if known.form == "variant metadata":
                self.of_variants.add(heading)
            is_number = known.form in {"price", "quantity"}
            place = heading if is_metadata else name, is_number, is_metadata
        if len(self._places) < _MOST_PLACES:
            self._places[heading] = place
        return place

    def column(self, name: str) -> str:
        """Give the heading of a field as the file has it, or else its usual one."""
        known = self.headings.by_name.get(name)
        return self.written.get(name) or (known.headings[0] if known else name)

    def warnings(self, line: int) -> Iterator[RowWarning]:
        """Name the columns that the format does not know, in one finding."""
        unknown = {
            heading: first
            for heading, first in self.unknown.items()
            if not any(part in heading.lower() for part in _EXPECTED_UNKNOWN)
        }
        if not unknown:
            return
        named = ", ".join(
            f"{heading!r} (first in line {first})" for heading, first in _shown_first(unknown)
        )
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        several = f"{len(unknown)} columns are" if len(unknown) > 1 else "one column is"
        yield RowWarning(
            line,
            f"{several} not known, and kept as metadata: {named}{more}",
            column=", ".join(heading for heading, _ in _shown_first(unknown)),
            advice="nothing, or --mapping for a column that has a meaning",
        )


def _shown_first(unknown: dict[str, int]) -> Iterator[tuple[str, int]]:
    return islice(unknown.items(), _MOST_NAMED)


def _put_cell(cells: dict[str, Any], name: str, value: Any) -> None:
    if name not in cells:
        cells[name] = value
    elif isinstance(cells[name], list):
        cells[name].append(value)
    else:
        cells[name] = [cells[name], value]
