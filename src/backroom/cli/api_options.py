"""The options by which a command is a client of the API, and their checks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from backroom.cli.options import checked_url
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from click import Context, Parameter

_HEADER_WORD = re.compile(r"[!-~]+")


def checked_key(_: Context, __: Parameter, key: str | None) -> str | None:
    """Refuse what no header can carry, without showing it."""
    if key is not None and not _HEADER_WORD.fullmatch(key):
        raise click.BadParameter(
            "a key has ASCII characters alone, without blanks and line breaks; the value is not"
            " shown here"
        )
    return key


def checked_revision(_: Context, __: Parameter, revision: str) -> str:
    """Refuse what no header can carry."""
    if not _HEADER_WORD.fullmatch(revision):
        raise click.BadParameter(f"{revision!r} is not a date, as YYYY-MM-DD")
    return revision


url_option = click.option(
    "--url",
    envvar="BACKROOM_URL",
    show_envvar=True,
    callback=checked_url,
    help="The URL of the server.  [default: by BACKROOM_HOST and BACKROOM_PORT, as for serve]",
)
revision_option = click.option(
    "--revision",
    default=NEWEST,
    show_default=True,
    callback=checked_revision,
    help="The revision of the API to use.",
)
