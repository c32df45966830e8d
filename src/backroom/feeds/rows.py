"""What every format is read into: rows that can be sent, and faults of those that can't."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT

if TYPE_CHECKING:
    from backroom.catalog.kinds import Kind, Relation

ORDER = (CATEGORY, ITEM, VARIANT)
"""Each kind after those that it points to, as they have to exist first."""


@dataclass(frozen=True, slots=True)
class Row:
    """One resource as a feed gives it."""

    line: int
    kind: Kind
    external_id: str
    attributes: dict[str, Any]
    """By the API's names, without the external id. Their values are for the server to judge."""
    related: tuple[str, ...] | None = None
    """External ids of an item's categories, or of a variant's item; None where not given."""
    left_out: tuple[str, ...] = ()
    """Names of columns that mean nothing here."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row did not get through."""

    line: int
    detail: str
    kind: Kind | None = None
    external_id: str = ""


class FeedError(Exception):
    """The file as a whole can't be read as a feed."""


def relation_of(kind: Kind) -> Relation | None:
    """Give the relation that a row of `kind` can fill: the one to a kind that goes before it."""
    before = {earlier.name for earlier in ORDER[: ORDER.index(kind)]}
    return next((relation for relation in kind.relations if relation.target in before), None)
