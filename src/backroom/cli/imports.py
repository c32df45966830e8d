"""`backroom import`: load a feed into a running server through its API, and report the result.

Reading, comparing and sending feeds is the part of `backroom.feeds`. Here are the options, and the
order of things.
"""

from __future__ import annotations

import re
import sys
import time
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from backroom.catalog.operations import NESTED_BULK_SINCE, body_limit
from backroom.cli import EXIT_ERROR, EXIT_ROWS_FAILED, EXIT_UNREACHABLE
from backroom.cli.feed_options import FeedPlace, KeyOption, with_feed_options
from backroom.cli.import_progress import shown_progress
from backroom.cli.import_report import (
    WRITERS,
    ReportedCommand,
    on_terminal,
    print_json,
    print_tables,
    write_report,
)
from backroom.cli.options import checked_url, own_url, settings_from, with_format
from backroom.cli.printable import printable
from backroom.feeds.api_client import ApiClient, RefusedError, UnreachableError
from backroom.feeds.checking import checked_by
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.encoding import LARGEST_BODY
from backroom.feeds.ledger import Ledger
from backroom.feeds.ledger_file import LedgerInUseError
from backroom.feeds.loading import LARGEST_BATCH, Loader
from backroom.feeds.loading import Options as LoadOptions
from backroom.feeds.mirroring import RemovalLimit, TooManyRemovalsError, plan_removals
from backroom.feeds.rehearsal import Rehearsal
from backroom.feeds.rejects import can_reject, write_rejects
from backroom.feeds.reporting import Report
from backroom.feeds.rows import FeedError
from backroom.feeds.sources import shown_name
from backroom.feeds.staging import SUFFIX, ledger_beside, stage
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.cli.feed_options import FeedChoice
    from backroom.feeds.formats import Feed

_EXIT_USAGE = 2
_EXIT_INTERRUPTED = 130
_HEADER_WORD = re.compile(r"[!-~]+")
_ENVELOPE_BYTES = 100_000
"""What stands around the operations of a request takes less."""
_SAME_FOR_ALL = {
    *("file", "demo", "key", "timeout", "state", "reports", "rejects", "output", "batch"),
    *("max_delete", "dry_run", "feed"),
}
"""Options that may be others when an import goes on."""


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
    reports: tuple[Path, ...]
    rejects: Path | None
    output: str


class _Ended(Exception):
    """The import ends with a sentence and an exit code."""

    def __init__(self, detail: str, exit_code: int) -> None:
        super().__init__(detail)
        self.exit_code = exit_code


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


def _checked_limit(_: click.Context, __: click.Parameter, text: str) -> RemovalLimit:
    try:
        return RemovalLimit(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _checked_reports(
    _: click.Context, __: click.Parameter, paths: tuple[Path, ...]
) -> tuple[Path, ...]:
    for path in paths:
        if path.suffix.lower() not in WRITERS:
            known = ", ".join(WRITERS)
            raise click.BadParameter(f"{str(path)!r} has none of the extensions {known}")
    return paths


@click.command("import", cls=ReportedCommand)
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
    cls=KeyOption,
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
    help="What to do with the rows; upsert creates them, and updates those that exist; mirror also"
    " deletes what is not in FILE.",
)
@click.option(
    "--max-delete",
    default="10%",
    show_default=True,
    metavar="SHARE|NUMBER",
    callback=_checked_limit,
    help="How much of the catalog mirror may delete; if it were more, nothing is sent.",
)
@click.option("--dry-run", is_flag=True, help="Send nothing; say what would be done with each row.")
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
    help="Seconds to wait for any one job, for a request that the server puts off, and for a"
    " server that is away.",
)
@click.option(
    "--state",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"Where to keep the progress.  [default: FILE{SUFFIX}]",
)
@click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_checked_reports,
    help="Write the report to a file: .json, .csv or .html. May be given several times.",
)
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the rows that failed to a file of the same format.",
)
@with_format("How to print the report.", show_default=True)
def import_command(**options: Unpack[_Options]) -> None:
    """Load a product feed into a server as bulk jobs.

    FILE is a product file of Shopify, WooCommerce, Google Merchant or Klaviyo, or has the API's
    names. It may be a URL, or - for the standard input. Categories go first, then items, then
    variants. Only what differs from the server is sent. The report names the line of each row that
    fails. The other rows are loaded. An import that was broken off goes on where it was when the
    same command runs again.

    The exit code is 3 if rows failed, 4 if the server can't be reached or a job takes too long.
    """
    options["url"] = options["url"] or own_url(settings_from({}))
    path = _demo() if options["demo"] else options["file"]
    if path is None or (options["demo"] and options["file"]):
        raise click.UsageError("Give either a FILE or --demo.")
    # A name may have bytes that are no UTF-8, which JSON can't hold.
    name = printable(shown_name(path))
    report = Report(name, options["url"], MODES[options["mode"]], dry_run=options["dry_run"])
    exit_code = 0
    try:
        exit_code = _imported(path, options, report)
    except _Ended as error:
        report.error, exit_code = str(error), error.exit_code
    except click.ClickException as error:
        report.error, exit_code = error.format_message(), error.exit_code
    _print(report, options)
    if report.ledger:
        _close(report.ledger, report)
    sys.exit(exit_code)


def _print(report: Report, options: _Options) -> None:
    if options["output"] == "json":
        print_json(report)
    elif report.settled or not report.error:
        # Without a row that was looked at, the sentence alone says more than a table of zeros.
        print_tables(report)
    if report.error:
        click.echo(f"Error: {on_terminal(report.error)}", err=True)


def _imported(path: Path | str, options: _Options, report: Report) -> int:
    """Import a feed and write its reports; give the exit code."""
    if options["revision"] < NESTED_BULK_SINCE:
        raise _Ended(
            f"imports speak revisions from {NESTED_BULK_SINCE} on, and --revision is"
            f" {options['revision']}; leave it out, or name a later one",
            EXIT_ERROR,
        )
    feed = options["feed"].opened(path)
    report.feed = feed.described
    if not options["demo"]:
        click.echo(on_terminal(report.feed), err=True)
    if options["rejects"] and not can_reject(feed):
        raise _Ended(
            "--rejects copies lines of JSON Lines, and of CSV with the API's names that is not"
            f" UTF-16; {feed.name} is {feed.described}. Correct the rows in that file, and import"
            " it again",
            _EXIT_USAGE,
        )
    report.ledger = _opened_ledger(path, options)
    began = time.monotonic()
    with _explained(report):
        _run(feed, options, report, report.ledger)
    report.seconds = round(time.monotonic() - began, 3)
    report.count()
    try:
        if options["rejects"]:
            write_rejects(feed, report.ledger, options["rejects"])
        for place in options["reports"]:
            write_report(report, place)
    except FeedError as error:
        raise _Ended(str(error), EXIT_ERROR) from error
    except OSError as error:
        raise _Ended(f"{error.filename} can't be written: {error.strerror}", EXIT_ERROR) from error
    if report.unaccounted:
        raise _Ended(f"{report.unaccounted:,} rows were neither done nor refused", EXIT_ERROR)
    return EXIT_ROWS_FAILED if report.total("failed") else 0


@contextmanager
def _explained(report: Report) -> Iterator[None]:
    """Turn what breaks an import off into a sentence and an exit code."""
    try:
        yield
    except UnreachableError as error:
        ended = _Ended(str(error), EXIT_UNREACHABLE)
    except (RefusedError, FeedError, TooManyRemovalsError) as error:
        ended = _Ended(str(error), EXIT_ERROR)
    except KeyboardInterrupt:
        ended = _Ended("interrupted; jobs already sent go on", _EXIT_INTERRUPTED)
    else:
        return
    report.count()
    if report.ledger and report.ledger.path and _can_go_on(report):
        place = on_terminal(str(report.ledger.path))
        ended = _Ended(
            f"{ended}; run the same command again to go on (progress is in {place})",
            ended.exit_code,
        )
    raise ended


def _can_go_on(report: Report) -> bool:
    """Whether anything was done that an import can go on from."""
    return bool(report.total("sent") or any(report.total(each) for each in report.mode.outcomes))


def _opened_ledger(path: Path | str, options: _Options) -> Ledger:
    """Open the progress of this import: where it is kept, or for this run alone."""
    kept = options["state"] or (None if options["demo"] else ledger_beside(path))
    place = None if options["dry_run"] else kept
    try:
        return Ledger(place)
    except LedgerInUseError as error:
        raise _Ended(f"{place} {error}", EXIT_ERROR) from error
    except OSError as error:
        raise _Ended(f"{place} can't be written: {error}", EXIT_ERROR) from error


def _close(ledger: Ledger, report: Report) -> None:
    """Keep the progress of an import that can go on, and nothing else."""
    if report.error and _can_go_on(report):
        ledger.close()
    else:
        ledger.remove()


def _run(feed: Feed, options: _Options, report: Report, ledger: Ledger) -> None:
    """Read the feed, compare it with the server, and send what differs."""
    identity = {name: value for name, value in options.items() if name not in _SAME_FOR_ALL}
    goes_on = stage(feed, ledger, identity | {"feed": options["feed"].identity})
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
    if comparison.mode.mirrors:
        plan_removals(comparison, options["max_delete"])
        report.count()
    totals = {kind.name: report.rows_of(kind.name) for kind in comparison.mode.order}
    shown = {kind: total for kind, total in totals.items() if total}
    with shown_progress(shown, silent=options["output"] == "json") as progress:
        client.waiting = progress.wait
        if options["dry_run"]:
            Rehearsal(comparison, checked_by(options["revision"])).run(progress)
        else:
            largest = body_limit(options["revision"]) - _ENVELOPE_BYTES
            load_options = LoadOptions(
                options["batch"], min(largest, LARGEST_BODY), options["timeout"]
            )
            Loader(comparison, client, load_options).run(progress)


def _demo() -> Path:
    return Path(str(resources.files("backroom.feeds").joinpath("demo", "shop.jsonl")))
