"""The embedded worker: a thread that applies jobs, accounts in turn, each account's in order.

It wakes when a job was submitted, when a delayed one comes due, and once in a while to remove what
has expired; with nothing else to do it removes the links of categories that are gone. Its turn is
one piece of work among the others of the one writer, so that requests never wait for more than one
job of at most 100 operations.
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
        self._chosen: str | None = None
        self._resting: dict[str, float] = {}
        self._nudged = threading.Event()
        self._stopping = False
        self._next_sweep = 0.0
        self._thread = threading.Thread(target=self._run, name="backroom-worker")

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._thread.start()

    def nudge(self, account: str) -> None:  # noqa: ARG002 - it looks for itself
        """Say that an account has work."""
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
            self._chosen = None
            try:
                rest = self._turn()
            except Exception as error:
                log.exception("a job could not be applied; it will be tried again")
                rest = self._after(error)
            if rest and not self._stopping:
                self._nudged.wait(rest)

    def _after(self, error: Exception) -> float:
        """Give the seconds to rest; where it is one account's fault, that account alone rests."""
        if self._chosen is None or isinstance(error, StoreUnavailable):
            return _AFTER_FAILURE_SECONDS
        self._resting[self._chosen] = time.monotonic() + _AFTER_FAILURE_SECONDS
        return 0.0

    def _turn(self) -> float:
        """Do the next piece of work and give the seconds until there may be more, 0 for now."""
        if time.monotonic() >= self._next_sweep:
            housekeeping.expire(self._database, lambda: self._stopping)
            self._next_sweep = time.monotonic() + _SWEEP_SECONDS
        after = self._last_account
        if self._drain.apply_next(lambda tx: self._choose(tx, after)):
            return 0.0
        if housekeeping.empty_categories(self._database):
            return 0.0
        return self._until_due()

    def _choose(self, tx: Transaction, after: str) -> str | None:
        """Give the account whose turn it is; the others go first from now on, come what may."""
        now = time.monotonic()
        self._resting = {each: until for each, until in self._resting.items() if until > now}
        account = jobs.next_account(tx, after, self._drain.due())
        first = account
        while account in self._resting:
            account = jobs.next_account(tx, account, self._drain.due())
            if account == first:
                return None
        if account is not None:
            self._last_account = self._chosen = account
        return account

    def _until_due(self) -> float:
        nearest = min([self._next_sweep, *self._resting.values()])
        until_look = min(_LOOK_SECONDS, max(0.001, nearest - time.monotonic()))
        if not self._drain.delay:
            return until_look
        with self._database.read() as tx:
            earliest = jobs.earliest_created(tx)
        if earliest is None:
            return until_look
        return min(until_look, max(0.001, self._drain.seconds_until_due(earliest)))
