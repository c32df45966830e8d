"""The file of products with a fault, and the command that imports it once it is corrected."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from backroom.cli.printable import printable
from backroom.feeds.rejects import write_rejects

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.cli.feed_options import FeedChoice
    from backroom.feeds.comparing import Mode
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
    options = {
        "mode": "upsert" if mode.creates else mode.name,
        "input-format": feed.format.name,
        **feed.reading(),
        **dict(choice.said),
    }
    shown = " ".join(f"--{name} {shlex.quote(value)}" for name, value in options.items())
    return f"backroom import {shlex.quote(str(place))} {shown}"
