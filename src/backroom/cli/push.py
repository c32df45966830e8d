"""`backroom push`: send the catalog of a server, or a feed, on to another server.

`backroom.feeds` compares, predicts and sends. This module has the order of these steps.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Unpack
from urllib.parse import urlsplit

import click
import msgspec

from backroom import clock
from backroom.catalog.operations import NESTED_BULK_SINCE
from backroom.cli import EXIT_ERROR, EXIT_ROWS_FAILED
from backroom.cli.feed_options import refuse_feed_options
from backroom.cli.import_progress import INTERVAL_SECONDS, shown_progress
from backroom.cli.import_report import ReportedCommand, on_terminal, write_report
from backroom.cli.options import own_url, settings_from
from backroom.cli.printable import printable
from backroom.cli.push_options import PushChoice, key_in, with_push_options
from backroom.cli.push_report import WaitNotices, print_difference, print_sent_on, print_time_taken
from backroom.cli.reading_progress import shown_reading
from backroom.cli.sending import (
    Ended,
    close_ledger,
    explained,
    largest_of,
    opened_ledger,
    print_report,
)
from backroom.control.import_check import checked_by
from backroom.feeds.comparing import MODES
from backroom.feeds.paced_client import PacedClient
from backroom.feeds.pushing import Push, PushOptions
from backroom.feeds.refused_rows import RefusedRows, RefusingTarget
from backroom.feeds.reporting import Report
from backroom.feeds.source_catalog import SourceCatalog
from backroom.feeds.sources import shown_name
from backroom.feeds.staging import ledger_beside, stage, stage_rows
from backroom.feeds.watching import PushWatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.rows import Row, RowFault

_SUFFIX = ".push-progress"


@dataclass
class _Sides:
    """Both ends of a push. Either a feed or a source is given."""

    target: PacedClient
    feed: Feed | None = None
    source: SourceCatalog | None = None


@click.command("push", cls=ReportedCommand)
@with_push_options
def push_command(
    from_key_file: Path | None, to_key_file: Path | None, **options: Unpack[PushChoice]
) -> None:
    """Send a catalog to another server with this API.

    The catalog is that of a server, of the account that --from-key belongs to, or that of FILE,
    which is anything that `backroom import` reads. The target is compared with it, and only what
    differs is sent, as bulk jobs within the limits of the target. Begin with --dry-run. A push that
    was broken off goes on where it was when the same command runs again.

    The exit code is 3 if rows failed, 4 if a server can't be reached or a job takes too long.
    """
    if options["file"] is None:
        refuse_feed_options("A server's catalog is pushed as it is")
        options["from_url"] = options["from_url"] or own_url(settings_from({}))
    elif options["watch"]:
        raise click.UsageError("--watch follows a server; a FILE has no changes to send on.")
    if options["watch"] and options["dry_run"]:
        raise click.UsageError("Give either --watch or --dry-run.")
    options["from_key"] = key_in("from", options["from_key"], from_key_file)
    options["to_key"] = key_in("to", options["to_key"], to_key_file)
    file = options["file"]
    name = str(options["from_url"]) if file is None else shown_name(file)
    mode = MODES["mirror" if options["delete"] else "upsert"]
    report = Report(printable(name), options["to_url"], mode, dry_run=options["dry_run"])
    exit_code = 0
    try:
        exit_code = _pushed(options, report)
    except Ended as error:
        report.error, exit_code = str(error), error.exit_code
    except click.ClickException as error:
        report.error, exit_code = error.format_message(), error.exit_code
    if report.ledger and options["watch"]:
        if report.error:
            click.echo(f"Error: {on_terminal(report.error)}", err=True)
        report.ledger.close()
        sys.exit(exit_code)
    print_report(report, options["output"])
    if report.ledger:
        close_ledger(report.ledger, report)
    sys.exit(exit_code)


def _pushed(options: PushChoice, report: Report) -> int:
    """Push once, or stay; write the reports and give the exit code."""
    if options["revision"] < NESTED_BULK_SINCE:
        raise Ended(
            f"pushes speak revisions from {NESTED_BULK_SINCE} on, and --revision is"
            f" {options['revision']}; leave it out, or name a later one",
            EXIT_ERROR,
        )
    sides = _sides(options, report)
    report.ledger = opened_ledger(None if options["dry_run"] else _place_of(options))
    with explained(report):
        identity = _identity_of(options, sides)
        if options["watch"] and sides.source:
            _stay(options, sides.source, identity, sides.target, report)
        else:
            _push_once(options, sides, identity, report)
    for place in options["reports"]:
        try:
            write_report(report, place)
        except OSError as error:
            raise Ended(
                f"{error.filename} can't be written: {error.strerror}", EXIT_ERROR
            ) from error
    if report.unaccounted:
        raise Ended(f"{report.unaccounted:,} rows were neither loaded nor refused", EXIT_ERROR)
    return EXIT_ROWS_FAILED if report.total("failed") else 0


def _sides(options: PushChoice, report: Report) -> _Sides:
    """Open the feed, and make the clients. Raises click's errors."""
    feed = options["feed"].opened(options["file"]) if options["file"] is not None else None
    if feed:
        report.feed = feed.described
        click.echo(on_terminal(report.feed), err=True)
    for side in ("to", *(() if feed else ("from",))):
        if not options[f"{side}_key"]:  # type: ignore[literal-required]
            variable = f"BACKROOM_{side.upper()}_KEY"
            raise click.UsageError(f"Give --{side}-key, or {variable}, or {variable}_FILE.")
    target = _client(options, "to")
    return _Sides(target, feed, None if feed else SourceCatalog(_client(options, "from")))


def _client(options: PushChoice, side: str) -> PacedClient:
    url, key = (
        (options["from_url"], options["from_key"])
        if side == "from"
        else (options["to_url"], options["to_key"])
    )
    return PacedClient(str(url), str(key), options["revision"], options["timeout"])


def _place_of(options: PushChoice) -> Path | None:
    """Give where the progress is kept."""
    if options["state"] or options["file"] is not None:
        return options["state"] or ledger_beside(options["file"] or "", _SUFFIX)
    names = (
        urlsplit(str(url)).netloc.rpartition("@")[2].replace(":", "-").strip("[]")
        for url in (options["from_url"], options["to_url"])
    )
    return Path(f"{'-to-'.join(names)}{_SUFFIX}")


def _identity_of(options: PushChoice, sides: _Sides) -> dict[str, object]:
    """Give the text by which a push differs from others. It has no keys: these may change."""
    account = sides.target.account()
    if sides.source and sides.source.client.url == sides.target.url:
        same = options["from_key"] == options["to_key"]
        if same or (account and account == sides.source.client.account()):
            raise Ended("source and target are the same account", EXIT_ERROR)
    return {
        "from": options["from_url"] if sides.source else "",
        "url": sides.target.url,
        "account": account,
        "revision": options["revision"],
        "delete": options["delete"],
    }


def _push_once(
    options: PushChoice, sides: _Sides, identity: dict[str, object], report: Report
) -> None:
    """Bring the rows of the source into the ledger, compare them, and send what differs."""
    began = time.monotonic()
    ledger = report.ledger
    assert ledger is not None  # noqa: S101 - opened just before
    if sides.feed:
        asked = identity | {"feed": options["feed"].identity}
        with shown_reading(sides.feed.nouns, silent=options["output"] == "json") as reading:
            goes_on = stage(sides.feed, ledger, asked, reading)
    else:
        assert sides.source is not None  # noqa: S101 - one of the two is given
        goes_on = stage_rows(_with_read_counts(sides.source.rows(), options), ledger, identity)
    if goes_on:
        click.echo("A push was broken off; it goes on where it was.", err=True)
    elif goes_on is None:
        click.echo(
            "The source or the command is another than when its push was broken off; all rows are"
            " compared again.",
            err=True,
        )
    report.count()
    push = Push(ledger, sides.target, report.mode, _push_options(options, identity))
    push.check_addresses(from_file=sides.feed is not None)
    _send(options, push, sides.source, report)
    report.seconds = round(time.monotonic() - began, 3)
    report.count()


def _send(options: PushChoice, push: Push, source: SourceCatalog | None, report: Report) -> None:
    silent = options["output"] == "json"
    totals = {kind.name: report.rows_of(kind.name) for kind in report.mode.order}
    shown = {kind: total for kind, total in totals.items() if total}
    with shown_progress(shown, silent=silent) as progress:
        push.target.waiting = progress.wait
        push.target.telling = progress.note
        difference = push.compare(progress, source)
    seconds = push.remaining_seconds()
    print_difference(difference, push.jobs, seconds)
    if options["dry_run"] or not difference:
        if not options["dry_run"]:
            push.send(lambda *_: None)
        return
    began = time.monotonic()
    with shown_progress(shown, silent=silent) as progress:
        push.target.waiting = progress.wait
        push.target.telling = progress.note
        progress.remaining = push.remaining_seconds
        push.send(progress)
    print_time_taken(time.monotonic() - began, seconds, push.target.waits)


def _with_read_counts(
    rows: Iterator[Row | RowFault], options: PushChoice
) -> Iterator[Row | RowFault]:
    """Pass rows on, and say at intervals how many were read."""
    said = time.monotonic()
    for number, row in enumerate(rows, 1):
        if time.monotonic() - said >= INTERVAL_SECONDS:
            said = time.monotonic()
            click.echo(f"{number:,} resources read from {options['from_url']}", err=True)
        yield row


def _push_options(options: PushChoice, identity: dict[str, object]) -> PushOptions:
    def refusals(ledger: Ledger) -> RefusedRows:
        retry = options["retry_refused"]
        target = RefusingTarget(options["to_url"], str(options["to_key"]), options["revision"])
        found = RefusedRows(ledger, target, clock.now(), retry=retry)
        found.name_account(str(identity["account"]))
        if options["dry_run"] and not retry and (place := _place_of(options)):
            found.take_from(place)
        return found

    return PushOptions(
        checked_by(options["revision"]),
        options["max_delete"],
        options["batch"],
        largest_of(options["revision"]),
        options["timeout"],
        dry_run=options["dry_run"],
        refusals=refusals,
    )


def _stay(
    options: PushChoice,
    source: SourceCatalog,
    identity: dict[str, object],
    target: PacedClient,
    report: Report,
) -> None:
    """Push everything once, unless an earlier run did, and then each change."""
    ledger = report.ledger
    assert ledger is not None  # noqa: S101 - opened just before
    watch = PushWatch(source, target, ledger, report.mode, _push_options(options, identity))
    watch.begin_for(msgspec.json.encode(identity, order="sorted").decode())
    if not watch.knows:
        _push_once(options, _Sides(target, source=source), identity, report)
        watch.finish()
        print_report(report, options["output"])
    click.echo(f"Watching {report.file}; Ctrl-C ends it.", err=True)
    notices = WaitNotices()
    target.waiting = source.client.waiting = notices.waiting
    watch.holding = notices.holding

    def pushed(_: Push) -> None:
        notices.forget()
        report.count()
        print_sent_on(report, options["output"])

    watch.stay(options["interval"], pushed, notices.away)
