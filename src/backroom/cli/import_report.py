"""The report of an import on a terminal, and as a file."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import click
import msgspec
from rich.console import Console
from rich.table import Table

from backroom.cli.printable import printable, printable_json, printable_lines
from backroom.feeds.report_page import html_lines_of, number_heading, summary, went_in_label
from backroom.feeds.reporting import csv_lines_of, has_gone_in, json_lines_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backroom.feeds.reporting import Report
    from backroom.feeds.rows import Finding

SHOWN_FAULTS = 50
"""How many rows a table of findings or changes shows. The JSON has all."""
_PIPE_WIDTH = 120
_LONGEST_SHOWN = 1_000
"""Characters of one text of a feed or a server in the tables. The JSON has all."""

REPORT_WRITERS: dict[str, Callable[[Report], Iterator[str]]] = {
    ".json": json_lines_of,
    ".csv": csv_lines_of,
    ".html": html_lines_of,
    ".htm": html_lines_of,
}
"""The writers of reports, by the extension of a file."""


class ReportedCommand(click.Command):
    """A command that gives JSON also where it was used in a wrong way, if JSON is asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments. Raises click's errors, as any command."""
        asked = "--format=json" in args or ("--format", "json") in pairwise(args)
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            if asked:
                message = printable(error.format_message())
                empty: dict[str, object] = {
                    "counts": {},
                    "faults": [],
                    "warnings": [],
                    "unknown_columns": [],
                }
                document = msgspec.json.encode({"error": message, **empty})
                click.echo(printable_json(document.decode()))
            raise


def on_terminal(text: str) -> str:
    """Give a text of a feed or a server as a terminal may show it."""
    cut = text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
    return printable(cut)


def write_report(report: Report, path: Path) -> None:
    """Write the report to a file, in the form that its extension names. Raises `OSError`."""
    lines = REPORT_WRITERS[path.suffix.lower()](report)
    shown = printable_json if path.suffix.lower() == ".json" else printable_lines
    # A spreadsheet takes a CSV file without this mark for one in an old encoding.
    encoding = "utf-8-sig" if path.suffix.lower() == ".csv" else "utf-8"
    with path.open("w", encoding=encoding, errors="backslashreplace", newline="\n") as file:
        for line in lines:
            file.write(f"{shown(line)}\n")


def print_json(report: Report) -> None:
    """Print the report as one JSON document."""
    for line in json_lines_of(report):
        click.echo(printable_json(line))


def print_tables(report: Report) -> None:
    """Print the numbers, and as many findings as a person reads."""
    console = Console(markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _PIPE_WIDTH)
    name = printable(report.file)
    mode = f"{report.mode.name}, dry run" if report.dry_run else report.mode.name
    console.print(f"{name} to {report.url}: {mode}, {report.seconds:.1f} s")
    if counts := report.counts:
        console.print(_counts_table(counts, number_heading(report)))
    console.print(summary(report))
    if report.dry_run:
        _print_plan(console, report)
    faults = "Rows that would fail" if report.dry_run else "Rows that failed"
    for failed, title in ((True, faults), (False, "Warnings")):
        if number := report.number_of_findings(failed=failed):
            shown = report.findings(failed=failed, most=SHOWN_FAULTS)
            went_in = "" if failed else went_in_label(report)
            console.print(_findings_table(title, shown, went_in))
            _print_rest(console, number)
    for column in report.unknown:
        console.print(f"Note: column {on_terminal(str(column))}")


def _print_rest(console: Console, number: int) -> None:
    if (more := number - SHOWN_FAULTS) > 0:
        console.print(f"... and {more:,} more; --format json and --report have all of them.")


def _counts_table(counts: dict[str, dict[str, int]], heading: str) -> Table:
    table = Table()
    table.add_column("")
    names = list(next(iter(counts.values())))
    for name in names:
        table.add_column(heading if name == "rows" else name, justify="right")
    for label, numbers in counts.items():
        table.add_row(label, *(f"{number:,}" for number in numbers.values()))
    totals = (sum(numbers[name] for numbers in counts.values()) for name in names)
    table.add_section()
    table.add_row("all", *(f"{total:,}" for total in totals))
    return table


def _print_plan(console: Console, report: Report) -> None:
    number = sum(report.total(name) for name in ("created", "updated", "deleted"))
    if not number:
        return
    table = Table(title="What would be done", title_justify="left")
    for name in ("line", "type", "external id", "would be", "attributes that change"):
        table.add_column(name, overflow="fold")
    for each in report.changes(SHOWN_FAULTS):
        changed = each.attributes.replace(",", ", ")
        line = str(each.line or "")
        table.add_row(line, each.kind, on_terminal(each.external_id), each.outcome, changed)
    console.print(table)
    _print_rest(console, number)


def _findings_table(title: str, findings: Iterator[Finding], went_in: str) -> Table:
    """Make a table; `went_in` is the heading of the column that says whether rows were imported."""
    table = Table(title=title, title_justify="left")
    table.add_column("line", justify="right")
    table.add_column("type", no_wrap=True)
    for name in ("external id", "column", "value", "what was wrong", "what to change"):
        table.add_column(name, overflow="fold")
    if went_in:
        table.add_column(went_in)
    for each in findings:
        kind = each.kind.name if each.kind else ""
        texts = (each.external_id, each.column, each.value, each.detail, each.advice)
        gone_in = ["yes" if has_gone_in(each) else "no"] if went_in else []
        table.add_row(str(each.line or ""), kind, *map(on_terminal, texts), *gone_in)
    return table
