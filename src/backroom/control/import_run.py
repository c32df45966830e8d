"""One run of an imported file through the API: a dry run, or the real one, and its outcome.

It sends what `backroom import` sends, to this very server, with a key that is made for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backroom import clock
from backroom.catalog.operations import body_limit
from backroom.control.import_check import checked_by
from backroom.control.import_outcome import outcome_of_import
from backroom.feeds.api_client import ApiClient
from backroom.feeds.client_errors import RefusedError, UnreachableError
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.encoding import LARGEST_BODY
from backroom.feeds.feed_options import FeedOptions
from backroom.feeds.formats import open_feed
from backroom.feeds.ledger import Ledger
from backroom.feeds.loading import Loader
from backroom.feeds.loading import Options as LoadOptions
from backroom.feeds.mirroring import RemovalLimit, TooManyRemovalsError, plan_removals
from backroom.feeds.refused_rows import RefusedRows, RefusingTarget
from backroom.feeds.rehearsal import Rehearsal
from backroom.feeds.reporting import Report, csv_lines_of, json_lines_of
from backroom.feeds.rows import FeedError
from backroom.feeds.staging import stage
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from backroom.control.import_outcome import ImportOutcome
    from backroom.control.import_refusals import AccountRefusals
    from backroom.feeds.formats import Feed
    from backroom.feeds.number_style import NumberStyle
    from backroom.feeds.rows import Finding, Row

PATIENCE = 600.0
"""Seconds to wait for a job, and for a request that is put off."""
_ENVELOPE_BYTES = 100_000
SENDS_AGAIN = "Also send the rows that the server refused before"
"""What the pages call the option that findings name."""


class Cancelled(Exception):
    """Somebody has ended the import. Jobs that were sent go on."""


@dataclass(frozen=True)
class ImportOptions:
    """How a file is read, and what is done with its rows. `max_delete` bounds a mirror."""

    mode: str = "upsert"
    shop_url: str = ""
    numbers: NumberStyle | None = None
    max_delete: str = "10%"
    retry_refused: bool = False
    """Whether rows are sent that the server has refused in an earlier import."""


@dataclass
class RunProgress:
    """How far a run is: rows that were read, and rows that are settled, with all, by kind."""

    read: int = 0
    settled: dict[str, int] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    waiting: str = ""


class ImportRun:
    """One run. `cancelled` is looked at all the time, and ends it where it says so."""

    def __init__(
        self,
        path: Path,
        options: ImportOptions,
        url: str,
        cancelled: Any,
        refusals: AccountRefusals | None = None,
    ) -> None:
        """`refusals` are those of earlier imports of the account. The run adds its own to them."""
        self.progress = RunProgress()
        self._path = path
        self._options = options
        self._url = url
        self._cancelled = cancelled
        self._refusals = refusals
        self._refused: RefusedRows | None = None
        self._feed: Feed | None = None

    def run(self, key: str, *, dry: bool) -> ImportOutcome:
        """Run the file, and write the report beside it. It raises nothing that a file can cause."""
        mode = MODES[self._options.mode]
        report = Report(self._path.name, self._url, mode, dry_run=dry)
        began = time.monotonic()
        # A ledger of this run alone: what a server has now decides what is done.
        report.ledger = ledger = _WatchedLedger(None)
        ledger.watch = self._read
        try:
            self._run(key, report, ledger, dry=dry)
        except Cancelled:
            report.error = "cancelled; jobs already sent go on"
        except (
            FeedError,
            RefusedError,
            UnreachableError,
            TooManyRemovalsError,
            ValueError,
        ) as error:
            report.error = str(error)
        if self._refusals is not None and self._refused is not None and not dry:
            self._refusals.add_from(self._refused)
        report.seconds = round(time.monotonic() - began, 3)
        report.count()
        try:
            self._write(report)
            return outcome_of_import(report, ledger, self._feed)
        finally:
            if self._feed is not None:
                self._feed.close()
            ledger.close()

    def _run(self, key: str, report: Report, ledger: Ledger, *, dry: bool) -> None:
        options = self._options
        limit = RemovalLimit(options.max_delete)
        feed = open_feed(
            self._path,
            options=FeedOptions(
                shop_url=options.shop_url, numbers=options.numbers, today=clock.now().date()
            ),
        )
        self._feed = feed
        report.feed = feed.described
        stage(feed, ledger, {})
        report.count()
        client = ApiClient(self._url, key, NEWEST, PATIENCE)
        client.asking, client.waiting = self._check, self._wait
        comparison = Comparison(client, ledger, report.mode)
        comparison.refusals = self._refused = self._known_refusals(key, ledger, dry=dry)
        if report.mode.mirrors:
            plan_removals(comparison, limit)
            report.count()
        totals = {kind.name: report.rows_of(kind.name) for kind in report.mode.order}
        self.progress.totals = {kind: total for kind, total in totals.items() if total}
        if dry:
            Rehearsal(comparison, checked_by(NEWEST)).run(self._settle)
        else:
            largest = min(body_limit(NEWEST) - _ENVELOPE_BYTES, LARGEST_BODY)
            Loader(comparison, client, LoadOptions(largest=largest, patience=PATIENCE)).run(
                self._settle
            )

    def _known_refusals(self, key: str, ledger: Ledger, *, dry: bool) -> RefusedRows | None:
        if self._refusals is None:
            return None
        target = RefusingTarget(self._url, key, NEWEST, f'"{SENDS_AGAIN}" sends it')
        found = RefusedRows(ledger, target, clock.now())
        if not self._options.retry_refused:
            self._refusals.give_to(found)
        elif not dry:
            found.name_account(self._refusals.account)
            self._refusals.forget()
        return found

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
        self.progress.waiting = ""

    def _wait(self, _: float, reason: str) -> None:
        self._check()
        self.progress.waiting = reason

    def _settle(self, kind: str, settled: int) -> None:
        self._check()
        self.progress.settled = {**self.progress.settled, kind: settled}

    def _read(self) -> None:
        self._check()
        self.progress.read += 1

    def _write(self, report: Report) -> None:
        """Write the whole report as JSON and CSV."""
        # A spreadsheet takes a CSV file without a mark for one in an old encoding.
        for name, lines, encoding in (
            (REPORT_JSON, json_lines_of(report), "utf-8"),
            (REPORT_CSV, csv_lines_of(report), "utf-8-sig"),
        ):
            place = self._path.parent.parent / name
            with place.open(
                "w", encoding=encoding, errors="backslashreplace", newline="\n"
            ) as file:
                for line in lines:
                    file.write(f"{line}\n")


REPORT_JSON, REPORT_CSV = "report.json", "report.csv"


class _WatchedLedger(Ledger):
    """A ledger that tells of each row that it takes."""

    watch: Any = None

    def stage(self, found: Iterable[Row | Finding]) -> None:
        super().stage(self._watched(found))

    def _watched(self, found: Iterable[Row | Finding]) -> Iterator[Row | Finding]:
        for each in found:
            self.watch()
            yield each
