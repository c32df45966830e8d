"""The result of reading any format: rows that can be sent, and faults of rows that can't."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from backroom.catalog.kinds import Kind, Relation

LONGEST_LINE = 16_000_000
"""Bytes of JSON Lines, characters of CSV. A request takes 5 MB."""
TOO_LONG = f"is longer than {LONGEST_LINE // 1_000_000} MB"

ORDER = (CATEGORY, ITEM, VARIANT)
"""The kinds in the order of loading. The kinds that a kind points to must exist first."""
ATTRIBUTES_BY_NAME = {kind.name: {each.name: each for each in kind.attributes} for kind in ORDER}
"""The attributes of each kind, by their names."""


class Row(msgspec.Struct, frozen=True):
    """One resource as a feed gives it."""

    line: int
    kind: Kind
    external_id: str
    attributes: dict[str, Any]
    """By the API's names, without the external id. The server checks their values."""
    related: tuple[str, ...] | None = None
    """External ids of an item's categories, or of a variant's item. None if the feed has none."""
    left_out: tuple[str, ...] = ()
    """Names of columns that rows of this kind don't have."""
    merges: bool = False
    """Whether an update keeps the entries of the metadata that the row does not name."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault or a warning for a place in a feed, with advice.

    `column` and `value` are empty where it concerns the whole row.
    """

    line: int
    detail: str
    kind: Kind | None = None
    external_id: str = ""
    column: str = ""
    value: str = ""
    advice: str = ""
    """What to change in the feed."""


@dataclass(frozen=True, slots=True)
class RowFault(Finding):
    """Why a row was not loaded."""

    read: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)
    """The resources that were read of a row all the same, by the API's own names.

    Their values may be those that are refused. A row of a shop's file is often an item and its
    variant.
    """


@dataclass(frozen=True, slots=True)
class RowWarning(Finding):
    """What was changed, left out or guessed in a row that is loaded, if nothing else is wrong."""

    went_in: bool = True
    """Whether its row was loaded."""


class TornRow(str):
    """What is wrong with a record, with the cells that could still be read.

    `columns` has the names of the cells of a JSON object. The cells of a table stand below its
    headings.
    """

    __slots__ = ("cells", "columns")
    cells: Sequence[Any]
    columns: tuple[str, ...]

    def __new__(cls, detail: str, cells: Sequence[Any], columns: tuple[str, ...] = ()) -> Self:
        made = super().__new__(cls, detail)
        made.cells = cells
        made.columns = columns
        return made


class FeedError(Exception):
    """The file as a whole can't be read as a feed."""


@cache
def relation_of(kind: Kind) -> Relation | None:
    """Give the relation that a row of `kind` can fill: the one to a kind that is loaded before."""
    before = {earlier.name for earlier in ORDER[: ORDER.index(kind)]}
    return next((relation for relation in kind.relations if relation.target in before), None)
