"""The options of `backroom push`: two servers, each with a key that no output shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

import click

from backroom.cli.api_options import checked_key, checked_revision
from backroom.cli.feed_options import FeedPlace, with_feed_options
from backroom.cli.options import checked_url, with_format
from backroom.cli.sending import checked_limit, checked_reports
from backroom.feeds.loading import LARGEST_BATCH
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.cli.feed_options import FeedChoice
    from backroom.feeds.mirroring import RemovalLimit

    Command = Callable[..., Any]

SERVICE = "https://a.klaviyo.com"


class PushChoice(TypedDict):
    """The options of one push."""

    file: Path | str | None
    from_url: str | None
    from_key: str | None
    to_url: str
    to_key: str | None
    delete: bool
    max_delete: RemovalLimit
    dry_run: bool
    retry_refused: bool
    watch: bool
    interval: float
    feed: FeedChoice
    batch: int
    revision: str
    timeout: float
    state: Path | None
    reports: tuple[Path, ...]
    output: str


def _key_options(side: str, words: str, *others: str) -> tuple[Callable[[Command], Command], ...]:
    """Make the option of a key, and the one of a file that has it."""
    variable = f"BACKROOM_{side.upper()}_KEY"
    return (
        click.option(
            f"--{side}-key",
            envvar=[variable, *others],
            show_envvar=True,
            callback=checked_key,
            help=words,
        ),
        click.option(
            f"--{side}-key-file",
            envvar=f"{variable}_FILE",
            show_envvar=True,
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help=f"A file that has the value of --{side}-key.",
        ),
    )


def key_in(side: str, key: str | None, file: Path | None) -> str | None:
    """Give the key of one side. Flags go before variables of the environment.

    Raises click's errors.
    """
    ctx = click.get_current_context()
    given = ctx.get_parameter_source(f"{side}_key")
    if file is None or (key and given is click.core.ParameterSource.COMMANDLINE):
        return key
    try:
        found = file.read_text("ascii").strip()
    except (OSError, UnicodeError):
        raise click.BadParameter(f"{file} has no key", param_hint=f"--{side}-key-file") from None
    return checked_key(ctx, ctx.command.params[0], found)


_PUSH_OPTIONS: tuple[Callable[[Command], Command], ...] = (
    click.argument("file", required=False, type=FeedPlace()),
    click.option(
        "--from",
        "from_url",
        envvar="BACKROOM_URL",
        show_envvar=True,
        callback=checked_url,
        help="The server whose catalog is pushed, where no FILE is given.  [default: by"
        " BACKROOM_HOST and BACKROOM_PORT, as for serve]",
    ),
    *_key_options("from", "A private key of the account that is pushed.", "BACKROOM_KEY"),
    click.option(
        "--to",
        "to_url",
        required=True,
        callback=checked_url,
        help=f"The server to push to. The real service is {SERVICE}.",
    ),
    *_key_options("to", "A private key of the account to push to."),
    click.option(
        "--delete",
        is_flag=True,
        help="Delete what the source does not have, up to --max-delete. Nothing is deleted"
        " without it.",
    ),
    click.option(
        "--max-delete",
        default="10%",
        show_default=True,
        metavar="SHARE|NUMBER",
        callback=checked_limit,
        help="How much of the target --delete may delete. Beyond that, a push sends nothing.",
    ),
    click.option(
        "--dry-run", is_flag=True, help="Send nothing; say what would be done, and how long"
        " it would take.",
    ),
    click.option(
        "--retry-refused",
        is_flag=True,
        help="Send what the target has refused before too.",
    ),
    click.option(
        "--watch",
        is_flag=True,
        help="Keep running, and send each change of the source. Ctrl-C ends it.",
    ),
    click.option(
        "--interval",
        type=click.FloatRange(min=1, max=40),
        default=10,
        show_default=True,
        help="Seconds between two looks at the source with --watch.",
    ),
    click.option(
        "--batch",
        type=click.IntRange(1, LARGEST_BATCH),
        default=LARGEST_BATCH,
        show_default=True,
        help="How many rows a job has at most.",
    ),
    click.option(
        "--revision",
        default=NEWEST,
        show_default=True,
        callback=checked_revision,
        help="The revision of the API to use, with both servers.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=600,
        show_default=True,
        help="Seconds to wait for any one job, for a request that a server puts off, and for a"
        " server that is away.",
    ),
    click.option(
        "--state",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Where to keep the progress.  [default: FILE.push-progress, or a name made of both"
        " servers in this directory]",
    ),
    click.option(
        "--report",
        "reports",
        multiple=True,
        type=click.Path(dir_okay=False, path_type=Path),
        callback=checked_reports,
        help="Write the report to a file: .json, .csv or .html. May be given several times.",
    ),
    with_feed_options(),
    with_format("How to print the report.", show_default=True),
)  # fmt: skip


def with_push_options(command: Command) -> Command:
    """Give a command all options of a push."""
    for option in reversed(_PUSH_OPTIONS):
        command = option(command)
    return command
