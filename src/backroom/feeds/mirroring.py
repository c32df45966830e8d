"""The deletions of a mirror: what is on the server and not in the feed, within a limit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backroom.feeds.rows import ORDER, RowWarning
from backroom.feeds.tallies import count_nameless

if TYPE_CHECKING:
    from backroom.feeds.comparison import Comparison

PLANNED = "removals planned"
"""The fact of a ledger that has all deletions."""
_LIMIT = re.compile(r"(\d+)|(\d+(?:\.\d+)?)%")
_WHOLE = 100


class TooManyRemovalsError(Exception):
    """A mirror would delete more than its limit allows. Nothing was sent."""


@dataclass(frozen=True)
class RemovalLimit:
    """How much of a catalog a mirror may delete: a share of it in percent, or a number."""

    text: str

    def __post_init__(self) -> None:
        found = _LIMIT.fullmatch(self.text)
        if not found or float(found[2] or 0) > _WHOLE:
            raise ValueError(f"{self.text!r} is neither a number nor a share such as 10%")

    def allowed(self, existing: int) -> int:
        """Give how many of so many resources may be deleted."""
        if self.text.endswith("%"):
            return int(existing * float(self.text[:-1]) / _WHOLE)
        return int(float(self.text))


def plan_removals(comparison: Comparison, limit: RemovalLimit) -> None:
    """Write the deletions down in the ledger. Raises `TooManyRemovalsError`.

    If rows can't be read, it is not known which resources they mean, so nothing is deleted.
    """
    ledger = comparison.ledger
    if ledger.fact(PLANNED):
        return
    comparison.existing.read_all_ids()
    existing = ledger.count_existing()
    with ledger.together():
        if nameless := count_nameless(ledger):
            ledger.find(
                RowWarning(
                    0,
                    f"Nothing was deleted, because rows of the feed can't be read: {nameless:,}.",
                    advice="Correct these rows and import the feed again.",
                )
            )
        else:
            removed = sum(ledger.add_removals(kind.name) for kind in ORDER)
            if removed > (most := limit.allowed(existing)):
                raise TooManyRemovalsError(
                    f"{removed:,} of {existing:,} resources on the server are not in the feed, and"
                    f" at most {most:,} may be deleted ({limit.text}); nothing was sent. To delete"
                    " them, give a larger --max-delete"
                )
        ledger.note(PLANNED, "yes")
