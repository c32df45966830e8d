"""What the server has refused in imports of the dashboard, so that it is not sent again.

Each account has one file for all its imports, which lasts as long as the server. Runs that end at
the same time add to it one after the other.
"""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from backroom import clock

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.feeds.refused_rows import RefusedRows

MOST_REFUSALS_KEPT = 50_000
"""Refusals of one account. Each has about 200 bytes. The oldest ones make room."""
MOST_DAYS_KEPT = 7
MOST_ACCOUNTS_KEPT = 50
"""Accounts. The one whose last import ended first makes room."""


@dataclass(frozen=True)
class AccountRefusals:
    """The refusals of one account, in a file."""

    account: str
    place: Path
    lock: threading.Lock

    def give_to(self, refused: RefusedRows) -> None:
        """Let a run know all refusals."""
        refused.name_account(self.account)
        with self.lock:
            refused.take_from(self.place)

    def forget(self) -> None:
        """Forget all refusals, because a run sends everything again."""
        with self.lock:
            self.place.unlink(missing_ok=True)

    def add_from(self, refused: RefusedRows) -> None:
        """Take the refusals that a run has met, and drop those that are too old or too many."""
        since = clock.now() - timedelta(days=MOST_DAYS_KEPT)
        # A disk that is full costs the memory, not the import.
        with self.lock, suppress(OSError):
            self.place.parent.mkdir(exist_ok=True)
            refused.leave_in(self.place, MOST_REFUSALS_KEPT, since)
            places = sorted(self.place.parent.iterdir(), key=lambda each: each.stat().st_mtime)
            for each in places[:-MOST_ACCOUNTS_KEPT]:
                each.unlink()


class ImportRefusals:
    """The refusals of all accounts, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()

    def of(self, account: str) -> AccountRefusals:
        """Give the refusals of an account."""
        name = hashlib.blake2b(account.encode(), digest_size=16).hexdigest()
        return AccountRefusals(account, self._folder / name, self._lock)
