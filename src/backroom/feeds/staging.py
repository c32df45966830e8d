"""A feed becomes a ledger: read once, or taken up again where an import was broken off."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import msgspec

from backroom.feeds.rows import FeedError
from backroom.feeds.survey import Survey, UnknownColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.read_progress import ReadProgress
    from backroom.feeds.rows import Finding, Row

SUFFIX = ".import-progress"
_FEED = "feed"
_STAGED = "staged"
_UNKNOWN = "unknown columns"
_RECORDS_TABLE = "records"
_STAGED_READ_BYTES = 1_000_000


def ledger_beside(path: Path | str, suffix: str = SUFFIX) -> Path | None:
    """Give where the progress of an import of a file is kept, None where it has no such place.

    Standard input, a pipe and a URL have none, and neither has a file in a directory that can't be
    written to.
    """
    if isinstance(path, str) or not path.is_file() or not os.access(path.parent, os.W_OK):
        return None
    # SQLite takes only names that are UTF-8.
    name = path.name.encode(errors="backslashreplace").decode() + suffix
    try:
        str(path.parent).encode()
    except UnicodeEncodeError:
        return None
    return path.with_name(name)


def stage(
    feed: Feed,
    ledger: Ledger,
    options: Mapping[str, object],
    say: Callable[[ReadProgress], object] = lambda _: None,
) -> bool | None:
    """Bring the rows of a feed into a ledger, unless it has them.

    `say` is called now and then with how far the feed is read.

    Gives whether an import goes on: True if it does, None if it can't because the feed or the
    `options` are others than those of the import that was broken off. Raises `FeedError`.
    """
    asked = hashlib.sha256(msgspec.json.encode(sorted(options.items()), enc_hook=str))
    before = _digest(feed, asked.copy())
    earlier = ledger.fact(_FEED)
    if ledger.fact(_STAGED) and earlier == before:
        return True
    ledger.clear()
    survey = Survey()
    feed.say = say
    ledger.stage(survey.watch(feed.rows()))
    if _digest(feed, asked.copy()) != before:
        raise FeedError(f"{feed.name} has changed while it was read; import it again")
    with ledger.together():
        ledger.note(_FEED, before)
        ledger.note(_UNKNOWN, msgspec.json.encode(list(survey.unknown.values())).decode())
        ledger.note(_RECORDS_TABLE, feed.records)
        ledger.note(_STAGED, "yes")
    return None if earlier else False


def stage_rows(
    rows: Iterable[Row | Finding], ledger: Ledger, options: Mapping[str, object]
) -> bool | None:
    """Bring rows that no file has into a ledger, unless it has them; give what `stage` gives."""
    asked = hashlib.sha256(msgspec.json.encode(sorted(options.items()), enc_hook=str)).hexdigest()
    earlier = ledger.fact(_FEED)
    if ledger.fact(_STAGED) and earlier == asked:
        return True
    ledger.clear()
    ledger.stage(rows)
    with ledger.together():
        ledger.note(_FEED, asked)
        ledger.note(_STAGED, "yes")
    return None if earlier else False


def left_out_columns(ledger: Ledger) -> list[UnknownColumn]:
    """Give the columns whose values were left out."""
    return msgspec.json.decode(ledger.fact(_UNKNOWN) or "[]", type=list[UnknownColumn])


def records_of(ledger: Ledger) -> str:
    """Give how many rows or products a shop's file has, empty for the API's own names."""
    return ledger.fact(_RECORDS_TABLE) or ""


def _digest(feed: Feed, digest: hashlib._Hash) -> str:
    """Give what tells the content of a feed, unpacked, from any other."""
    try:
        with feed.source.path.open("rb") as file:
            while some := file.read(_STAGED_READ_BYTES):
                digest.update(some)
    except OSError as error:
        raise FeedError(f"{feed.name} can't be read: {error.strerror}") from error
    return digest.hexdigest()
