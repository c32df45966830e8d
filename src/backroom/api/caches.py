"""A cache for keys that clients can choose: bounded by the bytes that its values hold."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

V = TypeVar("V")


class BoundedCache(Generic[V]):
    """Keeps values that were asked for lately, `most_bytes` of them in all.

    Values are in two generations, each of half the bytes. When the young one is full, it becomes
    the old one, and the old one before it is dropped as a whole. A value of the old generation that
    is asked for goes to the young one. So what is used stays, and no use has to be noted otherwise.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes // 2
        self._young: dict[Hashable, tuple[V, int]] = {}
        self._old: dict[Hashable, tuple[V, int]] = {}
        self._young_bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        """Give how many values are in memory."""
        return len(self._young) + len(self._old)

    @property
    def bytes(self) -> int:
        """How many bytes the values in memory have."""
        kept = (*self._young.values(), *self._old.values())
        return sum(size for _, size in kept)

    def get(self, key: Hashable) -> V | None:
        """Give the value of a key, or None if it isn't there."""
        found = self._young.get(key)
        if found is None:
            found = self._old.get(key)
            if found is None:
                return None
            self.keep(key, *found)
        return found[0]

    def keep(self, key: Hashable, value: V, size: int) -> None:
        """Keep a value of so many bytes, with its key, unless it alone would fill a generation."""
        if size > self._most:
            return
        with self._lock:
            if key in self._young:
                return
            if self._young_bytes + size > self._most:
                self._old, self._young = self._young, {}
                self._young_bytes = 0
            self._young[key] = (value, size)
            self._young_bytes += size
