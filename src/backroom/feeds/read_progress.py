"""How far a feed is read: what its readers say while nothing has been sent yet."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Follow = Callable[[IO[Any]], object]
    """Takes the file that a reader has opened."""

SAID_EVERY = 1_000
"""How many records are read between two reports of the progress."""


class ReadProgress(NamedTuple):
    """How much of a feed is read, or joined."""

    step: Literal["reading", "joining"]
    """Shops' files are read as a whole before their rows are joined into products."""
    records: int
    of: int | None
    """How many records there are, None while it is not known."""
    read: int
    """Bytes of the file, unpacked; 0 where it is not known."""
    size: int
    """Bytes that the file has."""


class FollowedFile:
    """The position in a file that a reader has open."""

    def __init__(self) -> None:
        self._file: IO[Any] | None = None

    def follow(self, file: IO[Any]) -> None:
        """Take a file that was just opened."""
        # A text that is read line by line does not tell its position, but the bytes below it do.
        self._file = getattr(file, "buffer", file)

    @property
    def position(self) -> int:
        """How many bytes of the file were read, 0 if no file is open."""
        return 0 if self._file is None or self._file.closed else self._file.tell()


def unfollowed(_: IO[Any]) -> None:
    """Follow no file."""
