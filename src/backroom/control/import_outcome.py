"""The outcome of an import: pages show it, the database keeps it, `backroom import` sends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from backroom.control.rejected_rows import NotOffered, RejectedRow, rejected_rows
from backroom.feeds.report_page import summary
from backroom.feeds.rows import RowFault
from backroom.feeds.tallies import RowChange, SentJob, sent_jobs

if TYPE_CHECKING:
    from backroom.feeds.formats import Feed
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.reporting import Report
    from backroom.feeds.rows import Finding

MOST_FINDINGS = 200
MOST_CHANGES = 100
MOST_JOBS_SHOWN = 100
"""How many of each an outcome has. The files of its report have all findings."""


@dataclass(frozen=True)
class Remark:
    """A fault or a warning for a place in a file. `failed` says whether the row was rejected."""

    line: int
    kind: str
    external_id: str
    column: str
    value: str
    detail: str
    advice: str
    failed: bool


@dataclass(frozen=True)
class ImportOutcome:
    """The outcome of a run. Lists are cut, and `faults` and `warnings` say how many there are."""

    feed: str
    summary: str
    counts: dict[str, dict[str, int]]
    remarks: list[Remark]
    faults: int
    warnings: int
    changes: list[RowChange]
    changed: int
    unknown: list[str]
    jobs: list[SentJob]
    sent: int
    seconds: float
    error: str = ""
    mode: str = "upsert"
    rejected: list[RejectedRow] = field(default_factory=list)
    not_offered: list[NotOffered] = field(default_factory=list)
    """The rows that failed and are not in `rejected`, by reasons."""
    ended_at: str = ""
    """When it was kept, empty before."""


def outcome_of_import(report: Report, ledger: Ledger, feed: Feed | None) -> ImportOutcome:
    """Give the outcome of a run, from its report, and its feed if that could be opened."""
    found = [*report.findings(failed=True, most=MOST_FINDINGS)]
    found += report.findings(failed=False, most=MOST_FINDINGS - len(found))
    rejected = rejected_rows(report, ledger, feed)
    return ImportOutcome(
        report.feed,
        summary(report),
        report.counts,
        [_remark(each) for each in found],
        report.number_of_findings(failed=True),
        report.number_of_findings(failed=False),
        list(report.changes(MOST_CHANGES)),
        sum(report.total(each) for each in ("created", "updated", "deleted")),
        [str(each) for each in islice(report.unknown, MOST_CHANGES)],
        list(sent_jobs(ledger, MOST_JOBS_SHOWN)),
        report.total("jobs"),
        report.seconds,
        report.error or "",
        report.mode.name,
        rejected.rows,
        rejected.not_offered,
    )


def failed_import(error: str) -> ImportOutcome:
    """Give the outcome of a run of which only an error is known."""
    return ImportOutcome("", "", {}, [], 0, 0, [], 0, [], [], 0, 0.0, error)


def _remark(each: Finding) -> Remark:
    return Remark(
        each.line,
        each.kind.name if each.kind else "",
        each.external_id,
        each.column,
        each.value,
        each.detail,
        each.advice,
        isinstance(each, RowFault),
    )
