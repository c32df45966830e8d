"""`backroom import`: load a feed into a running server through its API, and report the result.

Reading and sending feeds is the part of `backroom.feeds`. Here are the options and the report.
"""

from __future__ import annotations

import re
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from backroom.cli import EXIT_ERROR, EXIT_ROWS_FAILED, EXIT_UNREACHABLE
from backroom.cli.feed_options import FeedPlace, with_feed_options
from backroom.cli.options import checked_url, own_url, settings_from, with_format
from backroom.cli.printable import printable, printable_json
from backroom.feeds.api_client import ApiClient, RefusedError, UnreachableError
from backroom.feeds.loading import LARGEST_BATCH, MODES, Loader, Report
from backroom.feeds.rows import ORDER, FeedError
from backroom.feeds.survey import Survey, survey
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.cli.feed_options import FeedChoice
    from backroom.feeds.formats import Feed
    from backroom.feeds.rows import RowFault

_EXIT_INTERRUPTED = 130
SHOWN_FAULTS = 50
"""How many rows the table of faults shows. The JSON has all faults."""
_PIPE_WIDTH = 120
_LONGEST_SHOWN = 1_000
"""Characters of one text of a feed or a server in the tables. The JSON has all."""
_HEADER_WORD = re.compile(r"[!-~]+")


class _Options(TypedDict):
    file: Path | str | None
    demo: bool
    url: str
    key: str
    mode: str
    feed: FeedChoice
    batch: int
    revision: str
    timeout: float
    output: str


@dataclass
class _Run:
    """One run of the command: its options and its result, also if it was broken off."""

    options: _Options
    feed: Feed
    survey: Survey
    report: Report
    seconds: float = 0.0
    error: str | None = None
    exit_code: int = 0

    def counts(self) -> dict[str, dict[str, int]]:
        """Give the numbers of rows by type, with a line for rows whose type is unknown."""
        verbs = MODES[self.options["mode"]].verbs
        names = {kind.name: kind.type for kind in ORDER} | {"": "unreadable"}
        return {
            label: {
                "rows": tally.rows,
                **{f"{verb}d": tally.done[verb] for verb in verbs},
                "failed": tally.failed,
                "jobs": tally.jobs,
            }
            for name, label in names.items()
            if (tally := self.report.tallies[name]).rows
        }

    def faults(self) -> list[RowFault]:
        """Give the faults, in the order of the file."""
        return sorted(self.report.faults, key=lambda fault: fault.line)


def _checked_key(_: click.Context, __: click.Parameter, key: str) -> str:
    """Refuse what no header can carry, without showing it."""
    if not _HEADER_WORD.fullmatch(key):
        raise click.BadParameter(
            "a key has ASCII characters alone, without blanks and line breaks; the value is not"
            " shown here"
        )
    return key


def _checked_revision(_: click.Context, __: click.Parameter, revision: str) -> str:
    if not _HEADER_WORD.fullmatch(revision):
        raise click.BadParameter(f"{revision!r} is not a date, as YYYY-MM-DD")
    return revision


@click.command("import")
@click.argument(
    "file",
    required=False,
    type=FeedPlace(),
)
@click.option("--demo", is_flag=True, help="Load the shop that comes with backroom.")
@click.option(
    "--url",
    envvar="BACKROOM_URL",
    show_envvar=True,
    callback=checked_url,
    help="The URL of the server.  [default: by BACKROOM_HOST and BACKROOM_PORT, as for serve]",
)
@click.option(
    "--key",
    required=True,
    envvar="BACKROOM_KEY",
    show_envvar=True,
    callback=_checked_key,
    help="A private key of the account to load into.",
)
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    default="create",
    show_default=True,
    help="What to do with the rows; upsert creates them, and updates those that exist.",
)
@with_feed_options()
@click.option(
    "--batch",
    type=click.IntRange(1, LARGEST_BATCH),
    default=LARGEST_BATCH,
    show_default=True,
    help="How many rows a job has at most.",
)
@click.option(
    "--revision",
    default=NEWEST,
    show_default=True,
    callback=_checked_revision,
    help="The revision of the API to use.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds to wait for any one job, and for a request that the server puts off.",
)
@with_format("How to print the report.", show_default=True)
def import_command(**options: Unpack[_Options]) -> None:
    """Load a product feed into a server as bulk jobs.

    FILE is a product file of Shopify, WooCommerce, Google Merchant or Klaviyo, or has the API's
    names. It may be a URL, or - for the standard input. Categories go first, then items, then
    variants. The report names the line of each row that fails. The other rows are loaded.

    The exit code is 3 if rows failed, 4 if the server can't be reached or a job takes too long.
    """
    options["url"] = options["url"] or own_url(settings_from({}))
    run = _prepared(options)
    _load(run)
    if options["output"] == "json":
        document = msgspec.json.format(msgspec.json.encode(_json_report(run)))
        click.echo(printable_json(document.decode()))
    else:
        _print_report(run)
    if run.error:
        click.echo(f"Error: {_on_terminal(run.error)}", err=True)
    sys.exit(run.exit_code)


def _prepared(options: _Options) -> _Run:
    """Read through the feed. Raises click's errors, which its `main` shows."""
    path = _demo() if options["demo"] else options["file"]
    if path is None or (options["demo"] and options["file"]):
        raise click.UsageError("Give either a FILE or --demo.")
    feed = options["feed"].opened(path)
    try:
        found = survey(feed.rows())
    except FeedError as error:
        raise click.ClickException(_on_terminal(str(error))) from error
    return _Run(options, feed, found, Report.of(found))


def _on_terminal(text: str) -> str:
    """Give a text of a feed or a server as a terminal may show it."""
    cut = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    return printable(cut)


def _demo() -> Path:
    return Path(str(resources.files("backroom.feeds").joinpath("demo", "shop.jsonl")))


def _load(run: _Run) -> None:
    options = run.options
    server = ApiClient(options["url"], options["key"], options["revision"], options["timeout"])
    loader = Loader(server, MODES[options["mode"]], run.report, options["batch"])
    began = time.monotonic()
    try:
        with _progress(run) as progress:
            loader.run(run.feed, progress)
    except UnreachableError as error:
        run.error, run.exit_code = str(error), EXIT_UNREACHABLE
    except (RefusedError, FeedError) as error:
        run.error, run.exit_code = str(error), EXIT_ERROR
    except KeyboardInterrupt:
        run.error, run.exit_code = "interrupted; jobs already sent go on", _EXIT_INTERRUPTED
    else:
        run.exit_code = EXIT_ROWS_FAILED if run.report.faults else 0
    run.seconds = round(time.monotonic() - began, 3)


@contextmanager
def _progress(run: _Run) -> Iterator[Callable[[str, int], object]]:
    """Show a bar for each kind, on a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    hidden = not console.is_terminal or run.options["output"] == "json"
    with Progress(*columns, console=console, disable=hidden) as bars:
        tasks = {
            kind.name: bars.add_task(kind.plural, start=False, total=tally.rows)
            for kind in MODES[run.options["mode"]].order
            if (tally := run.report.tallies[kind.name]).rows
        }

        def progress(kind: str, settled: int) -> None:
            bars.start_task(tasks[kind])
            bars.update(tasks[kind], completed=settled)

        yield progress


def _json_report(run: _Run) -> dict[str, object]:
    return {
        # A name may have bytes that are no UTF-8, which JSON can't hold.
        "file": printable(run.feed.location),
        "url": run.options["url"],
        "mode": run.options["mode"],
        "seconds": run.seconds,
        "error": run.error,
        "counts": run.counts(),
        "faults": [
            {
                "line": fault.line,
                "type": fault.kind.type if fault.kind else None,
                "external_id": fault.external_id or None,
                "detail": fault.detail,
            }
            for fault in run.faults()
        ],
        "unknown_columns": [
            {
                "column": each.name,
                "type": each.type,
                "rows": each.rows,
                "first_line": each.first_line,
            }
            for each in run.survey.unknown.values()
        ],
    }


def _print_report(run: _Run) -> None:
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _PIPE_WIDTH)
    name = printable(run.feed.name)
    console.print(f"{name} to {run.options['url']}: {run.options['mode']}, {run.seconds:.1f} s")
    if counts := run.counts():
        console.print(_counts_table(counts))
    if faults := run.faults():
        console.print(_faults_table(faults[:SHOWN_FAULTS]))
    if (more := len(faults) - SHOWN_FAULTS) > 0:
        console.print(f"... and {more:,} more; --format json has all of them.")
    for column in run.survey.unknown.values():
        console.print(f"Note: column {_on_terminal(str(column))}")


def _counts_table(counts: dict[str, dict[str, int]]) -> Table:
    table = Table()
    table.add_column("")
    names = list(next(iter(counts.values())))
    for name in names:
        table.add_column(name, justify="right")
    for label, numbers in counts.items():
        table.add_row(label, *(f"{number:,}" for number in numbers.values()))
    totals = (sum(numbers[name] for numbers in counts.values()) for name in names)
    table.add_section()
    table.add_row("all", *(f"{total:,}" for total in totals))
    return table


def _faults_table(faults: list[RowFault]) -> Table:
    table = Table(title="Rows that failed", title_justify="left")
    table.add_column("line", justify="right")
    table.add_column("type", no_wrap=True)
    table.add_column("external id", overflow="fold")
    table.add_column("what was wrong", overflow="fold")
    for fault in faults:
        kind = fault.kind.name if fault.kind else ""
        table.add_row(
            str(fault.line), kind, _on_terminal(fault.external_id), _on_terminal(fault.detail)
        )
    return table
