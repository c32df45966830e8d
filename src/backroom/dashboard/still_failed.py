"""What still needs attention: the newest failures, without those that were corrected since.

The answer for a job or an import stands for some seconds: it takes a look at each resource that
failed, and the overview of an open browser asks every two seconds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import msgspec

from backroom.control.corrected import number_corrected, rows_loaded_since
from backroom.control.import_outcome import ImportOutcome
from backroom.store import activity, imports

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.activity import FailedJob
    from backroom.store.database import Transaction
    from backroom.store.imports import KeptImport

T = TypeVar("T")

_MOST_JOBS = 8
_MOST_IMPORTS = 4
"""How many are given."""
_LOOKED_AT_TIMES = 5
"""So many times as many are looked at."""
_OPEN_SECONDS = 2.0
_CORRECTED_SECONDS = 60.0
"""How long it stands whether a failure was corrected."""


class StillFailed(NamedTuple):
    """Failed jobs and imports, each with how many of its failures were corrected since.

    `corrected` is how many newer ones were left out, because all of their failures were.
    """

    jobs: list[tuple[FailedJob, int]]
    imports: list[tuple[KeptImport, int]]
    corrected: int


class Failures:
    """The newest failures of all accounts. `now` gives seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[tuple[str, str], tuple[float, int]] = {}
        """Until when it stands how many failures of a job or an import were corrected."""

    def still_there(self, tx: Transaction) -> StillFailed:
        """Give the newest that were not corrected as a whole."""
        jobs = [
            (each, self._number((each.account, each.job_id), each.failed_count, _of_job, tx, each))
            for each in activity.newest_failed(tx, _MOST_JOBS * _LOOKED_AT_TIMES)
        ]
        kept = [
            (each, self._number((each.account, each.import_id), each.failed, _of_import, tx, each))
            for each in imports.newest_failed_imports(tx, _MOST_IMPORTS * _LOOKED_AT_TIMES)
        ]
        shown = {(one.account, one.job_id) for one, _ in jobs}
        shown |= {(one.account, one.import_id) for one, _ in kept}
        self._known = {which: known for which, known in self._known.items() if which in shown}
        open_jobs = [(one, number) for one, number in jobs if number < one.failed_count]
        open_imports = [(one, number) for one, number in kept if number < (one.failed or 0)]
        return StillFailed(
            open_jobs[:_MOST_JOBS],
            open_imports[:_MOST_IMPORTS],
            len(jobs) + len(kept) - len(open_jobs) - len(open_imports),
        )

    def _number(
        self,
        which: tuple[str, str],
        failed: int | None,
        count: Callable[[Transaction, T], int],
        tx: Transaction,
        one: T,
    ) -> int:
        """Give how many failures of one were corrected, as it stood a moment ago."""
        known = self._known.get(which)
        if known is None or known[0] <= self._now():
            corrected = count(tx, one)
            stands = _OPEN_SECONDS if corrected < (failed or 0) else _CORRECTED_SECONDS
            known = self._known[which] = (self._now() + stands, corrected)
        return known[1]


def _of_job(tx: Transaction, job: FailedJob) -> int:
    return number_corrected(tx, job.account, job)


def _of_import(tx: Transaction, each: KeptImport) -> int:
    found = imports.kept_import(tx, each.account, each.import_id)
    if found is None:
        return 0
    outcome = msgspec.json.decode(found[1], type=ImportOutcome)
    return len(rows_loaded_since(tx, each.account, outcome, each.created_at))
