"""Load a feed into a server: bulk jobs, one kind after the other, several jobs at a time.

Up to IN_FLIGHT jobs are with the server. Then the loader waits for the oldest one. When it is
complete, its rows are counted, and the rows that must be sent again (an update after a create that
found its resource there) go into a new job at once. So only the rows of jobs in flight are in
memory, however large the feed is. And the server applies an account's jobs in the order in which it
got them: of two rows with the same id the later one wins.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backroom.catalog.kinds import JobKind, Verb
from backroom.feeds.api_client import RefusedError
from backroom.feeds.encoding import EncodedRow, batches, encode_row
from backroom.feeds.rows import ORDER, Row, RowFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.catalog.kinds import Kind
    from backroom.feeds.api_client import ApiClient, FinishedJob, JobFault
    from backroom.feeds.formats import Feed
    from backroom.feeds.survey import Survey

IN_FLIGHT = 16
LARGEST_BATCH = 100
_EXISTS = "already exists"


@dataclass(frozen=True)
class Mode:
    """What is done with the rows. `then` is done with rows whose create finds that they exist."""

    verb: Verb
    order: tuple[Kind, ...] = ORDER
    then: Verb | None = None

    @property
    def verbs(self) -> tuple[Verb, ...]:
        """All verbs that may be done with a row."""
        return (self.verb, self.then) if self.then else (self.verb,)


MODES = {
    "create": Mode(Verb.CREATE),
    "update": Mode(Verb.UPDATE),
    "upsert": Mode(Verb.CREATE, then=Verb.UPDATE),
    "delete": Mode(Verb.DELETE, ORDER[::-1]),
}


@dataclass
class Tally:
    """How many rows of one kind there are, and how many were done or failed."""

    rows: int = 0
    done: Counter[Verb] = field(default_factory=Counter)
    failed: int = 0
    jobs: int = 0

    @property
    def settled(self) -> int:
        """How many rows were done or failed."""
        return self.done.total() + self.failed


@dataclass
class Report:
    """The result of loading a feed, also if it was broken off."""

    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By the name of the kind. The name "" is for rows of unknown kind."""
    faults: list[RowFault] = field(default_factory=list)

    @classmethod
    def of(cls, survey: Survey) -> Report:
        """Begin with the numbers and faults of the survey."""
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

    def __init__(self, client: ApiClient, mode: Mode, report: Report, batch: int) -> None:
        self._client = client
        self._mode = mode
        self._report = report
        self._batch = batch
        self._running: deque[_Running] = deque()

    def run(self, feed: Feed, progress: Callable[[str, int], object]) -> None:
        """Send all rows. `progress` is called with a kind and how many of its rows are settled."""
        for kind in self._mode.order:
            for batch in batches(self._rows(feed, kind), self._batch):
                self._submit(JobKind(kind, self._mode.verb), batch)
                while len(self._running) >= IN_FLIGHT:
                    self._settle_oldest()
                progress(kind.name, self._report.tallies[kind.name].settled)
            while self._running:
                self._settle_oldest()
                progress(kind.name, self._report.tallies[kind.name].settled)

    def _rows(self, feed: Feed, kind: Kind) -> Iterator[EncodedRow]:
        for row in feed.rows() if self._report.tallies[kind.name].rows else ():
            if not isinstance(row, Row) or row.kind is not kind:
                continue
            operation = encode_row(row, self._mode.verb)
            if isinstance(operation, RowFault):
                self._report.add(operation)
            else:
                yield operation

    def _submit(self, job_kind: JobKind, batch: list[EncodedRow]) -> None:
        """Send a job, without the rows for which the server refuses it."""
        while batch:
            try:
                job_id = self._client.submit(job_kind, batch)
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
        job = self._client.wait(running.job_kind, running.id)
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
        """Report rows of which the server says neither that they succeeded nor that they failed."""
        first, last = running.batch[0].row, running.batch[-1].row
        detail = (
            f"job {job.id} ended as {job.status} and says nothing about {lost} "
            f"of its rows, in lines {first.line} to {last.line}"
        )
        self._report.faults.append(RowFault(first.line, detail, first.kind))
        self._report.tallies[first.kind.name].failed += lost

    def _fail(self, operation: EncodedRow, detail: str) -> None:
        row = operation.row
        self._report.add(RowFault(row.line, detail, row.kind, row.external_id))


def _matched(batch: list[EncodedRow], faults: list[JobFault]) -> list[tuple[EncodedRow, str]]:
    """Find the row of each fault, which names only an external id.

    If several rows of a batch have the same id, the last ones are taken as those that failed,
    because the first of them could still succeed.
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
