"""The sizes of the catalogs, counted once in some seconds for all who look."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from backroom.store import activity

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.activity import Size
    from backroom.store.database import Transaction

SIZES_KEPT_SECONDS = 10.0
"""How long a count is good. Counting reads up to 50,000 entries of an index for each kind."""


class CatalogSizes:
    """The sizes as they were a moment ago. `now` gives seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._counted: list[Size] = []
        self._good_until = -1.0

    def now(self, tx: Transaction) -> list[Size]:
        """Give the sizes, at most `SIZES_KEPT_SECONDS` old."""
        moment = self._now()
        if moment >= self._good_until:
            self._counted = activity.catalog_sizes(tx)
            self._good_until = moment + SIZES_KEPT_SECONDS
        return self._counted
