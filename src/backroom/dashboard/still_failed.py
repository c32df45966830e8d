"""What still needs attention: the newest failures, without those that were corrected since.

The answer for a job or an import stands for some seconds: it takes a look at each resource that
failed, and the overview of an open browser asks every two seconds.
"""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

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


class _Failed(NamedTuple, Generic[T]):
    """A job or an import, which one it is, and how many failures it had."""

    one: T
    which: tuple[str, str]
    failures: int


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
        before, self._known = self._known, {}
        jobs = [
            _Failed(each, (each.account, each.job_id), each.failed_count)
            for each in activity.newest_failed(tx, _MOST_JOBS * _LOOKED_AT_TIMES)
        ]
        kept = [
            _Failed(each, (each.account, each.import_id), each.failed or 0)
            for each in imports.newest_failed_imports(tx, _MOST_IMPORTS * _LOOKED_AT_TIMES)
        ]
        open_jobs, corrected = self._still_open(before, jobs, partial(_of_job, tx), _MOST_JOBS)
        loaded = partial(_of_import, tx)
        open_imports, others = self._still_open(before, kept, loaded, _MOST_IMPORTS)
        return StillFailed(open_jobs, open_imports, corrected + others)

    def _still_open(
        self,
        before: dict[tuple[str, str], tuple[float, int]],
        failed: list[_Failed[T]],
        count: Callable[[T], int],
        most: int,
    ) -> tuple[list[tuple[T, int]], int]:
        """Give the first that were not corrected as a whole, and the number of others before."""
        found: list[tuple[T, int]] = []
        corrected = 0
        for each in failed:
            if len(found) == most:
                break
            known = before.get(each.which)
            if known is None or known[0] <= self._now():
                number = count(each.one)
                stands = _OPEN_SECONDS if number < each.failures else _CORRECTED_SECONDS
                known = (self._now() + stands, number)
            self._known[each.which] = known
            if known[1] < each.failures:
                found.append((each.one, known[1]))
            else:
                corrected += 1
        return found, corrected


def _of_job(tx: Transaction, job: FailedJob) -> int:
    return number_corrected(tx, job.account, job)


def _of_import(tx: Transaction, each: KeptImport) -> int:
    found = imports.kept_import(tx, each.account, each.import_id)
    if found is None:
        return 0
    outcome = msgspec.json.decode(found[1], type=ImportOutcome)
    return len(rows_loaded_since(tx, each.account, outcome, each.created_at))
