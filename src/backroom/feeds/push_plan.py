"""The plan of a push, in its ledger: it is made once, shown, predicted, and then followed.

A dry run settles each row of the ledger with what would become of it. These outcomes become the
plan, and the rows are pending again. Whoever sends the rows reads the plan instead of the target. A
planned row that is given back, because the target has changed meanwhile, is compared after all.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from backroom.catalog.kinds import JobKind, Verb
from backroom.feeds.comparing import RowOperation
from backroom.feeds.comparison import Comparison, Piece
from backroom.feeds.encoding import EncodedRow, encode_row
from backroom.feeds.ledger import CREATED, DELETED, UPDATED
from backroom.feeds.prediction import Phase
from backroom.feeds.rows import Row, relation_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backroom.catalog.kinds import Kind
    from backroom.feeds.comparing import Mode
    from backroom.feeds.ledger import Ledger, Staged

_PLANNED = "planned"
_FIRST = "first finding of the comparison"
_PLAN_SCHEMA = (
    "create table if not exists plan (number integer primary key, outcome text, changed text)"
)
_VERBS_BY_CHANGE = {CREATED: Verb.CREATE, UPDATED: Verb.UPDATE, DELETED: Verb.DELETE}


@dataclass
class Difference:
    """What a target lacks of a source."""

    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many rows of a kind would be created, updated or deleted."""
    attributes: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many rows of a kind change an attribute."""
    lengths: Counter[tuple[str, str]] = field(default_factory=Counter)
    """About how many bytes these rows have."""

    def __bool__(self) -> bool:
        return bool(self.outcomes)

    def phases(self, mode: Mode, batch: int, largest: int) -> list[Phase]:
        """Give the jobs of the plan, kind by kind."""
        phases = []
        for kind in mode.order:
            jobs = {
                verb: self._jobs(kind, outcome, batch, largest)
                for outcome, verb in _VERBS_BY_CHANGE.items()
                if outcome != DELETED
            }
            phases.append(Phase(kind, jobs))
        phases += [
            Phase(kind, {Verb.DELETE: self._jobs(kind, DELETED, batch, largest)})
            for kind in mode.order[::-1]
        ]
        return [each for each in phases if any(each.jobs.values())]

    def _jobs(self, kind: Kind, outcome: str, batch: int, largest: int) -> int:
        rows, length = self.outcomes[kind.name, outcome], self.lengths[kind.name, outcome]
        return max(ceil(rows / batch), ceil(length / largest))


class Plan:
    """The plan of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        ledger.run(_PLAN_SCHEMA)

    @property
    def ready(self) -> bool:
        """Whether the plan was made. It outlives a push that is broken off."""
        return bool(self._ledger.fact(_PLANNED))

    def begin(self) -> None:
        """Prepare a comparison, or one that was broken off."""
        with self._ledger.together():
            self._reopen()
            last = self._ledger.one("select coalesce(max(id), 0) from findings")
            self._ledger.note(_FIRST, str(last))

    def make(self, *, reopen: bool) -> None:
        """Turn the outcomes of a dry run into the plan; `reopen` makes its rows pending again."""
        with self._ledger.together():
            self._ledger.run("delete from plan")
            self._ledger.run(
                "insert into plan select number, outcome, changed from rows"
                " where outcome in ('created', 'updated', 'deleted')"
            )
            if reopen:
                self._reopen()
                self._ledger.note(_PLANNED, "yes")

    def difference(self) -> Difference:
        """Give the planned rows that are not settled yet."""
        found = Difference()
        for kind, outcome, changed, number, length in self._ledger.run(
            "select rows.kind, plan.outcome, plan.changed, count(*), sum(length(body))"
            " from plan join rows using (number) left join bodies using (number) group by 1, 2, 3"
        ):
            found.outcomes[kind, outcome] += number
            found.lengths[kind, outcome] += length or 0
            for name in changed.split(",") if changed and outcome == UPDATED else ():
                found.attributes[kind, name] += number
        return found

    def take(self, number: int) -> tuple[Verb, tuple[str, ...]] | None:
        """Give what is planned for a row, once."""
        found = next(
            iter(self._ledger.run("select outcome, changed from plan where number = ?", number)),
            None,
        )
        if found is None:
            return None
        self._ledger.run("delete from plan where number = ?", number)
        return _VERBS_BY_CHANGE[found[0]], tuple(each for each in found[1].split(",") if each)

    def has(self, number: int) -> bool:
        """Whether anything is planned for a row."""
        return bool(self._ledger.one("select 1 from plan where number = ?", number))

    def _reopen(self) -> None:
        self._ledger.run(
            "update rows set outcome = null, changed = '' where batch is null"
            " and outcome in ('created', 'updated', 'deleted')"
        )
        if last := self._ledger.fact(_FIRST):
            # The next comparison makes these findings again.
            self._ledger.run("delete from findings where not failed and id > ?", int(last))


class PlannedComparison(Comparison):
    """A comparison that follows a plan, and asks the target about the other rows alone."""

    plan: Plan | None = None

    def _there(self, kind: Kind, chunk: list[Staged]) -> Mapping[str, dict[str, Any]]:
        asked = [each for each in chunk if not self._is_planned(each)]
        return super()._there(kind, asked) if asked else {}

    def _decided(
        self, staged: Staged, there: Mapping[str, dict[str, Any]]
    ) -> Piece | tuple[int, ...]:
        planned = self.plan.take(staged.number) if self.plan else None
        if planned is None or not _stands_alone(staged):
            return super()._decided(staged, there)
        verb, changed = planned
        row = staged.row if verb is Verb.CREATE else _narrowed(staged.row, changed)
        encoded = encode_row(row, verb)
        if not isinstance(encoded, EncodedRow):
            self.fail([staged], encoded)
            return ()
        return Piece(RowOperation(JobKind(row.kind, verb), encoded, changed), (staged.number,))

    def _is_planned(self, staged: Staged) -> bool:
        return self.plan is not None and _stands_alone(staged) and self.plan.has(staged.number)


def _stands_alone(staged: Staged) -> bool:
    """Whether an operation can be made of a row without other rows and without the target."""
    return not staged.again and not staged.row.merges


def _narrowed(row: Row, changed: tuple[str, ...]) -> Row:
    """Give the row with nothing but what changes."""
    relation = relation_of(row.kind)
    attributes = {name: row.attributes[name] for name in changed if name in row.attributes}
    related = row.related if relation and relation.name in changed else None
    return replace(row, attributes=attributes, related=related)
