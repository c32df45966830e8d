"""`backroom import`: load a feed into a running server through its API, and report the result.

`backroom.feeds` reads, compares and sends feeds. This module has the options and the order of these
steps.
"""

from __future__ import annotations

import sys
import time
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from backroom import clock
from backroom.catalog.operations import NESTED_BULK_SINCE
from backroom.cli import (
    EXIT_ERROR,
    EXIT_INTERRUPTED,
    EXIT_ROWS_FAILED,
    EXIT_UNREACHABLE,
)
from backroom.cli.api_options import checked_key, revision_option, url_option
from backroom.cli.feed_options import FeedPlace, KeyOption, with_feed_options
from backroom.cli.import_progress import shown_progress
from backroom.cli.import_rejects import write_and_tell
from backroom.cli.import_report import ReportedCommand, on_terminal, write_report
from backroom.cli.left_report import leave_report_with
from backroom.cli.options import own_url, settings_from, with_format
from backroom.cli.printable import printable
from backroom.cli.reading_progress import shown_reading
from backroom.cli.sending import (
    Ended,
    checked_limit,
    checked_reports,
    close_ledger,
    explained,
    largest_of,
    opened_ledger,
    print_report,
)
from backroom.control.import_check import checked_by
from backroom.feeds.api_client import ApiClient
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.loading import LARGEST_BATCH, Loader
from backroom.feeds.loading import Options as LoadOptions
from backroom.feeds.mirroring import plan_removals
from backroom.feeds.own_account import account_of_key
from backroom.feeds.refused_rows import RefusedRows, RefusingTarget
from backroom.feeds.rehearsal import Rehearsal
from backroom.feeds.reporting import Report
from backroom.feeds.rows import FeedError
from backroom.feeds.sources import shown_name
from backroom.feeds.staging import SUFFIX, ledger_beside, stage

if TYPE_CHECKING:
    from backroom.cli.feed_options import FeedChoice
    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.mirroring import RemovalLimit

_SAME_FOR_ALL = {
    *("file", "demo", "key", "timeout", "state", "reports", "rejects", "output", "batch"),
    *("max_delete", "dry_run", "feed", "retry_refused"),
}
"""Options that may be others when an import goes on."""
_ENDING = (EXIT_INTERRUPTED, EXIT_UNREACHABLE)
"""Exit codes after which the next file is not begun."""
_GRAVEST_FIRST = (*_ENDING, click.UsageError.exit_code, EXIT_ERROR, EXIT_ROWS_FAILED, 0)


class _Options(TypedDict):
    file: Path | str | None
    demo: bool
    url: str
    key: str
    mode: str
    max_delete: RemovalLimit
    dry_run: bool
    feed: FeedChoice
    batch: int
    revision: str
    timeout: float
    state: Path | None
    retry_refused: bool
    reports: tuple[Path, ...]
    rejects: Path | None
    output: str


@click.command("import", cls=ReportedCommand)
@click.argument("files", nargs=-1, metavar="[FILE]...", type=FeedPlace())
@click.option("--demo", is_flag=True, help="Load the shop that comes with backroom.")
@url_option
@click.option(
    "--key",
    cls=KeyOption,
    required=True,
    envvar="BACKROOM_KEY",
    show_envvar=True,
    callback=checked_key,
    help="A private key of the account to load into.",
)
@click.option(
    "--mode",
    type=click.Choice(list(MODES)),
    default="create",
    show_default=True,
    help="What to do with the rows; upsert creates them, and updates those that exist; mirror also"
    " deletes what is not in FILE.",
)
@click.option(
    "--max-delete",
    default="10%",
    show_default=True,
    metavar="SHARE|NUMBER",
    callback=checked_limit,
    help="How much of the catalog mirror may delete. Beyond that, an import sends nothing.",
)
@click.option(
    "--dry-run", is_flag=True, help="Send nothing; report what the import would do with each row."
)
@with_feed_options()
@click.option(
    "--batch",
    type=click.IntRange(1, LARGEST_BATCH),
    default=LARGEST_BATCH,
    show_default=True,
    help="How many rows a job has at most.",
)
@revision_option
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600,
    show_default=True,
    help="Seconds to wait for any one job, for a request that the server puts off, and for a"
    " server that is away.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where to keep the progress.  [default: FILE{SUFFIX}]",
)
@click.option(
    "--retry-refused",
    is_flag=True,
    help="Also send the rows that the server refused before.",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    callback=checked_reports,
    help="Write the report to a file: .json, .csv or .html. May be given several times.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the products with a fault to a file of the same format.",
)
@with_format("How to print the report.", show_default=True)
def import_command(files: tuple[Path | str, ...], **options: Unpack[_Options]) -> None:
    """Load a product feed into a server as bulk jobs.

    FILE is a product file of Shopify, WooCommerce, Google Merchant or Klaviyo, or has the API's
    names. It may be a URL, or - for the standard input. Several files are imported one after the
    other, each with its own report. Categories go first, then items, then variants. Only what
    differs from the server is sent. The report names the line of each row that fails. The other
    rows are loaded. An import that was broken off goes on where it was when the same command runs
    again.

    The exit code is 3 if rows failed, 4 if the server can't be reached or a job takes too long.
    """
    options["url"] = options["url"] or own_url(settings_from({}))
    if options["demo"] == bool(files):
        raise click.UsageError("Give either a FILE or --demo.")
    if len(files) > 1:
        _check_several(options)
    in_array = len(files) > 1 and options["output"] == "json"
    codes: list[int] = []
    for number, file in enumerate(files or (None,)):
        if in_array:
            click.echo("," if number else "[")
        options["file"] = file
        codes.append(_reported(options))
        if codes[-1] in _ENDING:
            break
    if in_array:
        click.echo("]")
    sys.exit(next(code for code in _GRAVEST_FIRST if code in codes))


def _check_several(options: _Options) -> None:
    """Raise `UsageError` for what can't be said of several files."""
    if MODES[options["mode"]].mirrors:
        raise click.UsageError(
            "--mode mirror takes one FILE: it would delete what the other files have."
        )
    given = {
        "--state": options["state"],
        "--rejects": options["rejects"],
        "--report": options["reports"],
        "--show-mapping": options["feed"].show_mapping,
    }
    if named := next((name for name, value in given.items() if value), ""):
        raise click.UsageError(f"{named} takes one FILE. Import each file with its own {named}.")


def _reported(options: _Options) -> int:
    """Import one feed and print its report; give the exit code."""
    path = options["file"] or _demo()
    # A name may have bytes that are no UTF-8, which JSON can't hold.
    name = printable(shown_name(path))
    report = Report(name, options["url"], MODES[options["mode"]], dry_run=options["dry_run"])
    report.moment = f"{clock.now():%Y-%m-%d %H:%M} UTC"
    exit_code = 0
    try:
        exit_code = _imported(path, options, report)
    except Ended as error:
        report.error, exit_code = str(error), error.exit_code
    except click.ClickException as error:
        report.error, exit_code = error.format_message(), error.exit_code
    except KeyboardInterrupt:
        report.error, exit_code = "interrupted", EXIT_INTERRUPTED
    print_report(report, options["output"])
    if report.ledger:
        close_ledger(report.ledger, report)
    return exit_code


def _imported(path: Path | str, options: _Options, report: Report) -> int:
    """Import a feed and write its reports; give the exit code."""
    if options["revision"] < NESTED_BULK_SINCE:
        raise Ended(
            f"imports speak revisions from {NESTED_BULK_SINCE} on, and --revision is"
            f" {options['revision']}; leave it out, or name a later one",
            EXIT_ERROR,
        )
    feed = options["feed"].opened(path)
    report.feed = feed.described
    if not options["demo"]:
        click.echo(on_terminal(report.feed), err=True)
    report.ledger = opened_ledger(None if options["dry_run"] else _kept_place(options))
    began = time.monotonic()
    with explained(report):
        _run(feed, options, report, report.ledger)
    report.seconds = round(time.monotonic() - began, 3)
    report.count()
    if not options["dry_run"]:
        page = leave_report_with(options["url"], options["key"], report, feed)
        if page and report.total("failed"):
            click.echo(f"What failed can be corrected in the dashboard: {page}", err=True)
    try:
        if options["rejects"]:
            mode, choice = MODES[options["mode"]], options["feed"]
            write_and_tell(feed, report.ledger, options["rejects"], mode, choice)
        for place in options["reports"]:
            write_report(report, place)
    except FeedError as error:
        raise Ended(str(error), EXIT_ERROR) from error
    except OSError as error:
        raise Ended(f"{error.filename} can't be written: {error.strerror}", EXIT_ERROR) from error
    if report.unaccounted:
        raise Ended(f"{report.unaccounted:,} rows were neither loaded nor refused", EXIT_ERROR)
    return EXIT_ROWS_FAILED if report.total("failed") else 0


def _run(feed: Feed, options: _Options, report: Report, ledger: Ledger) -> None:
    """Read the feed, compare it with the server, and send what differs."""
    identity = {name: value for name, value in options.items() if name not in _SAME_FOR_ALL}
    identity["feed"] = options["feed"].identity
    silent = options["output"] == "json"
    with shown_reading(feed.nouns, silent=silent) as reading:
        goes_on = stage(feed, ledger, identity, reading)
    if goes_on:
        click.echo("An import of this feed was broken off; it goes on where it was.", err=True)
    elif goes_on is None:
        click.echo(
            "The feed or the command is another than when its import was broken off; all rows are"
            " compared again.",
            err=True,
        )
    report.count()
    client = ApiClient(options["url"], options["key"], options["revision"], options["timeout"])
    comparison = Comparison(client, ledger, MODES[options["mode"]])
    refusals = comparison.refusals = _refusals(options, ledger)
    if refusals:
        refusals.name_account(account_of_key(client))
    if comparison.mode.mirrors:
        with shown_progress({}, silent=silent) as progress:
            client.telling = progress.note
            plan_removals(comparison, options["max_delete"])
        report.count()
    totals = {kind.name: report.rows_of(kind.name) for kind in comparison.mode.order}
    shown = {kind: total for kind, total in totals.items() if total}
    with shown_progress(shown, silent=silent) as progress:
        client.waiting = progress.wait
        client.telling = progress.note
        if options["dry_run"]:
            Rehearsal(comparison, checked_by(options["revision"])).run(progress)
        else:
            load_options = LoadOptions(
                options["batch"], largest_of(options["revision"]), options["timeout"]
            )
            Loader(comparison, client, load_options).run(progress)
            if refusals.lacks_account:
                refusals.name_account(account_of_key(client))


def _kept_place(options: _Options) -> Path | None:
    """Give where the progress is kept, None where it is not."""
    path = options["file"]
    return options["state"] or (ledger_beside(path) if path is not None else None)


def _refusals(options: _Options, ledger: Ledger) -> RefusedRows:
    """Give the refusals of the server in an earlier import of the feed."""
    retry = options["retry_refused"]
    target = RefusingTarget(options["url"], options["key"], options["revision"])
    found = RefusedRows(ledger, target, clock.now(), retry=retry)
    if options["dry_run"] and not retry and (place := _kept_place(options)):
        found.take_from(place)
    return found


def _demo() -> Path:
    return Path(str(resources.files("backroom.feeds").joinpath("demo", "shop.jsonl")))
