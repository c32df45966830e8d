"""What a ledger says of an import: numbers of rows, findings, and changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom.catalog.kinds import KINDS
from backroom.feeds.ledger import FAILED
from backroom.feeds.rows import Finding, RowFault, RowWarning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.feeds.ledger_file import LedgerFile


class RowChange(NamedTuple):
    """What was done, or would be done, with a row."""

    line: int
    kind: str
    external_id: str
    outcome: str
    attributes: str
    """The names of the attributes that change, with commas between them."""


def counts(ledger: LedgerFile) -> dict[str, dict[str, int]]:
    """Count rows by kind: all, with each outcome, and those that failed in any way."""
    counts: dict[str, dict[str, int]] = {}
    for kind, outcome, number, removals in ledger.run(
        "select kind, coalesce(outcome, 'pending'), count(*), sum(line = 0) from rows group by 1, 2"
    ):
        of_kind = counts.setdefault(kind, {})
        of_kind[outcome] = number
        of_kind["rows"] = of_kind.get("rows", 0) + number - removals
        of_kind["removals"] = of_kind.get("removals", 0) + removals
    # What a reader could not make a row of never came into the table of rows.
    for kind, number in ledger.run(
        "select kind, count(distinct line) from findings where failed and not staged group by kind"
    ):
        of_kind = counts.setdefault(kind, {})
        of_kind["rows"] = of_kind.get("rows", 0) + number
        of_kind[FAILED] = of_kind.get(FAILED, 0) + number
    for kind, number in ledger.run(
        "select kind, count(*) from batches where job is not null group by kind"
    ):
        counts.setdefault(kind, {})["jobs"] = number
    return counts


def count_findings(ledger: LedgerFile, *, failed: bool) -> int:
    """Count the faults, or the warnings."""
    return int(ledger.one("select count(*) from findings where failed = ?", failed))


def count_nameless(ledger: LedgerFile) -> int:
    """Count the rows that failed and whose id is not known."""
    return int(ledger.one("select count(*) from findings where failed and external_id = ''"))


_WENT_IN = """
select line, kind, external_id, place, value, detail, advice, failed, read, case
  when failed then 0
  when kind = '' or external_id = '' then 1
  when exists (select 1 from rows as r where r.kind = f.kind and r.external_id = f.external_id
    and r.outcome in ('created', 'updated', 'deleted', 'unchanged')) then 1
  when exists (select 1 from rows as r where r.kind = f.kind and r.external_id = f.external_id)
    then 0
  else (kind, external_id) not in (select kind, external_id from findings where failed) end
from findings as f where ? is null or failed = ? order by line, id limit ?
"""


def findings(
    ledger: LedgerFile, *, failed: bool | None = None, most: int = -1
) -> Iterator[Finding]:
    """Give findings in the order of the feed: faults, warnings, or both."""
    for line, kind, *texts, is_fault, read, went_in in ledger.run(_WENT_IN, failed, failed, most):
        external_id, place, value, detail, advice = texts
        said = (line, detail, KINDS.get(kind), external_id, place, value, advice)
        if is_fault:
            yield RowFault(*said, read=tuple(msgspec.json.decode(read)) if read else ())
        else:
            yield RowWarning(*said, went_in=bool(went_in))


class FrequentFinding(NamedTuple):
    """The findings that ask for the same change in the same column."""

    column: str
    advice: str
    rows: int
    first_line: int


def frequent_findings(
    ledger: LedgerFile, *, failed: bool, most: int = 20
) -> Iterator[FrequentFinding]:
    """Give what findings ask for in most rows, the most frequent first."""
    for each in ledger.run(
        "select place, advice, count(*), min(line) from findings where failed = ?"
        " group by place, advice order by count(*) desc, min(line) limit ?",
        failed,
        most,
    ):
        yield FrequentFinding(*each)


def row_changes(ledger: LedgerFile, most: int = -1) -> Iterator[RowChange]:
    """Give what was done with rows, without those that stay as they are."""
    for each in ledger.run(
        "select line, kind, external_id, outcome, changed from rows where outcome in"
        " ('created', 'updated', 'deleted') order by line = 0, line limit ?",
        most,
    ):
        yield RowChange(*each)


class SentJob(NamedTuple):
    """A job that an import has sent."""

    kind: str
    verb: str
    job: str


def sent_jobs(ledger: LedgerFile, most: int = -1) -> Iterator[SentJob]:
    """Give the jobs that were sent, the first ones first."""
    for each in ledger.run(
        "select kind, verb, job from batches where job is not null order by id limit ?", most
    ):
        yield SentJob(*each)
