"""The output of `backroom push`: the differences, the predicted time, and the sent rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from backroom.catalog.kinds import KINDS
from backroom.cli.import_report import on_terminal
from backroom.cli.printable import printable_json
from backroom.clock import now
from backroom.feeds.report_page import summary

if TYPE_CHECKING:
    from backroom.feeds.push_plan import Difference
    from backroom.feeds.reporting import Report
    from backroom.feeds.waits import Waits

_CHANGE_VERBS = {"created": "create", "updated": "update", "deleted": "delete"}
_MINUTE = 60
_REFUSALS_SHOWN = 20


def print_difference(difference: Difference, jobs: int, seconds: float) -> None:
    """Print the number of rows that the target lacks, and how long sending them takes."""
    if not difference:
        click.echo("Nothing differs.", err=True)
        return
    for outcome, verb in _CHANGE_VERBS.items():
        numbers = [
            f"{number:,} {KINDS[kind].plural if number != 1 else kind}"
            for (kind, each), number in difference.outcomes.items()
            if each == outcome
        ]
        if not numbers:
            continue
        changed = [
            f"{name} of {number:,} {KINDS[kind].plural if number != 1 else kind}"
            for (kind, name), number in difference.attributes.most_common()
        ]
        details = f" ({', '.join(changed)})" if outcome == "updated" and changed else ""
        click.echo(on_terminal(f"To {verb}: {', '.join(numbers)}{details}"), err=True)
    click.echo(
        f"{jobs:,} {'job' if jobs == 1 else 'jobs'}, within the limits of the target:"
        f" about {shown_time(seconds)}",
        err=True,
    )


def print_time_taken(seconds: float, predicted: float, waits: Waits) -> None:
    """Say how long it took to send everything, and how much of it was spent waiting, for what."""
    # Waits of two threads at a time add up to more than the whole.
    share = seconds / max(seconds, waits.total)
    parts = [(cause, share * each) for cause, each in waits.longest() if share * each >= 1]
    said = [
        f"{shown_time(each)}{'' if number else ' waiting'} for {cause}"
        for number, (cause, each) in enumerate(parts)
    ]
    of_which = f", of which {' and '.join(said)}" if said else ""
    took, guess = shown_time(seconds), shown_time(predicted)
    click.echo(f"Sent in {took}{of_which}; {guess} were predicted.", err=True)


def shown_time(seconds: float) -> str:
    """Write a time as `8 s` or `2 min 05 s`."""
    whole = max(1, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"


def print_sent_on(report: Report, output: str) -> None:
    """Print a line with the rows that a push that stays has sent, and those that failed."""
    faults = [
        on_terminal(_shown_fault(each))
        for each in report.findings(failed=True, most=_REFUSALS_SHOWN)
    ]
    if output == "json":
        event = {"at": now().isoformat(), "counts": report.counts, "faults": faults}
        click.echo(printable_json(msgspec.json.encode(event).decode()))
        return
    click.echo(f"{now():%H:%M:%S} {summary(report)}")
    for each in faults:
        click.echo(f"  {each}")


class WaitNotices:
    """Says on standard error what a push that stays waits for, each thing once."""

    def __init__(self) -> None:
        self._said = ""

    def forget(self) -> None:
        """Forget the last notice: the push no longer waits."""
        self._said = ""

    def away(self, reason: str) -> None:
        """Say why a server does not answer."""
        if reason != self._said:
            click.echo(f"{now():%H:%M:%S} waiting: {on_terminal(reason)}", err=True)
        self._said = reason

    def waiting(self, seconds: float, reason: str) -> None:
        """Say why the push waits, if it waits for a second or more."""
        if seconds >= 1:
            self.away(reason)

    def holding(self, number: int, allowed: int) -> None:
        """Say that deletions are held back."""
        self.away(
            f"{number:,} resources are gone from the source, and at most {allowed:,} may be"
            " deleted; the push deletes none of them. To delete them, start again with a larger"
            " --max-delete"
        )


def _shown_fault(finding: object) -> str:
    kind = getattr(finding, "kind", None)
    name = kind.name if kind else "row"
    return f"{name} {getattr(finding, 'external_id', '')}: {getattr(finding, 'detail', '')}"
