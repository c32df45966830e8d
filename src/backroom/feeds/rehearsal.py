"""A dry run: says in the ledger what would become of each row, and sends nothing."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import KINDS
from backroom.feeds import ledger as outcomes
from backroom.feeds.advice import refused
from backroom.feeds.rows import relation_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backroom.catalog.kinds import JobKind, Kind
    from backroom.feeds.client_errors import OperationRefusal
    from backroom.feeds.comparison import Comparison, Piece

    Check = Callable[[JobKind, bytes], OperationRefusal | None]

_REHEARSED_AT_ONCE = 100


class Rehearsal:
    """One dry run. `check` says what the server would find wrong with an operation of a job."""

    def __init__(self, comparison: Comparison, check: Check) -> None:
        self._comparison = comparison
        self._ledger = comparison.ledger
        self._check = check

    def run(self, progress: Callable[[str, int], object]) -> None:
        """Compare all rows. Raises `RefusedError` and `UnreachableError`, as nothing is sent."""
        self._comparison.progress = progress
        for kind in self._comparison.mode.order:
            pieces = self._comparison.pieces(kind)
            while chunk := list(islice(pieces, _REHEARSED_AT_ONCE)):
                self._rehearse(kind, chunk)
                progress(kind.name, self._comparison.settled[kind.name])
        if self._comparison.mode.mirrors:
            for kind in self._comparison.mode.order[::-1]:
                for piece in self._comparison.removals(kind):
                    self._ledger.settle(piece.numbers, outcomes.DELETED)

    def _rehearse(self, kind: Kind, chunk: list[Piece]) -> None:
        missing = self._comparison.missing_related(kind, chunk)
        settled: list[tuple[str, str, int]] = []
        with self._ledger.together():
            for piece in chunk:
                operation = piece.operation
                row = operation.encoded.row
                job_kind = operation.job_kind
                if refusal := self._check(job_kind, operation.encoded.encoded):
                    fault = refused(row, str(refusal), refusal.member)
                elif absent := missing.intersection(row.related or ()):
                    relation = relation_of(kind)
                    target = KINDS[relation.target] if relation else kind
                    detail = target.missing_write.format(id=resource_id(min(absent)))
                    fault = refused(row, detail, relation.name if relation else "")
                else:
                    settled += self._settled(piece)
                    continue
                self._comparison.fail(self._ledger.staged(piece.numbers), fault)
            self._ledger.settle_changed(settled)
        self._comparison.settled[kind.name] += len(settled)

    def _settled(self, piece: Piece) -> Iterator[tuple[str, str, int]]:
        """Give what would become of the rows of a piece: of rows that were joined, one created."""
        changed = ",".join(piece.operation.changed)
        first, *others = piece.numbers
        yield outcomes.OUTCOMES_OF_VERBS[piece.operation.verb], changed, first
        for number in others:
            yield outcomes.UPDATED, changed, number
