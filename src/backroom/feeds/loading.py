"""Load the rows of a ledger into a server: compare, send what differs, settle.

The rows of a kind are compared in chunks with what the server has. What differs goes into bulk
jobs, one for creates and one for updates at a time. When as many as the options say are with the
server, the loader waits for the oldest one. Requests are under way in another thread while the next
rows are compared. Only the rows of jobs in flight are in memory. Rows with the same id become one
operation, so the order of jobs does not matter within a kind.

A batch is in the ledger before its job is posted, and the job's id before the next batch is. A
batch without an id is one whose answer never came. Its job is looked for among the newest jobs of
the server.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from backroom.catalog.kinds import KINDS, JobKind, Verb
from backroom.feeds import ledger as outcomes
from backroom.feeds.advice import is_taken, refused
from backroom.feeds.client_errors import (
    LostAnswerError,
    OperationRefusal,
    RefusedError,
    UnreachableError,
)
from backroom.feeds.comparing import RowOperation, decide, is_as_given, joined
from backroom.feeds.comparison import Piece
from backroom.feeds.encoding import LARGEST_BODY, EncodedRow
from backroom.feeds.existing import ExistingCatalog
from backroom.feeds.sending import RequestThread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from concurrent.futures import Future

    from backroom.catalog.kinds import Kind
    from backroom.feeds.api_client import ApiClient, FinishedJob, JobFault
    from backroom.feeds.comparison import Comparison
    from backroom.feeds.ledger import Batch, Staged
    from backroom.feeds.rows import RowFault

LOADED_IN_FLIGHT = 16
LARGEST_BATCH = 100
_LARGEST_IN_FLIGHT = 96_000_000
"""Bytes of the operations that are with the server."""
_PASSES = 3
"""How often rows are compared that another client has created meanwhile."""
_LOST_PAUSE_SECONDS = 0.2
_NOT_FOUND = 404
_TOO_LARGE = 413


@dataclass
class Options:
    """How to load: rows in a job, bytes in a request, seconds for a lost job, jobs in flight."""

    batch: int = LARGEST_BATCH
    largest: int = LARGEST_BODY
    patience: float = 600.0
    in_flight: int = LOADED_IN_FLIGHT


@dataclass(frozen=True)
class _Sending:
    """A batch whose job is being posted."""

    job_kind: JobKind
    batch: int
    pieces: list[Piece]
    answer: Future[str]

    @property
    def numbers(self) -> list[int]:
        return [number for piece in self.pieces for number in piece.numbers]


@dataclass
class _Running:
    job_kind: JobKind
    batch: int
    job: str
    pieces: Sequence[Piece]
    length: int = 0
    finished: Future[FinishedJob] | None = None
    """Where the thread waits for it."""


@dataclass
class _Filling:
    """The operations for the next job of a kind."""

    pieces: list[Piece] = field(default_factory=list)
    length: int = 0


class Loader:
    """One run of a ledger through a server."""

    def __init__(
        self, comparison: Comparison, client: ApiClient, options: Options | None = None
    ) -> None:
        self._comparison = comparison
        self._ledger = comparison.ledger
        self._client = client
        self._options = options or Options()
        self._sender = RequestThread()
        self._sending: _Sending | None = None
        self._running: deque[_Running] = deque()
        self._filling = {verb: _Filling() for verb in Verb}
        self._last_pass = False
        self._progress: Callable[[str, int], object] = lambda *_: None

    def run(self, progress: Callable[[str, int], object]) -> None:
        """Send all rows. `progress` is called with a kind and how many of its rows are settled.

        Raises `RefusedError` and `UnreachableError`.
        """
        self._progress = self._comparison.progress = progress
        try:
            self._load()
        finally:
            self._sender.close()

    def _load(self) -> None:
        self._comparison.count_settled()
        self._recover()
        for kind in self._comparison.mode.order:
            for number in range(_PASSES):
                self._last_pass = number == _PASSES - 1
                given_back = self._send(kind, self._comparison.pieces(kind))
                if not given_back:
                    break
                self._comparison.existing = ExistingCatalog(self._client, self._ledger)
        if self._comparison.mode.mirrors:
            for kind in self._comparison.mode.order[::-1]:
                self._send(kind, self._comparison.removals(kind))

    def _send(self, kind: Kind, pieces: Iterable[Piece]) -> int:
        """Send pieces of a kind and settle them; give how many have to be compared again."""
        given_back = 0
        for piece in pieces:
            filling = self._filling[piece.operation.verb]
            length = len(piece.operation.encoded.encoded) + 1
            full = len(filling.pieces) >= self._options.batch
            if filling.pieces and (full or filling.length + length > self._options.largest):
                given_back += self._flush(kind, piece.operation.verb)
            filling = self._filling[piece.operation.verb]
            filling.pieces.append(piece)
            filling.length += length
        for verb in Verb:
            given_back += self._flush(kind, verb)
        self._note_posted()
        while self._running:
            given_back += self._settle_oldest()
        self._tell(kind)
        return given_back

    def _tell(self, kind: Kind) -> None:
        if settled := self._comparison.settled[kind.name]:
            self._progress(kind.name, settled)

    def _flush(self, kind: Kind, verb: Verb) -> int:
        filling, self._filling[verb] = self._filling[verb], _Filling()
        self._note_posted()
        self._post(JobKind(kind, verb), filling.pieces)
        given_back = 0
        while len(self._running) > self._options.in_flight or self._too_large():
            given_back += self._settle_oldest()
        if len(self._running) == self._options.in_flight:
            oldest = self._running[0]
            oldest.finished = self._sender.call(self._client.wait, oldest.job_kind, oldest.job)
        self._tell(kind)
        return given_back

    def _too_large(self) -> bool:
        """Whether the rows in flight take more memory than they may."""
        return sum(each.length for each in self._running) > _LARGEST_IN_FLIGHT

    def _post(self, job_kind: JobKind, pieces: list[Piece]) -> None:
        """Begin to post a job."""
        if not pieces:
            return
        rows = [(number, ",".join(p.operation.changed)) for p in pieces for number in p.numbers]
        batch = self._ledger.begin(job_kind.kind.name, job_kind.verb, rows)
        operations = [each.operation.encoded for each in pieces]
        answer = self._sender.call(self._client.submit, job_kind, operations)
        self._sending = _Sending(job_kind, batch, pieces, answer)

    def _note_posted(self) -> None:
        """Note the job that is being posted, without the operations that the server refuses."""
        while sending := self._sending:
            self._sending = None
            job_kind, pieces = sending.job_kind, sending.pieces
            try:
                job = self._job_of(sending)
            except RefusedError as error:
                self._ledger.give_back(sending.batch, sending.numbers)
                if (error.status == _TOO_LARGE or error.is_of_some) and len(pieces) > 1:
                    half = len(pieces) // 2
                    self._post(job_kind, pieces[:half])
                    self._note_posted()
                    self._post(job_kind, pieces[half:])
                else:
                    self._post(job_kind, self._without_refused(pieces, error))
            else:
                self._ledger.posted(sending.batch, job)
                length = sum(len(each.operation.encoded.encoded) for each in pieces)
                self._running.append(_Running(job_kind, sending.batch, job, pieces, length))

    def _without_refused(self, pieces: list[Piece], error: RefusedError) -> list[Piece]:
        faulty = {index: each for index, each in error.faulty.items() if index < len(pieces)}
        too_large = error.status == _TOO_LARGE
        if too_large:
            faulty = {0: OperationRefusal("", "is larger than the server takes")}
        elif error.is_of_some:
            faulty = {0: OperationRefusal("", str(error))}
        if not faulty:
            raise error
        for index, refusal in faulty.items():
            self._refuse(pieces[index], str(refusal), refusal.member, whole=too_large)
        return [piece for index, piece in enumerate(pieces) if index not in faulty]

    def _job_of(self, sending: _Sending) -> str:
        """Give the id of a job that was posted. It is posted again if the server lacks it."""
        end = time.monotonic() + self._options.patience
        answer = sending.answer
        while True:
            try:
                return answer.result()
            except LostAnswerError as error:
                self._client.waiting(_LOST_PAUSE_SECONDS, f"an answer was lost: {error}")
                if job := self._found_job(sending.job_kind, sending.pieces):
                    return job
                if time.monotonic() > end:
                    raise UnreachableError(str(error)) from error
                time.sleep(_LOST_PAUSE_SECONDS)
                operations = [each.operation.encoded for each in sending.pieces]
                answer = self._sender.call(self._client.submit, sending.job_kind, operations)

    def _found_job(self, job_kind: JobKind, pieces: Sequence[Piece]) -> str | None:
        """Find a job with just these resources that is not in the ledger: one that was ours."""
        ids = {each.external_id for each in pieces}
        for job in self._client.jobs(job_kind):
            if job.total != len(ids) or self._ledger.knows_job(job.id):
                continue
            finished = self._client.wait(job_kind, job.id)
            named = {fault.external_id for fault in finished.faults}
            done = [each for each in pieces if each.external_id not in named]
            if job_kind.verb is not Verb.DELETE:
                named |= set(self._client.results(job_kind, job.id))
            if named <= ids and self._are_done(job_kind, done):
                return job.id
        return None

    def _are_done(self, job_kind: JobKind, pieces: Sequence[Piece]) -> bool:
        """Whether the server is as after these operations: an older job may have had their ids."""
        existing = ExistingCatalog(self._client, self._ledger)
        there = existing.resources(job_kind.kind, (each.external_id for each in pieces))
        if job_kind.verb is not Verb.UPDATE:
            return len(there) == (0 if job_kind.verb is Verb.DELETE else len(pieces))
        related = partial(partial, existing.related_now, job_kind.kind)
        return all(
            is_as_given(each.operation.encoded.row, there.get(name), related(name))
            for each in pieces
            if (name := each.external_id)
        )

    def _recover(self) -> None:
        """Take up the jobs of a run that was broken off."""
        for batch in self._ledger.open_batches():
            job_kind = JobKind(KINDS[batch.kind], batch.verb)
            pieces = self._pieces_of(batch)
            job = batch.job or self._found_job(job_kind, pieces)
            if job is None:
                numbers = [number for piece in pieces for number in piece.numbers]
                self._ledger.give_back(batch.id, numbers)
                continue
            self._ledger.posted(batch.id, job)
            self._running.append(_Running(job_kind, batch.id, job, pieces))
        while self._running:
            self._settle_oldest()

    def _pieces_of(self, batch: Batch) -> list[Piece]:
        """Make the pieces of a batch again, from the rows in the ledger."""
        by_id: dict[str, list[Staged]] = {}
        for staged in self._ledger.rows_of(batch.id):
            by_id.setdefault(staged.row.external_id, []).append(staged)
        return [
            Piece(
                RowOperation(
                    JobKind(KINDS[batch.kind], batch.verb),
                    EncodedRow(joined([each.row for each in rows]), b""),
                ),
                tuple(each.number for each in rows),
            )
            for rows in by_id.values()
        ]

    def _settle_oldest(self) -> int:
        """Settle the rows of the oldest job; give how many have to be compared again."""
        running = self._running.popleft()
        try:
            if running.finished:
                job = running.finished.result()
            else:
                job = self._client.wait(running.job_kind, running.job)
        except RefusedError as error:
            if error.status != _NOT_FOUND:
                raise
            # A server without a database has forgotten the job with all else.
            numbers = [number for piece in running.pieces for number in piece.numbers]
            self._ledger.give_back(running.batch, numbers)
            return len(numbers)
        job_kind = running.job_kind
        left = {piece.external_id: piece for piece in running.pieces}
        failed = [
            (piece, fault) for fault in job.faults if (piece := left.pop(fault.external_id, None))
        ]
        if failed and job_kind.verb is Verb.DELETE and self._comparison.mode.mirrors:
            failed = self._still_there(job_kind.kind, failed, left)
        if failed and not running.length and self._comparison.refusals is not None:
            failed = self._as_compared(job_kind.kind, failed)
        given_back: list[int] = []
        with self._ledger.together():
            for piece, fault in failed:
                taken = is_taken(fault.detail) and job_kind.verb is Verb.CREATE
                if taken and not self._last_pass:
                    given_back += piece.numbers
                else:
                    self._refuse(piece, fault.detail, fault.member)
            if job.completed != len(left):
                self._check_silent(running, job, left)
            self._succeed(job_kind, left.values())
            self._ledger.settle(given_back, None)
            self._ledger.close_batch(running.batch)
        self._tell(job_kind.kind)
        return len(given_back)

    def _still_there(
        self, kind: Kind, failed: list[tuple[Piece, JobFault]], left: dict[str, Piece]
    ) -> list[tuple[Piece, JobFault]]:
        """Count deletions of resources that are gone as done: a mirror only needs them gone."""
        there = ExistingCatalog(self._client, self._ledger).resources(
            kind, (piece.external_id for piece, _ in failed)
        )
        left |= {each.external_id: each for each, _ in failed if each.external_id not in there}
        return [each for each in failed if each[0].external_id in there]

    def _as_compared(
        self, kind: Kind, failed: list[tuple[Piece, JobFault]]
    ) -> list[tuple[Piece, JobFault]]:
        """Give pieces of an earlier run with their operations, which the ledger does not keep."""
        existing = ExistingCatalog(self._client, self._ledger)
        there = existing.resources(kind, (piece.external_id for piece, _ in failed))
        compared: list[tuple[Piece, JobFault]] = []
        for piece, fault in failed:
            external_id = piece.external_id
            related = partial(existing.related, kind, external_id)
            row = piece.operation.encoded.row
            # What failed has changed nothing: the same comparison gives the same operation.
            found = decide(self._comparison.mode, row, there.get(external_id), related)
            made = Piece(found, piece.numbers) if isinstance(found, RowOperation) else piece
            compared.append((made, fault))
        return compared

    def _succeed(self, job_kind: JobKind, pieces: Iterable[Piece]) -> None:
        """Settle the rows of operations that succeeded: of rows that were joined, one created."""
        firsts: list[int] = []
        others: list[int] = []
        for piece in pieces:
            firsts.append(piece.numbers[0])
            others += piece.numbers[1:]
        self._ledger.settle(firsts, outcomes.OUTCOMES_OF_VERBS[job_kind.verb])
        self._ledger.settle(others, outcomes.UPDATED)
        self._comparison.settled[job_kind.kind.name] += len(firsts) + len(others)

    def _check_silent(self, running: _Running, job: FinishedJob, left: dict[str, Piece]) -> None:
        """Take out the operations of which a job says nothing, and that were not carried out."""
        there = ExistingCatalog(self._client, self._ledger).resources(running.job_kind.kind, left)
        deletes = running.job_kind.verb is Verb.DELETE
        for external_id in [each for each in left if (each in there) is deletes]:
            piece = left.pop(external_id)
            detail = f"job {job.id} ended as {job.status} and says nothing about this row"
            self._fail(piece, refused(piece.operation.encoded.row, detail))

    def _refuse(self, piece: Piece, detail: str, member: str, *, whole: bool = False) -> None:
        """Settle the rows of a piece as refused. `whole` says that the piece is too large."""
        self._fail(piece, refused(piece.operation.encoded.row, detail, member))
        if self._comparison.refusals is not None:
            self._comparison.refusals.note(piece.operation, detail, member, whole=whole)

    def _fail(self, piece: Piece, fault: RowFault) -> None:
        self._comparison.fail(self._ledger.staged(piece.numbers), fault)
