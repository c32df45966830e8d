"""Where a feed comes from: a file, standard input, a pipe, or a URL; unpacked if it is compressed.

A file is read where it is. All else is written once into a temporary directory, within bounds, so
that it can be read any number of times. The directory goes when the feed does.
"""

from __future__ import annotations

import re
import stat
import sys
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from backroom.feeds.compressed import COMPRESSIONS, compression_of, unpack
from backroom.feeds.remote import LARGEST_FEED, fetch, is_url
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    import os

    from backroom.feeds.feed_options import FeedOptions

STANDARD_INPUT = "-"
_STANDARD_INPUTS = {STANDARD_INPUT, "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"}
_DESCRIPTOR = re.compile(r"/dev/fd/\d+|/proc/(?:self|\d+)/fd/\d+")
"""The names that a shell gives to `<(...)`."""
_DEVICES = ("/dev/", "/proc/")
_COPIED_BYTES = 1 << 18
_MOST_LAYERS = 2


@dataclass(frozen=True)
class Stamp:
    """The facts by which a file shows that it has changed."""

    size: int
    changed: int
    file: int

    @classmethod
    def of(cls, found: os.stat_result) -> Stamp:
        """Give the stamp of a file."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)


class Source:
    """A file that can be read any number of times."""

    def __init__(self, place: Path | str, options: FeedOptions) -> None:
        """Fetch and unpack the feed at `place`. Raises `FeedError`."""
        self.place = place
        self.name = shown_name(place)
        self.compression = "none"
        self._directory: Path | None = None
        self._finalizer: weakref.finalize[..., Source] | None = None
        try:
            self.path = self._local(place, options)
            for _ in range(_MOST_LAYERS):
                if not self._unpack(options):
                    break
            self._stamp = Stamp.of(self.path.stat())
        except OSError as error:
            raise FeedError(f"can't be read: {error.strerror or error}") from error
        if not self._stamp.size:
            raise FeedError("is empty: it has no bytes at all")

    def check_unchanged(self) -> None:
        """Raise `FeedError` if the file is another one than when it was opened."""
        if Stamp.of(self.path.stat()) != self._stamp:
            raise FeedError(
                "was changed while it was read, so a part may be missing: import it again when"
                " nothing writes to it"
            )

    def temporary(self, name: str) -> Path:
        """Give a path of the temporary directory."""
        if self._directory is None:
            directory = tempfile.TemporaryDirectory(prefix="backroom-feed-")
            self._finalizer = weakref.finalize(self, directory.cleanup)
            self._directory = Path(directory.name)
        return self._directory / name

    def close(self) -> None:
        """Delete what is temporary."""
        if self._finalizer:
            self._finalizer()

    def _local(self, place: Path | str, options: FeedOptions) -> Path:
        if isinstance(place, str) and is_url(place):
            path = self.temporary("fetched")
            with path.open("wb") as file:
                fetch(place, file, private_addresses=options.private_addresses)
            return path
        if str(place) == STANDARD_INPUT:
            return self._spooled(sys.stdin.buffer)
        path = Path(place)
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise FeedError("is a directory")
        if stat.S_ISREG(mode) and not str(path).startswith(_DEVICES):
            return path
        with path.open("rb") as file:
            return self._spooled(file)

    def _spooled(self, stream: IO[bytes]) -> Path:
        path = self.temporary("spooled")
        written = 0
        with path.open("wb") as file:
            while chunk := stream.read(_COPIED_BYTES):
                written += len(chunk)
                if written > LARGEST_FEED:
                    raise FeedError(f"is larger than {LARGEST_FEED // 1_000_000:,} MB")
                file.write(chunk)
        return path

    def _unpack(self, options: FeedOptions) -> bool:
        asked = options.compression
        if asked and asked not in COMPRESSIONS:
            raise FeedError(f"can't be unpacked: {asked!r} is not one of {', '.join(COMPRESSIONS)}")
        first = self.compression == "none"
        compression = asked if asked and first else compression_of(self.path)
        if compression == "none" or (asked and not first):
            return False
        before = Stamp.of(self.path.stat())
        into = self.temporary(f"unpacked-{compression}-{first:d}")
        unpack(self.path, compression, into)
        if Stamp.of(self.path.stat()) != before:
            raise FeedError("was changed while it was unpacked: import it again")
        self.compression = compression
        self.path = into
        return True


def shown_name(place: Path | str) -> str:
    """Give the name of a feed without what may be secret in a URL."""
    if isinstance(place, str) and is_url(place):
        return Path(urlsplit(place).path).name or urlsplit(place).hostname or "feed"
    if str(place) in _STANDARD_INPUTS:
        return "standard input"
    return "a pipe" if _DESCRIPTOR.fullmatch(str(place)) else Path(place).name
