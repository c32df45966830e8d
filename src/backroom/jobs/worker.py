"""The embedded worker: a thread that applies jobs, accounts in turn, each account's in order.

It wakes when a job was submitted, when a delayed one comes due, and once in a while to remove what
has expired; with nothing else to do it removes the links of categories that are gone. It looks for
work where reading costs the one writer nothing; what it finds is one piece of work among the others
there, so that requests never wait for more than one job of at most 100 operations.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from backroom.jobs import housekeeping
from backroom.store import jobs
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from backroom.jobs.drain import Drain
    from backroom.store.database import Database, Transaction

log = logging.getLogger(__name__)

_SWEEP_SECONDS = 3600.0
_AFTER_FAILURE_SECONDS = 1.0
_LOOK_SECONDS = 5.0
"""How long at most until it looks for work that nobody told it of.

A second server on the same file may have died with jobs that it accepted.
"""


class Worker:
    """Applies the jobs of a database that only this process writes to."""

    def __init__(self, database: Database, drain: Drain) -> None:
        self._database = database
        self._drain = drain
        self._last_account = ""
        self._chosen = ""
        self._resting: dict[str, float] = {}
        """Accounts whose job failed by a fault of ours, and until when they rest."""
        self._earliest: str | None = None
        """When the oldest job was created, where jobs are delayed and that one isn't due."""
        self._next_look = 0.0
        self._nudged = threading.Event()
        self._stopping = False
        self._next_sweep = 0.0
        self._thread = threading.Thread(target=self._run, name="backroom-worker")

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._thread.start()

    def nudge(self, account: str) -> None:  # noqa: ARG002 - it looks for itself
        """Say that an account has work."""
        # Links of a category that is gone may wait with them.
        if not self._all_wait():
            self._nudged.set()

    def stop(self) -> None:
        """Finish the running job and start no other."""
        self._stopping = True
        self._nudged.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping:
            self._nudged.clear()
            try:
                rest = self._turn()
            except Exception:
                log.exception("the worker could not go on; it will try again")
                rest = _AFTER_FAILURE_SECONDS
            if rest and not self._stopping:
                self._nudged.wait(rest)

    def _turn(self) -> float:
        """Do the next piece of work and give the seconds until there may be more, 0 for now."""
        if time.monotonic() >= self._next_sweep:
            housekeeping.expire(self._database, lambda: self._stopping)
            self._next_sweep = time.monotonic() + _SWEEP_SECONDS
        if not self._all_wait() and self._sees_due() and self._apply_next():
            return 0.0
        if housekeeping.empty_categories(self._database):
            return 0.0
        return self._until_more()

    def _all_wait(self) -> bool:
        """Whether the oldest job is known and isn't due; what was accepted since is later still."""
        earliest = self._earliest
        if earliest is None or time.monotonic() >= self._next_look:
            return False
        return self._drain.seconds_until_due(earliest) > 0

    def _sees_due(self) -> bool:
        """Look whether a job is due, and where none is, when the first one will be."""
        now = time.monotonic()
        self._resting = {each: end for each, end in self._resting.items() if end > now}
        self._next_look = now + _LOOK_SECONDS
        with self._database.read() as tx:
            if self._whose_turn(tx) is not None:
                return True
            self._earliest = jobs.earliest_created(tx) if self._drain.delay else None
        return False

    def _apply_next(self) -> bool:
        """Apply the next job. Where that fails by a fault of ours, its account alone rests."""
        self._chosen = ""
        try:
            return self._drain.apply_next(self._choose)
        except StoreUnavailable:
            raise
        except Exception:
            if not self._chosen:
                raise
            log.exception("a job of %s could not be applied; it will be tried again", self._chosen)
            self._resting[self._chosen] = time.monotonic() + _AFTER_FAILURE_SECONDS
            return True

    def _choose(self, tx: Transaction) -> str | None:
        """Give the account whose turn it is; the others go first from now on, come what may."""
        account = self._whose_turn(tx)
        if account is not None:
            self._chosen = self._last_account = account
        return account

    def _whose_turn(self, tx: Transaction) -> str | None:
        """Give the next account with a job that is due and that doesn't rest."""
        due = self._drain.due()
        passed: set[str] = set()
        account = jobs.next_account(tx, self._last_account, due)
        while account in self._resting and account not in passed:
            passed.add(account)
            account = jobs.next_account(tx, account, due)
        return None if account in passed else account

    def _until_more(self) -> float:
        moments = (self._next_look, self._next_sweep, *self._resting.values())
        rest = min(moments) - time.monotonic()
        if self._earliest is not None and not self._resting:
            rest = min(rest, self._drain.seconds_until_due(self._earliest))
        return max(0.001, rest)
