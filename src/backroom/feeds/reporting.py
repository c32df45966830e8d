"""The report of an import: its numbers and findings, and the same as JSON, CSV or a page of HTML.

All of them are written row by row, because a feed may have a million faults.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.feeds import tallies
from backroom.feeds.ledger import FAILED
from backroom.feeds.rows import ORDER, RowWarning
from backroom.feeds.staging import left_out_columns, records_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backroom.feeds.comparing import Mode
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.rows import Finding
    from backroom.feeds.survey import UnknownColumn
    from backroom.feeds.tallies import FrequentFinding, RowChange

_LABELS = {kind.name: kind.type for kind in ORDER} | {"": "unreadable"}
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.,]+$)")
"""The beginning of a cell that a spreadsheet would carry out."""
FINDING_COLUMNS = (
    "file",
    "line",
    "what",
    "id",
    "column",
    "value",
    "what is wrong",
    "what to change",
    "imported",
)


@dataclass
class Report:
    """The result of an import, also of one that was broken off."""

    file: str
    url: str
    mode: Mode
    dry_run: bool = False
    feed: str = ""
    """What the file is, in one line."""
    ledger: Ledger | None = None
    moment: str = ""
    """When it was made."""
    seconds: float = 0.0
    error: str | None = None
    records: str = ""
    """How many rows or products a shop's file has, with the noun. One may make several rows."""
    unknown: list[UnknownColumn] = field(default_factory=list)
    _counted: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self) -> None:
        """Take the numbers from the ledger, as they are now."""
        if self.ledger:
            self._counted = tallies.counts(self.ledger)
            self.unknown = left_out_columns(self.ledger)
            self.records = records_of(self.ledger)

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """The numbers by type, with a line for rows whose type is unknown."""
        names = (*self.mode.outcomes, FAILED, "jobs")
        return {
            label: {
                "rows": numbers.get("rows", 0),
                **{name: numbers.get(name, 0) for name in names},
            }
            for kind, label in _LABELS.items()
            if (numbers := self._counted.get(kind, {})).get("rows") or numbers.get("removals")
        }

    def total(self, name: str) -> int:
        """Give a number of all types together."""
        return sum(numbers.get(name, 0) for numbers in self._counted.values())

    def rows_of(self, kind: str) -> int:
        """Give how many rows of a kind there are, deletions of a mirror with them."""
        numbers = self._counted.get(kind, {})
        return numbers.get("rows", 0) + numbers.get("removals", 0)

    @property
    def unaccounted(self) -> int:
        """How many rows neither were done nor failed."""
        settled = sum(self.total(name) for name in (*_LOADED_OUTCOMES, FAILED))
        return self.total("rows") + self.total("removals") - settled

    @property
    def settled(self) -> int:
        """How many rows of the feed were compared, sent or found wrong by the server."""
        return self.total("rows") + self.total("removals") - self.unaccounted

    def findings(self, *, failed: bool | None = None, most: int = -1) -> Iterator[Finding]:
        """Give faults, warnings or both, in the order of the file."""
        return tallies.findings(self.ledger, failed=failed, most=most) if self.ledger else iter(())

    def number_of_findings(self, *, failed: bool) -> int:
        """Count the faults or the warnings."""
        return tallies.count_findings(self.ledger, failed=failed) if self.ledger else 0

    def frequent_findings(self, *, failed: bool) -> Iterator[FrequentFinding]:
        """Give the findings that most rows have, the most frequent first."""
        return tallies.frequent_findings(self.ledger, failed=failed) if self.ledger else iter(())

    def changes(self, most: int = -1) -> Iterator[RowChange]:
        """Give what was done with rows."""
        return tallies.row_changes(self.ledger, most) if self.ledger else iter(())


_LOADED_OUTCOMES = ("created", "updated", "deleted", "unchanged")


def has_gone_in(finding: Finding) -> bool:
    """Whether the row of a finding was loaded; of a dry run, whether it would be."""
    return isinstance(finding, RowWarning) and finding.went_in


def json_lines_of(report: Report) -> Iterator[str]:
    """Give the lines of one JSON document."""
    head = {
        "file": report.file,
        "feed": report.feed or None,
        "url": report.url,
        "mode": report.mode.name,
        "dry_run": report.dry_run,
        "seconds": report.seconds,
        "error": report.error,
        "records": report.records or None,
        "counts": report.counts,
    }
    yield "{"
    for name, value in head.items():
        yield f"{_json_text(name)}: {_json_text(value)},"
    yield from _array("faults", (_shown(report, each) for each in report.findings(failed=True)))
    yield from _array("warnings", (_shown(report, each) for each in report.findings(failed=False)))
    if report.dry_run:
        yield from _array("changes", map(_change, report.changes()))
    unknown = (
        {"column": e.name, "type": e.type, "rows": e.rows, "first_line": e.first_line}
        for e in report.unknown
    )
    yield from _array("unknown_columns", unknown, end="")
    yield "}"


def csv_lines_of(report: Report) -> Iterator[str]:
    """Give the lines of a CSV file with all findings."""
    yield _cells(FINDING_COLUMNS)
    for each in report.findings():
        kind = each.kind.name if each.kind else ""
        went_in = "yes" if has_gone_in(each) else "no"
        cells = (each.external_id, each.column, each.value, each.detail, each.advice)
        yield _cells((report.file, str(each.line or ""), kind, *map(_harmless, cells), went_in))


def _array(name: str, elements: Iterable[Any], end: str = ",") -> Iterator[str]:
    yield f"{_json_text(name)}: ["
    before: str | None = None
    for each in elements:
        if before is not None:
            yield f"{before},"
        before = _json_text(each)
    if before is not None:
        yield before
    yield f"]{end}"


def _shown(report: Report, finding: Finding) -> dict[str, object]:
    return {
        "file": report.file,
        "line": finding.line or None,
        "type": finding.kind.type if finding.kind else None,
        "external_id": finding.external_id or None,
        "column": finding.column or None,
        "value": finding.value or None,
        "detail": finding.detail,
        "advice": finding.advice or None,
        "went_in": has_gone_in(finding),
    }


def _change(change: RowChange) -> dict[str, object]:
    return {
        "line": change.line or None,
        "type": _LABELS[change.kind],
        "external_id": change.external_id,
        "outcome": change.outcome,
        "attributes": [each for each in change.attributes.split(",") if each],
    }


def _json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _cells(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text
