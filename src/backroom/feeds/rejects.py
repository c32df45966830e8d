"""Rows that failed, as a file of the same format that can be corrected and imported alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.feeds.rows import FeedError
from backroom.feeds.tallies import failed_lines

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger

_LINE_ENDS = {"jsonl": "\n", "csv": ""}
"""How the readers of the formats end a line: one only at LF, the other at CR too."""


def can_reject(feed: Feed) -> bool:
    """Whether the rows of a feed are lines that can be copied."""
    return feed.format.name in _LINE_ENDS and feed.has_lines


def write_rejects(feed: Feed, ledger: Ledger, target: Path) -> int:
    """Copy the lines of rows that failed, after the header; give how many rows those are.

    Raises `FeedError` where a file can't be read or written.
    """
    newline = _LINE_ENDS[feed.format.name]
    places = failed_lines(ledger)
    following = next(places, None)
    # What comes before the first row names the columns.
    copies, rejected = True, 0
    try:
        # Latin-1 keeps all bytes as they are, and ends lines where UTF-8 does.
        with (
            feed.source.path.open(encoding="latin-1", newline=newline) as source,
            target.open("w", encoding="latin-1", newline="") as file,
        ):
            for number, line in enumerate(source, start=1):
                if following and number == following[0]:
                    copies = following[1]
                    rejected += copies
                    following = next(places, None)
                if copies:
                    file.write(line)
    except OSError as error:
        raise FeedError(f"{target} can't be written: {error.strerror}") from error
    return rejected
