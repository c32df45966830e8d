"""The report of an export: the number of rows, and the values that its format could not hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
import msgspec
from rich.console import Console

from backroom.catalog.kinds import KINDS
from backroom.cli.import_report import on_terminal
from backroom.cli.printable import printable_json
from backroom.feeds.holdings import words_on
from backroom.feeds.reading_back import ADDED, LOST, REFUSED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.exporting import Written

_PIPE_WIDTH = 120
_OUTCOMES = {
    LOST: "can't be held",
    ADDED: "an import makes it up",
    REFUSED: "an import refuses it",
}


@dataclass
class ExportReport:
    """The whole report of one export."""

    file: str
    url: str
    error: str = ""
    seconds: float = 0.0
    read: dict[str, int] = field(default_factory=dict)
    """Resources of the account, by the names of kinds."""
    files: list[Written] = field(default_factory=list)
    """One, or those in an archive."""

    @property
    def has_losses(self) -> bool:
        """Whether the format could not hold some value as it is."""
        return any(each.error or each.changed_cells or list(_losses(each)) for each in self.files)


def print_export_report(report: ExportReport, output: str, *, err: bool) -> None:
    """Print the report as text or JSON, on standard error if the other one is the file."""
    if output == "json":
        document = msgspec.json.encode(_document(report)).decode()
        click.echo(printable_json(document), err=err)
    elif report.files:
        _print_text(report, err=err)


def _losses(written: Written) -> Iterator[dict[str, Any]]:
    for (kind, attribute, outcome), (count, shown) in written.losses.found.items():
        yield {
            "type": f"catalog-{kind}",
            "attribute": attribute,
            "outcome": outcome,
            "count": count,
            "external_ids": shown,
            "held": words_on(written.choice.format, kind, attribute),
        }


def _document(report: ExportReport) -> dict[str, Any]:
    return {
        "file": report.file,
        "url": report.url,
        "error": report.error or None,
        "seconds": report.seconds,
        "read": {f"catalog-{kind}": count for kind, count in report.read.items()},
        "files": [
            {
                "name": each.name,
                "format": each.choice.format,
                "carrier": each.choice.carrier,
                "error": each.error or None,
                "counts": {f"catalog-{kind}": count for kind, count in each.counts.items()},
                "losses": list(_losses(each)),
                "changed_cells": each.changed_cells,
            }
            for each in report.files
        ],
    }


def _print_text(report: ExportReport, *, err: bool) -> None:
    console = Console(stderr=err, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _PIPE_WIDTH)
    read = _count_words(report.read)
    console.print(f"{on_terminal(report.url)} has {read}, {report.seconds:.1f} s")
    for each in report.files:
        name = f"{on_terminal(each.name)}: {each.choice.format} as {each.choice.carrier}"
        if each.error:
            console.print(f"{name}: not written, it {on_terminal(each.error)}")
            continue
        console.print(f"{name}: {_count_words(each.counts)}")
        if each.changed_cells:
            console.print(
                f"{each.changed_cells:,} cells have an apostrophe before them, which an import"
                " keeps",
                soft_wrap=True,
            )
        for sentence in _sentences(each):
            console.print(f"  {on_terminal(sentence)}", soft_wrap=True)


def _sentences(written: Written) -> Iterator[str]:
    for each in _losses(written):
        kind = each["type"].removeprefix("catalog-")
        count, attribute = each["count"], each["attribute"]
        whose = f"{count:,} {kind if count == 1 else KINDS[kind].plural}"
        shown = ", ".join(each["external_ids"]) + (
            ", …" if count > len(each["external_ids"]) else ""
        )
        said = f"({each['held']})" if each["held"] else ""
        if attribute == "external_id" and each["outcome"] == ADDED:
            sentence = f"an import makes {whose} more"
        elif attribute == "external_id":
            sentence = f"{whose} can't be held {said}"
        else:
            sentence = f"{whose}: {attribute} {_OUTCOMES[each['outcome']]} {said}"
        yield f"{sentence.strip()}: {shown}"


def _count_words(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{count:,} {kind if count == 1 else KINDS[kind].plural}" for kind, count in counts.items()
    )
