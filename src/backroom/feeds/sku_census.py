"""Whether SKUs identify the variants of a file."""

from __future__ import annotations

from array import array
from itertools import pairwise


class SkuCensus:
    """Whether all SKUs of a file are there and unique, in eight bytes for each."""

    def __init__(self) -> None:
        self._hashes = array("q")
        self._missing = False
        self.is_empty = True
        """Whether no variant was counted, so that there is nothing to tell by."""
        self._unique: bool | None = None

    def add(self, sku: str) -> None:
        """Count the SKU of a variant, empty if it has none."""
        self.is_empty = False
        if not sku:
            self._missing = True
        elif not self._missing:
            self._hashes.append(hash(sku))

    @property
    def identifies(self) -> bool:
        """Whether a SKU names one variant, for every variant."""
        if self._unique is None:
            ordered = sorted(self._hashes)
            twice = any(one == two for one, two in pairwise(ordered))
            self._unique = not self._missing and not twice
            self._hashes = array("q")
        return self._unique
