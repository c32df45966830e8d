"""Load a feed into a server: bulk jobs kind after kind, several at a time.

Only the oldest job in flight is waited for, and what follows from its end is sent at once. So the
rows of a job are all that is kept of a feed, and of two rows with one id the later one is later.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backroom.catalog.kinds import JobKind, Verb
from backroom.feeds.api_client import RefusedError
from backroom.feeds.encoding import EncodedRow, batches, encode_row
from backroom.feeds.rows import ORDER, RowFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.feeds.api_client import ApiClient, FinishedJob, JobFault
    from backroom.feeds.formats import Feed
    from backroom.feeds.rows import Row
    from backroom.feeds.survey import Survey

IN_FLIGHT = 16
LARGEST_BATCH = 100
_EXISTS = "already exists"


@dataclass(frozen=True)
class Mode:
    """What becomes of the rows: `then` is done with those of which a create says they exist."""

    verb: Verb
    order: tuple[Kind, ...] = ORDER
    then: Verb | None = None

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """Everything that may be done."""
        return (self.verb, self.then) if self.then else (self.verb,)


MODES = {
    "create": Mode(Verb.CREATE),
    "update": Mode(Verb.UPDATE),
    "upsert": Mode(Verb.CREATE, then=Verb.UPDATE),
    "delete": Mode(Verb.DELETE, ORDER[::-1]),
}


@dataclass
class Tally:
    """What became of the rows of one kind."""

    rows: int = 0
    done: Counter[Verb] = field(default_factory=Counter)
    failed: int = 0
    jobs: int = 0

    @property
    def settled(self) -> int:
        """How many rows have come to an end, good or bad."""
        return self.done.total() + self.failed


@dataclass
class Report:
    """What became of a feed, also of one that was broken off."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By the name of the kind; "" is for lines of which it isn't known."""
    faults: list[RowFault] = field(default_factory=list)

    @classmethod
    def of(cls, survey: Survey) -> Report:
        """Begin with what the survey has found."""
        report = cls()
        for kind, rows in survey.rows.items():
            report.tallies[kind].rows = rows
        for fault in survey.faults:
            report.tallies[_name(fault)].rows += 1
            report.add(fault)
        return report

    def add(self, fault: RowFault) -> None:
        """Count a row as failed."""
        self.faults.append(fault)
        self.tallies[_name(fault)].failed += 1


def _name(fault: RowFault) -> str:
    return fault.kind.name if fault.kind else ""


@dataclass(frozen=True)
class _Running:
    job_kind: JobKind
    id: str
    batch: list[EncodedRow]


class Loader:
    """One run of a feed through a server."""

    def __init__(self, server: ApiClient, mode: Mode, report: Report, batch: int) -> None:
        self._server = server
        self._mode = mode
        self._report = report
        self._batch = batch
        self._running: deque[_Running] = deque()

    def run(self, feed: Feed, progress: Callable[[str, int], object]) -> None:
        """Send all rows, and say through `progress` how many of a kind have come to an end."""
        for kind in self._mode.order:
            for batch in batches(self._operations(feed, kind), self._batch):
                self._submit(JobKind(kind, self._mode.verb), batch)
                while len(self._running) >= IN_FLIGHT:
                    self._settle_oldest()
                progress(kind.name, self._report.tallies[kind.name].settled)
            while self._running:
                self._settle_oldest()
                progress(kind.name, self._report.tallies[kind.name].settled)

    def _operations(self, feed: Feed, kind: Kind) -> Iterator[EncodedRow]:
        for row in feed.rows() if self._report.tallies[kind.name].rows else ():
            if isinstance(row, RowFault) or row.kind is not kind:
                continue
            operation = encode_row(row, self._mode.verb)
            if isinstance(operation, RowFault):
                self._report.add(operation)
            else:
                yield operation

    def _submit(self, job_kind: JobKind, batch: list[EncodedRow]) -> None:
        """Send a job, without the operations that make the server refuse it."""
        while batch:
            try:
                job_id = self._server.submit(job_kind, batch)
            except RefusedError as error:
                refused = [index for index in error.faulty if index < len(batch)]
                if not refused:
                    raise
                for index in refused:
                    self._fail(batch[index], error.faulty[index])
                batch = [each for index, each in enumerate(batch) if index not in refused]
            else:
                self._running.append(_Running(job_kind, job_id, batch))
                self._report.tallies[job_kind.kind.name].jobs += 1
                return

    def _settle_oldest(self) -> None:
        running = self._running.popleft()
        kind, verb = running.job_kind.kind, running.job_kind.verb
        job = self._server.wait(running.job_kind, running.id)
        self._report.tallies[kind.name].done[verb] += job.completed
        failed = _matched(running.batch, job.faults)
        existing = []
        for operation, detail in failed:
            if self._mode.then and verb is self._mode.verb and _EXISTS in detail:
                existing.append(operation.row)
            else:
                self._fail(operation, detail)
        if (lost := len(running.batch) - job.completed - len(failed)) > 0:
            self._lose(running, job, lost)
        if self._mode.then and existing:
            self._send_again(JobKind(kind, self._mode.then), existing)

    def _send_again(self, job_kind: JobKind, rows: list[Row]) -> None:
        batch = []
        for row in rows:
            operation = encode_row(row, job_kind.verb)
            if isinstance(operation, RowFault):
                self._report.add(operation)
            else:
                batch.append(operation)
        self._submit(job_kind, batch)

    def _lose(self, running: _Running, job: FinishedJob, lost: int) -> None:
        """Report operations of which the server says neither that they succeeded nor failed."""
        first, last = running.batch[0].row, running.batch[-1].row
        detail = (
            f"job {job.id} ended as {job.status} and tells nothing of {lost} "
            f"of its rows, in lines {first.line} to {last.line}"
        )
        self._report.faults.append(RowFault(first.line, detail, first.kind))
        self._report.tallies[first.kind.name].failed += lost

    def _fail(self, operation: EncodedRow, detail: str) -> None:
        row = operation.row
        self._report.add(RowFault(row.line, detail, row.kind, row.external_id))


def _matched(batch: list[EncodedRow], faults: list[JobFault]) -> list[tuple[EncodedRow, str]]:
    """Find the operation of each fault, which names no more than an external id.

    Of several operations on one id it is the last ones that fail: the first could still succeed.
    """
    by_id: dict[str, list[EncodedRow]] = defaultdict(list)
    for operation in batch:
        by_id[operation.row.external_id].append(operation)
    found = [
        (by_id[fault.external_id].pop(), fault.detail)
        for fault in reversed(faults)
        if by_id[fault.external_id]
    ]
    return sorted(found, key=lambda pair: pair[0].row.line)
