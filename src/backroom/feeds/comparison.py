"""The rows of a ledger beside what the server has: which operations they need, if any."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from backroom.catalog.kinds import KINDS, JobKind, Verb
from backroom.feeds import ledger as outcomes
from backroom.feeds.advice import refused
from backroom.feeds.comparing import Mode, RowOperation, decide, joined
from backroom.feeds.encoding import EncodedRow, encode_row
from backroom.feeds.existing import ExistingCatalog
from backroom.feeds.rows import RowFault, RowWarning, relation_of
from backroom.feeds.tallies import counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from backroom.catalog.kinds import Kind
    from backroom.feeds.api_client import ApiClient
    from backroom.feeds.ledger import Ledger, Staged
    from backroom.feeds.refused_rows import RefusedRows
    from backroom.feeds.rows import Row

_COMPARED_AT_ONCE = 100
"""Rows that are compared at a time, which is what one request can ask for."""


class Piece(NamedTuple):
    """One operation, and the numbers of the rows that it is made of."""

    operation: RowOperation
    numbers: tuple[int, ...]

    @property
    def external_id(self) -> str:
        """The id of the resource."""
        return self.operation.encoded.row.external_id


class Comparison:
    """The rows of a ledger beside what the server has: one decision for each resource."""

    def __init__(self, client: ApiClient, ledger: Ledger, mode: Mode) -> None:
        self.ledger = ledger
        self.mode = mode
        self.existing = ExistingCatalog(client, ledger)
        self.refusals: RefusedRows | None = None
        """What the server has refused in an earlier import, and the place for what it refuses."""
        self._elsewhere: set[str] = set()
        """Variants of the chunk whose item on the server is another one."""
        self.settled: Counter[str] = Counter()
        """How many rows of each kind are settled."""
        self.progress: Callable[[str, int], object] = lambda *_: None
        """Called when rows were compared, with their kind and how many of it are settled."""

    def count_settled(self) -> None:
        """Begin with the rows that are settled in the ledger already."""
        for kind, numbers in counts(self.ledger).items():
            open_rows = numbers.get("pending", 0) + numbers.get("sent", 0)
            self.settled[kind] = numbers.get("rows", 0) + numbers.get("removals", 0) - open_rows

    def pieces(self, kind: Kind) -> Iterator[Piece]:
        """Give the operations for a kind; settle the rows that need none or can't be sent.

        A pause between two chunks is where the caller sends.
        """
        rows = self.ledger.pending(kind.name)
        while chunk := list(islice(rows, _COMPARED_AT_ONCE)):
            there = self._there(kind, chunk)
            self._elsewhere = self._moved(kind, chunk, there)
            pieces: list[Piece] = []
            unchanged: list[int] = []
            with self.ledger.together():
                for staged in chunk:
                    found = self._decided(staged, there)
                    if isinstance(found, Piece):
                        pieces.append(found)
                    else:
                        unchanged += found
                self.ledger.settle(unchanged, outcomes.UNCHANGED)
            self.settled[kind.name] += len(unchanged)
            self.progress(kind.name, self.settled[kind.name])
            yield from self._not_refused(kind, pieces) if self.refusals else pieces

    def removals(self, kind: Kind) -> Iterator[Piece]:
        """Give the deletions of what is on the server and not in the feed."""
        for staged in self.ledger.pending(kind.name, removals=True):
            encoded = encode_row(staged.row, Verb.DELETE)
            if isinstance(encoded, EncodedRow):
                yield Piece(RowOperation(JobKind(kind, Verb.DELETE), encoded), (staged.number,))

    def fail(self, rows: Iterable[Staged], fault: RowFault) -> None:
        """Write down a fault for each of its rows."""
        for each in rows:
            found = RowFault(
                each.row.line,
                fault.detail,
                fault.kind,
                fault.external_id,
                fault.column,
                fault.value,
                fault.advice,
            )
            self.ledger.find(found, staged=True)
            self.ledger.settle((each.number,), outcomes.FAILED)
            self.settled[each.row.kind.name] += 1

    def missing_related(self, kind: Kind, pieces: Iterable[Piece]) -> set[str]:
        """Give the ids that operations relate to, and that neither feed nor server has."""
        if (relation := relation_of(kind)) is None:
            return set()
        named = {
            each
            for piece in pieces
            if piece.operation.verb in relation.verbs and piece.operation.verb is not Verb.DELETE
            for each in piece.operation.encoded.row.related or ()
        }
        unknown = {each for each in named if not self.ledger.has(relation.target, each)}
        return unknown - set(self.existing.resources(KINDS[relation.target], unknown))

    def _not_refused(self, kind: Kind, pieces: list[Piece]) -> list[Piece]:
        """Give pieces without those that the server has refused before, and would refuse again."""
        refusals = self.refusals
        assert refusals is not None  # noqa: S101 - the caller has looked
        known = [(piece, refusals.find(piece.operation)) for piece in pieces]
        hanging = [piece for piece, refusal in known if refusal and refusal.related]
        missing = self.missing_related(kind, hanging) if hanging else set()
        left: list[Piece] = []
        with self.ledger.together():
            for piece, refusal in known:
                row = piece.operation.encoded.row
                mended = refusal and refusal.related and missing.isdisjoint(row.related or ())
                if refusal is None or mended:
                    left.append(piece)
                else:
                    fault = refused(row, str(refusal), refusal.member)
                    self.fail(self.ledger.staged(piece.numbers), fault)
                    refusals.keep(piece.operation)
        return left

    def _there(self, kind: Kind, chunk: list[Staged]) -> Mapping[str, dict[str, Any]]:
        """Give the attributes of those resources of a chunk that exist."""
        return self.existing.resources(kind, dict.fromkeys(e.row.external_id for e in chunk))

    def _decided(
        self, staged: Staged, there: Mapping[str, dict[str, Any]]
    ) -> Piece | tuple[int, ...]:
        """Give a piece, or the numbers of rows that are unchanged."""
        rows = self._equals(staged) if staged.again else [staged]
        if not rows:
            return ()
        row = joined([each.row for each in rows]) if len(rows) > 1 else staged.row
        found = decide(
            self.mode,
            row,
            there.get(row.external_id),
            lambda: self.existing.related(row.kind, row.external_id),
        )
        numbers = tuple([each.number for each in rows])
        if row.external_id in self._elsewhere:
            if not self.mode.updates:
                self.fail(rows, RowFault(*_moved_finding(row)))
                return ()
            self.ledger.find(RowWarning(*_moved_finding(row)))
        if found is None:
            return numbers
        if isinstance(found, RowFault):
            self.fail(rows, found)
            return ()
        return Piece(found, numbers)

    def _moved(
        self, kind: Kind, chunk: Iterable[Staged], there: Mapping[str, dict[str, Any]]
    ) -> set[str]:
        """Give the resources of a chunk that would have to be moved, which no operation does."""
        relation = relation_of(kind)
        if self.mode.deletes or relation is None or Verb.UPDATE in relation.verbs:
            return set()
        existing = [each.row for each in chunk if each.row.external_id in there]
        return self.existing.elsewhere(existing) if existing else set()

    def _equals(self, staged: Staged) -> list[Staged]:
        """Give the rows with the id of `staged` that are one operation, if it is their first."""
        rows = self.ledger.equals(staged.row.kind.name, staged.row.external_id)
        if not rows or rows[0].number != staged.number:
            return []
        first, *others = rows
        joins = self.mode.updates
        for each in others:
            line, kind, external_id = first.row.line, staged.row.kind, staged.row.external_id
            detail = f"The external id `{external_id}` is that of line {line} already"
            if joins:
                detail += "; both rows were joined, and what the later one says holds."
                advice = "Give each row an id of its own, or leave one of them out."
                self.ledger.find(
                    RowWarning(
                        each.row.line, detail, kind, external_id, "external_id", external_id, advice
                    )
                )
            else:
                advice = "Give each row an id of its own, or import with --mode upsert."
                self.fail(
                    [each],
                    RowFault(
                        0, f"{detail}.", kind, external_id, "external_id", external_id, advice
                    ),
                )
        return rows if joins else [first]


def _moved_finding(row: Row) -> tuple[int, str, Kind, str, str, str, str]:
    item = (row.related or ("",))[0]
    detail = (
        f"item: the variant exists and is not one of the item {item!r}; the API can't move a"
        " variant to another item, so it stays where it is"
    )
    advice = "Delete the variant, then import its row again."
    return row.line, detail, row.kind, row.external_id, "item", item, advice
