"""The file that an export writes: whole, or not there at all."""

from __future__ import annotations

import gzip
import os
import secrets
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from backroom.feeds.rows import FeedError
from backroom.feeds.sources import STANDARD_INPUT as STANDARD_OUTPUT

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKED_ENDING = ".gz"


@contextmanager
def written_whole(place: str, *, overwrite: bool) -> Iterator[IO[bytes]]:
    """Open a file to write. It gets its name when all of it is on the disk.

    `-` is the standard output. The export writes to it at once, and also to pipes and devices.
    Where the name ends in `.gz`, the file is packed. Raises `FeedError` if the file is there
    already, and `OSError` if it can't be written.
    """
    path = Path(place)
    if place == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    check_free(place, overwrite=overwrite)
    # A link stays, and what it leads to is replaced.
    path = path.resolve()
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            if path.name.lower().endswith(_PACKED_ENDING):
                with gzip.GzipFile("", "wb", fileobj=file) as packed:
                    yield cast("IO[bytes]", packed)
            else:
                yield file
            file.flush()
            os.fsync(file.fileno())
        check_free(place, overwrite=overwrite)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def check_free(place: str, *, overwrite: bool) -> None:
    """Raise `FeedError` if a file is there that nobody wants to lose."""
    path = Path(place)
    if place != STANDARD_OUTPUT and not overwrite and path.is_file():
        raise FeedError(f"{place} exists already; give --overwrite to replace it")
