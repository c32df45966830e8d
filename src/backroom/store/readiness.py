"""Whether a database could write now, without a write for each question.

The last write says it for a while. Where it failed, or was long ago, the next question has one
tried. Both engines use this; what else they look at is their own.
"""

from __future__ import annotations

import logging
import math
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from backroom import events
from backroom.store.database import StoreUnavailable, Undone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Transaction
    from backroom.store.job_rows import Waiting

log = logging.getLogger(__name__)

TRUSTED_SECONDS = 30.0
"""How long a write that succeeded speaks for the next one."""
_AGAIN_SECONDS = 1.0
"""The pause between two tries while writes fail."""
_CATALOG_TABLES = ("items", "variants", "categories", "item_categories")
"""The tables that jobs change."""


class Readiness:
    """What the writes of a database have shown."""

    def __init__(self) -> None:
        self._succeeded = self._tried = -math.inf
        self._failure = ""
        """Why the last write failed, empty if it did not."""
        self._damage = ""
        """Why the file is damaged for good, empty if it is not."""
        self._said = ""
        """Why the database is not ready, as the log has it; empty while it is ready."""

    def succeeded(self) -> None:
        """Remember that a write is on disk."""
        self._succeeded = time.monotonic()
        self._failure = ""

    def failed(self, reason: str) -> None:
        """Remember why a write could not be done."""
        self._failure = reason

    def damaged(self, reason: str) -> None:
        """Remember a fault that no later write heals."""
        self._damage = reason

    def must_try(self) -> bool:
        """Whether only a write can tell. Raises `StoreUnavailable` if it is known that none can."""
        now = time.monotonic()
        if self._damage:
            raise StoreUnavailable(self._damage)
        if not self._failure:
            return now - self._succeeded > TRUSTED_SECONDS
        if now - self._tried < _AGAIN_SECONDS:
            raise StoreUnavailable(self._failure)
        return True

    def begin_try(self) -> None:
        """Remember that a write is being tried."""
        self._tried = time.monotonic()

    @contextmanager
    def changes_logged(self) -> Iterator[None]:
        """Log what a look finds, each time that it differs from the look before."""
        try:
            yield
        except StoreUnavailable as error:
            if self._said != (reason := str(error)):
                self._said = reason
                log.error(events.NOT_READY, reason)  # noqa: TRY400 - the look was ours
            raise
        if self._said:
            self._said = ""
            log.warning(events.READY_AGAIN)


class _Enough(Exception):
    """The proof has written enough, and its transaction is undone."""


def prove_writable(tx: Transaction, job: Waiting) -> None:
    """Write as much as a job's operations take, and undo it.

    Raises, or makes the transaction fail, where nobody could apply the job now: the disk is full,
    or the tables of the catalog are locked.
    """

    def take_room() -> None:
        tx.run(
            "insert into job_operations (account, job_id, operations)"
            " select account, job_id || ' again', operations from job_operations"
            " where account = :account and job_id = :job_id",
            account=job.account,
            job_id=job.job_id,
        )
        raise _Enough

    tx.connection.wait_for(_CATALOG_TABLES)
    with suppress(Undone):
        tx.attempt(take_room)
