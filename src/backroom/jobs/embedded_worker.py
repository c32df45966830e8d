"""The embedded worker: a thread of a server on SQLite, which applies that server's jobs.

Accounts take turns, a job each; an account's own jobs are applied oldest first. One turn of the
thread does the first of these that there is to do:

1. Once an hour: remove expired jobs.
2. Apply the next account's oldest job. After many: drop the operations of older complete ones.
3. Remove some links of deleted categories.
4. Sleep until there may be more to do. `announce` wakes the thread, and so does a clock that is
   moved. It also wakes when the first delayed job comes due, when a paused account may try again,
   and when it is time to poll.

Looking for work is a read, which on SQLite costs the one writer nothing. Only a turn that has found
a job gives work to the writer's thread: one transaction of at most 100 operations, which queues
there with the writes of requests. So no request waits for more than one job.

`announce` may be called from any thread, after the job was committed. No wake-up is lost: the
thread clears the event before it looks, so a job that comes after the look sets the event again,
and the thread does not sleep.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from backroom import clock, events
from backroom.jobs import housekeeping
from backroom.jobs.next_job import NotApplied
from backroom.store.database import StoreUnavailable

if TYPE_CHECKING:
    from backroom.jobs.next_job import NextJob
    from backroom.store.database import Database, Transaction
    from backroom.store.signals import Signal

log = logging.getLogger(__name__)

_EXPIRE_SECONDS = 3600.0
_RETRY_SECONDS = 1.0
_POLL_SECONDS = 5.0
"""The longest pause between polls for work that nobody announced.

Another server on the same file may have died with jobs that it had accepted.
"""


class EmbeddedWorker:
    """Applies the jobs of a database that only this process writes to."""

    def __init__(self, database: Database, next_job: NextJob) -> None:
        self._database = database
        self._next_job = next_job
        self._last_account = ""
        """The account that had the last turn; the next one comes after it by name."""
        self._chosen = ""
        """The account of the attempt that is under way."""
        self._paused: dict[str, float] = {}
        """Accounts whose job failed by a fault of the server, and until when they pause."""
        self._earliest: str | None = None
        """When the oldest job was created, where jobs are delayed and none is due."""
        self._next_poll = 0.0
        self._next_expiry = 0.0
        self._woken = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="backroom-worker")

    def start(self) -> None:
        """Start the thread. It begins with the jobs that an earlier process has left."""
        clock.watch(self._woken.set)
        self._thread.start()

    def announce(self, account: str) -> None:  # noqa: ARG002 - the worker looks by itself
        """Wake the worker, as an account has new work."""
        # While jobs are delayed and none is due, a new one is due later still. Waking up for each
        # would keep the thread busy for nothing.
        if not self._all_are_delayed():
            self._woken.set()

    def state(self) -> str:
        """Say where jobs are applied."""
        return "here"

    def asked(self, _: Transaction) -> list[Signal]:
        """Give nothing: the database of this thread has no other workers to ask for."""
        return []

    def stop(self) -> None:
        """Finish the job that is being applied, and end the thread."""
        self._stopping = True
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
            clock.unwatch(self._woken.set)

    def _run(self) -> None:
        while not self._stopping:
            self._woken.clear()
            try:
                pause = self._turn()
            except Exception:
                log.exception(events.WORKER_FAILED)
                pause = _RETRY_SECONDS
            if pause and not self._stopping:
                self._woken.wait(pause)

    def _turn(self) -> float:
        """Do one piece of work; give the seconds until there may be more, 0 for at once."""
        self._next_job.deaths.look(self._database)
        if clock.steady() >= self._next_expiry:
            housekeeping.expire(self._database, lambda: self._stopping)
            self._next_job.keeping.drop(self._database, lambda: self._stopping)
            self._next_expiry = clock.steady() + _EXPIRE_SECONDS
        if not self._all_are_delayed() and self._finds_due_job() and self._apply_next():
            self._next_job.keeping.note(1, self._database, lambda: self._stopping)
            return 0.0
        if housekeeping.empty_categories(self._database):
            return 0.0
        return self._seconds_until_more()

    def _all_are_delayed(self) -> bool:
        """Whether no job is due, as far as that is known without asking the database."""
        earliest = self._earliest
        # Which jobs a test has planned otherwise, only the pace knows.
        if self._next_job.turns.pacing.pace is not None:
            return False
        if earliest is None or time.monotonic() >= self._next_poll:
            return False
        return self._next_job.turns.seconds_until_due(earliest) > 0

    def _finds_due_job(self) -> bool:
        """Look whether a job is due. If none is, remember when the first one will be."""
        now = time.monotonic()
        self._paused = {account: end for account, end in self._paused.items() if end > now}
        self._next_poll = now + _POLL_SECONDS
        with self._database.read() as tx:
            if self._next_account(tx) is not None:
                return True
            self._earliest = (
                self._next_job.turns.earliest_usual(tx) if self._next_job.turns.delay else None
            )
        return False

    def _apply_next(self) -> bool:
        """Apply the next job. Where that fails by a fault of the server, only its account pauses.

        A store that is unavailable is no account's fault: then the whole worker pauses.
        """
        self._chosen = ""
        try:
            return self._next_job.apply(self._choose)
        except NotApplied as failure:
            self._paused[self._chosen] = time.monotonic() + failure.pause
            return True
        except StoreUnavailable:
            raise
        except Exception:
            if not self._chosen:
                raise
            log.exception(events.ACCOUNT_FAILED, self._chosen)
            self._paused[self._chosen] = time.monotonic() + _RETRY_SECONDS
            return True

    def _choose(self, tx: Transaction) -> str | None:
        """Give the account whose turn it is, and end its turn, even if the job then fails."""
        account = self._next_account(tx)
        if account is not None:
            self._chosen = self._last_account = account
        return account

    def _next_account(self, tx: Transaction) -> str | None:
        """Give the next account that has a due job and is not paused."""
        passed: set[str] = set()
        account = self._next_job.turns.next_account(tx, self._last_account)
        while account in self._paused and account not in passed:
            passed.add(account)
            account = self._next_job.turns.next_account(tx, account)
        return None if account in passed else account

    def _seconds_until_more(self) -> float:
        moments = (self._next_poll, *self._paused.values())
        expiry = clock.real_seconds(self._next_expiry - clock.steady())
        pause = min(min(moments) - time.monotonic(), expiry)
        if self._earliest is not None and not self._paused:
            due = self._next_job.turns.seconds_until_due(self._earliest)
            pause = min(pause, clock.real_seconds(due))
        return max(0.001, pause)
