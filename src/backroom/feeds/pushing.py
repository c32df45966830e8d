"""One push: the rows of a ledger are compared with a target, and what differs is sent.

The rows are those of a file, or of the catalog of another server. A push does what an import does.
It also knows the difference before it sends anything, and predicts how long sending it takes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from backroom.catalog.kinds import JobKind
from backroom.feeds.encoding import LARGEST_BODY
from backroom.feeds.loading import LARGEST_BATCH, Loader, Options
from backroom.feeds.mirroring import PLANNED, RemovalLimit, plan_removals
from backroom.feeds.prediction import Phase, PredictedSender, predicted_seconds
from backroom.feeds.products import NO_SHOP
from backroom.feeds.push_plan import Difference, Plan, PlannedComparison
from backroom.feeds.rehearsal import Rehearsal
from backroom.feeds.rows import ORDER, FeedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.feeds.comparing import Mode
    from backroom.feeds.ledger import Ledger
    from backroom.feeds.paced_client import PacedClient
    from backroom.feeds.refused_rows import RefusedRows
    from backroom.feeds.rehearsal import Check
    from backroom.feeds.source_catalog import SourceCatalog

    Progress = Callable[[str, int], object]

PUSHED_IN_FLIGHT = 100
"""Jobs that are with a target at a time: a fifth of what the service allows an account."""
_PUSHED_AT_ONCE = 100
_NO_SHOP = NO_SHOP.partition("{")[0].removesuffix("products/")
_EXAMPLE = "https://shop.example/products/{handle}"


class NoShopError(FeedError):
    """Products have addresses that lead nowhere. Nothing was sent."""


@dataclass
class PushOptions:
    """How to push. `check` says what the target would find wrong with an operation."""

    check: Check
    limit: RemovalLimit
    batch: int = LARGEST_BATCH
    largest: int = LARGEST_BODY
    patience: float = 600.0
    dry_run: bool = False
    refusals: Callable[[Ledger], RefusedRows] | None = None
    """Takes up the earlier refusals of the target. The push does not send those rows again."""


class Push:
    """One push of the rows in a ledger."""

    def __init__(
        self, ledger: Ledger, target: PacedClient, mode: Mode, options: PushOptions
    ) -> None:
        self.ledger = ledger
        self.target = target
        self.mode = mode
        self._options = options
        self._plan = Plan(ledger)
        self._phases: list[Phase] = []
        self._refusals = options.refusals and options.refusals(ledger)

    def check_addresses(self, *, from_file: bool) -> None:
        """Raise `NoShopError` where an address was made up because a file has none.

        A push `from_file` can be given the addresses. A catalog keeps those of its import.
        """
        mark = f'"url":"{_NO_SHOP}'.encode()
        if number := self.ledger.count_with(mark):
            advice = "Give" if from_file else "Import their files again with --mode upsert and"
            raise NoShopError(
                f"the addresses of {number:,} items and variants begin with {_NO_SHOP}, which leads"
                f" nowhere; nothing was sent. {advice} --shop-url, as {_EXAMPLE}"
            )

    def compare(self, progress: Progress, source: SourceCatalog | None = None) -> Difference:
        """Find out what the target lacks, unless that is known; give what is left to send.

        With a mirror, what is not in the ledger is deleted, if `source` does not have it either.
        Raises `RefusedError`, `UnreachableError` and `TooManyRemovalsError`.
        """
        if not self._plan.ready:
            self._plan.begin()
            comparison = PlannedComparison(self.target, self.ledger, self.mode)
            comparison.refusals = self._refusals
            comparison.count_settled()
            if self.mode.mirrors and not self.ledger.fact(PLANNED):
                plan_removals(comparison, self._options.limit)
            if source:
                self._keep_present(source)
            began = time.monotonic()
            Rehearsal(comparison, self._options.check).run(progress)
            seconds = time.monotonic() - began
            self.target.measures.compared(sum(comparison.settled.values()), seconds)
            self._plan.make(reopen=not self._options.dry_run)
        found = self._plan.difference()
        self._phases = found.phases(self.mode, self._options.batch, self._options.largest)
        self.target.posted.clear()
        for phase in self._phases:
            for verb, number in phase.jobs.items():
                if number:
                    self.target.measure_jobs(JobKind(phase.kind, verb))
        return found

    @property
    def jobs(self) -> int:
        """How many jobs are planned."""
        return sum(sum(phase.jobs.values()) for phase in self._phases)

    def remaining_seconds(self) -> float:
        """Predict how long it takes to send what is left."""
        left = [
            Phase(
                phase.kind,
                {
                    verb: max(0, number - self.target.posted[JobKind(phase.kind, verb).collection])
                    for verb, number in phase.jobs.items()
                },
            )
            for phase in self._phases
        ]
        target = self.target
        sender = PredictedSender(target.pacer, target.measures, PUSHED_IN_FLIGHT, target.in_flight)
        return predicted_seconds(left, sender, time.monotonic())

    def send(self, progress: Progress) -> None:
        """Send what is planned. Raises `RefusedError` and `UnreachableError`."""
        comparison = PlannedComparison(self.target, self.ledger, self.mode)
        comparison.plan = self._plan
        comparison.refusals = self._refusals
        options = self._options
        self.target.waits.clear()
        Loader(
            comparison,
            self.target,
            Options(options.batch, options.largest, options.patience, PUSHED_IN_FLIGHT),
        ).run(progress)

    def _keep_present(self, source: SourceCatalog) -> None:
        """Take back the deletions of resources that the source still has."""
        for kind in ORDER:
            pending = self.ledger.pending(kind.name, removals=True)
            while some := {each.row.external_id: each for each in islice(pending, _PUSHED_AT_ONCE)}:
                present = source.present(kind, some)
                self.ledger.forget_rows(some[each].number for each in present)
