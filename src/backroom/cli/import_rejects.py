"""The file of products with a fault, and the command that imports it once it is corrected."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from backroom.cli.printable import printable
from backroom.feeds.formats import open_feed
from backroom.feeds.rejects import write_rejects
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.cli.feed_options import FeedChoice
    from backroom.feeds.comparing import Mode
    from backroom.feeds.feed_options import FeedOptions
    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger


def write_and_tell(feed: Feed, ledger: Ledger, place: Path, mode: Mode, choice: FeedChoice) -> None:
    """Write the rejects to `place`, and say on standard error how they are imported.

    Raises `FeedError`.
    """
    if number := write_rejects(feed, ledger, place):
        click.echo(
            f"Records of products with a fault: {number:,}. Correct them in"
            f" {printable(str(place))}, then run:\n"
            f"  {printable(command_for(feed, place, mode, choice))}",
            err=True,
        )


def command_for(feed: Feed, place: Path, mode: Mode, choice: FeedChoice) -> str:
    """Give the command that reads the rejects as the feed was read.

    The server may have some rows of a product already, so a create becomes an upsert.
    """
    reading = feed.reading()
    if reading.get("numbers") == _numbers_of(feed, place, choice.options):
        # A spreadsheet may write all of them in another way.
        reading.pop("numbers", None)
    options = {
        "mode": "upsert" if mode.creates else mode.name,
        "input-format": feed.format.name,
        **reading,
        **dict(choice.said),
    }
    shown = " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items())
    return f"backroom import {shlex.quote(str(place))} {shown}"


def _numbers_of(feed: Feed, place: Path, options: FeedOptions) -> str | None:
    """Give how the rejects alone would be read, None if that is not known."""
    try:
        rejects = open_feed(place, feed.format.name, replace(options, numbers=None))
    except FeedError:
        return None
    try:
        return rejects.reading().get("numbers")
    except (FeedError, OSError, UnicodeError):
        return None
    finally:
        rejects.close()
