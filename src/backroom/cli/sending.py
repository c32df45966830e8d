"""The common parts of commands that send rows: checks of options, the ledger, the exit code."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from backroom.catalog.operations import body_limit
from backroom.cli import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_UNREACHABLE
from backroom.cli.import_report import REPORT_WRITERS, on_terminal, print_json, print_tables
from backroom.feeds.client_errors import RefusedError, UnreachableError
from backroom.feeds.encoding import LARGEST_BODY
from backroom.feeds.ledger import Ledger
from backroom.feeds.ledger_file import LedgerInUseError
from backroom.feeds.mirroring import RemovalLimit, TooManyRemovalsError
from backroom.feeds.refused_rows import forget_all_but_refused
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from backroom.feeds.reporting import Report

EXIT_USAGE = 2
_POINTER = re.compile(r"/(?:attributes/|relationships/)?(.*)")
_ABOUT_KEYS = {
    401: " Check the key: it may be wrong, revoked, or one of another server",
    403: " The key needs the scopes catalogs:read and catalogs:write",
}
"""What to do about a refused key, by the status of the answer."""
_ENVELOPE_BYTES = 100_000
"""What stands around the operations of a request takes less."""


class Ended(Exception):
    """The command ends with a sentence and an exit code."""

    def __init__(self, detail: str, exit_code: int) -> None:
        super().__init__(detail)
        self.exit_code = exit_code


def checked_limit(_: click.Context, __: click.Parameter, text: str) -> RemovalLimit:
    """Read how much may be deleted."""
    try:
        return RemovalLimit(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def checked_reports(
    _: click.Context, __: click.Parameter, paths: tuple[Path, ...]
) -> tuple[Path, ...]:
    """Refuse reports that have no known form."""
    for path in paths:
        if path.suffix.lower() not in REPORT_WRITERS:
            known = ", ".join(REPORT_WRITERS)
            raise click.BadParameter(f"{str(path)!r} has none of the extensions {known}")
    return paths


def largest_of(revision: str) -> int:
    """Give how many bytes of operations a request may have in a revision."""
    return min(body_limit(revision) - _ENVELOPE_BYTES, LARGEST_BODY)


def opened_ledger(place: Path | None) -> Ledger:
    """Open the progress that is kept in a file, or without one for this run alone."""
    try:
        return Ledger(place)
    except LedgerInUseError as error:
        raise Ended(f"{place} {error}", EXIT_ERROR) from error
    except OSError as error:
        raise Ended(f"{place} can't be written: {error}", EXIT_ERROR) from error


def close_ledger(ledger: Ledger, report: Report) -> None:
    """Keep the progress of a command that can go on, and refusals that would come again."""
    goes_on = report.error and can_go_on(report)
    # An import that goes on needs all, any other one the refusals alone.
    if goes_on or (ledger.path and forget_all_but_refused(ledger, complete=not report.error)):
        ledger.close()
    else:
        ledger.remove()


def can_go_on(report: Report) -> bool:
    """Whether the same command can go on from the work that was done."""
    sent = report.total("sent") or any(report.total(each) for each in report.mode.outcomes)
    return bool(sent or (report.ledger and report.ledger.has_refused))


@contextmanager
def explained(report: Report) -> Iterator[None]:
    """Turn an error that ends the command into a sentence and an exit code."""
    try:
        yield
    except UnreachableError as error:
        ended = Ended(str(error), EXIT_UNREACHABLE)
    except RefusedError as error:
        ended = Ended(f"{error}{_ABOUT_KEYS.get(error.status, '')}", EXIT_ERROR)
    except (FeedError, TooManyRemovalsError) as error:
        ended = Ended(str(error), EXIT_ERROR)
    except KeyboardInterrupt:
        ended = Ended("interrupted; jobs already sent go on", EXIT_INTERRUPTED)
    else:
        return
    report.count()
    if report.ledger and report.ledger.path and can_go_on(report):
        place = on_terminal(str(report.ledger.path))
        ended = Ended(
            f"{ended}; run the same command again to go on (progress is in {place})",
            ended.exit_code,
        )
    raise ended


def print_report(report: Report, output: str) -> None:
    """Print the report as text or as JSON, and on standard error what went wrong."""
    if output == "json":
        print_json(report)
    elif report.settled or not report.error:
        # Without a row that was looked at, the sentence alone says more than a table of zeros.
        print_tables(report)
    if report.error:
        click.echo(f"Error: {on_terminal(report.error)}", err=True)
