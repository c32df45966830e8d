"""The ladder: every dated revision, and the way between its shapes and the newest ones.

A body of an old revision goes up the ladder. An answer comes down it, and so does a pointer in an
error.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from backroom import clock
from backroom.catalog.kinds import ITEM, KINDS
from backroom.catalog.operations import OPERATIONS, RESOURCE_SHAPES, Shape
from backroom.errors import InvalidRevision, NotFound
from backroom.revisions.attributes import with_attributes
from backroom.revisions.change import Change
from backroom.revisions.v2023_02_22 import LinkRelationships, RelateMoreResources
from backroom.revisions.v2023_07_15 import GiveVariantsOneItem, NestBulkOperations
from backroom.revisions.v2023_12_15 import MoveJobIdToId
from backroom.revisions.v2024_02_15 import AllowNullAttributes
from backroom.revisions.v2026_01_15 import LinkIdLists, LinkSingleDocuments
from backroom.revisions.v2026_04_15 import NameDeletedResources, RelateIncludedResources

if TYPE_CHECKING:
    from backroom.catalog.operations import Operation

_WRITTEN: dict[str, tuple[Change, ...]] = {
    "2022-10-17": (),
    "2023-01-24": (),
    "2023-02-22": (LinkRelationships(), RelateMoreResources()),
    "2023-06-15": (),
    "2023-07-15": (GiveVariantsOneItem(), NestBulkOperations()),
    "2023-08-15": (),
    "2023-09-15": (),
    "2023-10-15": (),
    "2023-12-15": (MoveJobIdToId(),),
    "2024-02-15": (AllowNullAttributes(),),
    "2024-05-15": (),
    "2024-06-15": (),
    "2024-07-15": (),
    "2024-10-15": (),
    "2025-01-15": (),
    "2025-04-15": (),
    "2025-07-15": (),
    "2025-10-15": (),
    "2026-01-15": (LinkSingleDocuments(), LinkIdLists()),
    "2026-04-15": (RelateIncludedResources(), NameDeletedResources()),
    "2026-07-15": (),
    "2026-10-15": (),
}
"""Each revision with its changes, the oldest revision first.

If a revision has several changes, an answer goes through the first one first. A revision that
changes nothing is one line.
"""

LADDER = with_attributes(_WRITTEN, KINDS.values())
"""The same, with the changes of attributes that the table of kinds names."""

_REVISION_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(\.pre)?")
_DEPRECATED_AFTER = 1
_RETIRED_AFTER = 2


@dataclass(frozen=True, eq=False)
class Revision:
    """One rung of the ladder.

    `date` is its name on the wire. `above` has the changes between its shape and the newest shape,
    each with its date, the newest first.
    """

    date: str
    above: tuple[tuple[str, Change], ...] = field(repr=False)

    def up(self, operation: Operation, body: Any) -> Any:
        """Give a body of this revision in the newest shape. It may change the body in place.

        Raises `Invalid` with a pointer into the body as it was sent.
        """
        for _, change in reversed(self._changes(operation)):
            body = change.up(operation, body)
        return body

    @cached_property
    def sends_newest(self) -> frozenset[Operation]:
        """The operations whose bodies have the newest shape as they are."""
        return frozenset(
            operation
            for operation in OPERATIONS
            if all(type(change).up is Change.up for _, change in self._changes(operation))
        )

    def down(self, operation: Operation, document: dict[str, Any]) -> None:
        """Bring a document of the newest shape into the shape of this revision, in place."""
        for floor, change in self._changes(operation):
            if self.date >= floor:
                change.down(operation, document)

    def pointer(self, operation: Operation, pointer: str) -> str:
        """Give the pointer into this revision's body that a pointer into the newest body means."""
        for _, change in self._changes(operation):
            pointer = change.pointer(operation, pointer)
        return pointer

    def moves_pointers(self, operation: Operation) -> bool:
        """Whether a pointer into a body may differ between this revision and the newest shape."""
        return any(
            type(change).pointer is not Change.pointer for _, change in self._changes(operation)
        )

    @cache  # noqa: B019 - revisions and operations live as long as the process
    def _changes(self, operation: Operation) -> tuple[tuple[str, Change], ...]:
        return tuple(
            (change.floor, change) for _, change in self.above if change.touches(operation)
        )

    @property
    def links_first_and_last(self) -> bool:
        """Whether pages link the first and the last page.

        Documented up to 2026-01-15, but recorded answers from 2025-04-15 on have neither.
        """
        return self.date < "2025-04-15"

    def shows_linkage(self, operation: Operation) -> bool:
        """Whether relationships have `data` when the request includes nothing.

        When items are read, they have it up to 2024-02-15. In the answers to writes, resources have
        it from 2023-02-22 to 2024-02-15. When variants or categories are read, they have it from
        2023-02-22 to 2023-10-15.
        """
        if operation.shape not in RESOURCE_SHAPES:
            return False
        reads = operation.shape in {Shape.LIST, Shape.ONE}
        if reads and operation.kind is ITEM:
            return self.date < "2024-05-15"
        return "2023-02-22" <= self.date < ("2023-12-15" if reads else "2024-05-15")

    def retires(self, today: dt.date) -> str | None:
        """Give the day on which the revision retires, or None in its first year."""
        released = dt.date.fromisoformat(self.date)
        if _years_later(released, _DEPRECATED_AFTER) > today:
            return None
        return self.retired_on.isoformat()

    @cached_property
    def retired_on(self) -> dt.date:
        """The day from which on the real service no longer serves the revision."""
        return _years_later(dt.date.fromisoformat(self.date), _RETIRED_AFTER)


def _years_later(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        # The day is the 29th of February, and that year has none.
        return day.replace(year=day.year + years, day=28)


def rungs(ladder: dict[str, tuple[Change, ...]]) -> dict[str, Revision]:
    """Make the revisions of a ladder. Raises ValueError if the dates are out of order."""
    dates = list(ladder)
    for earlier, later in pairwise(dates):
        if earlier >= later:
            raise ValueError(f"the ladder has {later} after {earlier}")
    descriptions = [change.description for changes in ladder.values() for change in changes]
    if len(descriptions) != len(set(descriptions)):
        raise ValueError("a change is in two revisions of the ladder")
    return {
        each: Revision(
            each,
            tuple(
                (date, change)
                for date in reversed(dates)
                for change in ladder[date]
                if change.applies(each, date)
            ),
        )
        for each in dates
    }


REVISIONS = rungs(LADDER)
OLDEST = next(iter(REVISIONS))
NEWEST = next(reversed(REVISIONS))


def requested(header: str | None, default: str) -> Revision:
    """Give the revision of a request: that of its header, or of a default where it names none.

    Raises what `resolve` does.
    """
    asked = header or default or header
    return REVISIONS.get(asked or "") or resolve(asked, clock.now().date())


def resolve(header: str | None, today: dt.date) -> Revision:
    """Give the revision that a `revision` header asks for.

    A date between two revisions finds the earlier one (documented). Raises `InvalidRevision` if the
    header is missing or not a date. Raises `NotFound` if the date is in the future (text observed),
    or before the first revision.
    """
    known = REVISIONS.get(header or "")
    if known is not None:
        return known
    if header is None:
        raise InvalidRevision("The revision header is required: a date, as YYYY-MM-DD.")
    day = day_in(header)
    if day is None:
        raise InvalidRevision("The revision header is not valid: it must be a date, as YYYY-MM-DD.")
    if day > today and day.isoformat() > NEWEST:
        raise NotFound("Unable to specify a future revision date")
    if day.isoformat() < OLDEST:
        raise NotFound(
            f"The revision {day} is before the earliest available, use a date from {OLDEST} on"
        )
    return REVISIONS[max(each for each in REVISIONS if each <= day.isoformat())]


def day_in(header: str) -> dt.date | None:
    """Give the date in a `revision` header, None if it has none."""
    match = _REVISION_DATE.fullmatch(header.strip())
    try:
        return dt.date.fromisoformat(match[1]) if match else None
    except ValueError:
        return None
