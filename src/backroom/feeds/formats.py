"""The formats that feeds come in, and a feed: a file together with its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backroom.feeds import comma_separated, json_lines
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backroom.feeds.rows import Row, RowFault


@dataclass(frozen=True)
class Format:
    """A way to read a file. Files with one of `extensions` are read so by default."""

    name: str
    extensions: tuple[str, ...]
    read: Callable[[Path], Iterator[Row | RowFault]]


FORMATS = {
    each.name: each
    for each in (
        Format("jsonl", (".jsonl", ".ndjson"), json_lines.read),
        Format("csv", (".csv",), comma_separated.read),
    )
}


@dataclass(frozen=True)
class Feed:
    """A file that can be read any number of times, so that its rows need not be kept."""

    path: Path
    format: Format

    def rows(self) -> Iterator[Row | RowFault]:
        """Read the file from its beginning. Raises `FeedError`."""
        try:
            yield from self.format.read(self.path)
        except FeedError as error:
            raise FeedError(f"{self.path.name} {error}") from None
        except OSError as error:
            raise FeedError(f"{self.path.name} can't be read: {error.strerror}") from error


def open_feed(path: Path, format_name: str | None = None) -> Feed:
    """Choose the format, by the file's extension if it isn't named. Raises `FeedError`."""
    if format_name:
        return Feed(path, FORMATS[format_name])
    for each in FORMATS.values():
        if path.suffix.lower() in each.extensions:
            return Feed(path, each)
    known = ", ".join(extension for each in FORMATS.values() for extension in each.extensions)
    raise FeedError(f"{path.name}: its extension names no format ({known})")
