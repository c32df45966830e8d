"""The embedded worker: a thread that applies jobs, accounts in turn, each account's in order.

It wakes when a job was submitted, when a delayed one comes due, and once in a while to remove what
has expired. Its turn is one piece of work among the others of the one writer, so that requests
never wait for more than one job of at most 100 operations.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from backroom import clock
from backroom.jobs import lifecycle
from backroom.jobs.apply import apply
from backroom.jobs.lifecycle import Status
from backroom.store import jobs, keys

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction

log = logging.getLogger(__name__)

STEPS = ("claimed", "begun", "operations_read", "rows_written", "progress_written", "committed")
"""The named steps of a turn, for those who watch it or want to stop it there."""

_SWEEP_SECONDS = 3600.0
_EXPIRED_IN_A_SLICE = 500
_AFTER_FAILURE_SECONDS = 1.0


def _unwatched(_: str) -> None:
    pass


class Worker:
    """Applies the jobs of one database.

    `delay` is the least time that a job waits before it starts; `queues` says that jobs are born
    queued and are to be seen processing before they are complete.
    """

    def __init__(
        self,
        database: Database,
        *,
        delay: timedelta = timedelta(0),
        queues: bool = False,
        on_step: Callable[[str], None] = _unwatched,
    ) -> None:
        self._database = database
        self._delay = delay
        self._queues = queues
        self._on_step = on_step
        self._last_account = ""
        self._nudged = threading.Event()
        self._stopping = False
        self._next_sweep = 0.0
        self._thread = threading.Thread(target=self._run, name="backroom-worker")

    def start(self) -> None:
        """Begin with what an earlier process left."""
        self._thread.start()

    def nudge(self) -> None:
        """Say that there is work."""
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
                log.exception("a job could not be applied; it will be tried again")
                rest = _AFTER_FAILURE_SECONDS
            if rest and not self._stopping:
                self._nudged.wait(rest)

    def _turn(self) -> float:
        """Do the next piece of work and give the seconds until there may be more, 0 for now."""
        if time.monotonic() >= self._next_sweep:
            self._sweep()
            self._next_sweep = time.monotonic() + _SWEEP_SECONDS
        if self._queues and self._database.write(self._begin_next).result():
            self._on_step("begun")
        if self._database.write(self._apply_next).result():
            self._on_step("committed")
            return 0.0
        return self._until_due()

    def _claim(self, tx: Transaction) -> jobs.Waiting | None:
        due = clock.timestamp(clock.now() - self._delay)
        account = jobs.next_account(tx, self._last_account, due)
        return jobs.first_waiting(tx, account) if account else None

    def _claim_in_turn(self, tx: Transaction) -> jobs.Waiting | None:
        """Claim, and let the other accounts go first from now on, whatever becomes of this job."""
        waiting = self._claim(tx)
        if waiting is not None:
            self._last_account = waiting.account
        return waiting

    def _begin_next(self, tx: Transaction) -> bool:
        """Let the next job be seen as processing, where it was born queued."""
        waiting = self._claim(tx)
        if waiting is None or waiting.status != Status.QUEUED:
            return False
        jobs.begin(tx, waiting.account, waiting.job_id, Status.QUEUED, Status.PROCESSING)
        return True

    def _apply_next(self, tx: Transaction) -> bool:
        waiting = self._claim_in_turn(tx)
        if waiting is None:
            return False
        self._on_step("claimed")
        apply(tx, waiting, self._on_step)
        return True

    def _until_due(self) -> float:
        if not self._delay:
            return max(0.0, self._next_sweep - time.monotonic())
        with self._database.read() as tx:
            earliest = jobs.earliest_created(tx)
        if earliest is None:
            return max(0.0, self._next_sweep - time.monotonic())
        due = datetime.fromisoformat(earliest) + self._delay
        return max(0.001, (due - clock.now()).total_seconds())

    def _sweep(self) -> None:
        """Remove jobs that have expired, in slices that let other work between."""
        least = lifecycle.least_id(clock.now())
        with self._database.read() as tx:
            accounts = keys.accounts(tx)
        for account in accounts:
            while not self._stopping:
                removed = self._database.write(
                    lambda tx, account=account: jobs.expire(  # type: ignore[misc]
                        tx, account, least, _EXPIRED_IN_A_SLICE
                    )
                ).result()
                if removed < _EXPIRED_IN_A_SLICE:
                    break
