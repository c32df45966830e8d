"""Keys that the settings fix, and the open default account: what tests open accounts with.

Fixed keys belong to the process that has the setting. The database does not know them, so that a
key that anybody can guess opens nothing on the next server.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from backroom.store import keys
from backroom.store.keys import DEFAULT_ACCOUNT, Access

if TYPE_CHECKING:
    from collections.abc import Iterable

    from backroom.store.database import Database, Transaction

KEY_START = "pk_"
_OPEN_ID = "open"
_OWN_ID = "own"


class FixedKeys:
    """What the keys of one server open."""

    def __init__(self) -> None:
        self._opened: dict[str, Access] = {}
        self._open: Access | None = None
        self._own = f"own_{secrets.token_urlsafe(24)}_"
        self.first: tuple[str, str] | None = None
        """The account of the first fixed key, and the key."""

    def prepare(
        self, database: Database, given: Iterable[tuple[str, str]], *, opens_all: bool
    ) -> None:
        """Fix `given` keys, each after the name of its account, and make the accounts that miss.

        With `opens_all` any other key opens the default account. Raises `StoreUnavailable`.
        """
        named = [(account or DEFAULT_ACCOUNT, key) for account, key in given]
        names = [account for account, _ in named] + [DEFAULT_ACCOUNT] * opens_all
        if not names:
            return
        ids = database.write(
            lambda tx: {name: keys.open_account(tx, name) for name in dict.fromkeys(names)}
        ).result()
        for place, (name, key) in enumerate(named, start=1):
            self._opened[key] = Access(ids[name], f"fixed-{place}", None)
        if named:
            self.first = (ids[named[0][0]], named[0][1])
        if opens_all:
            self._open = Access(ids[DEFAULT_ACCOUNT], _OPEN_ID, None)

    def own_key(self, account: str) -> str:
        """Give a key to an account that this process alone knows, and calls itself with."""
        return self._own + account

    def find(self, tx: Transaction, key: str) -> Access | None:
        """Give what a key opens, None if it opens nothing."""
        found = self._opened.get(key) or keys.access_of(tx, key)
        if found is not None:
            return found
        start, account = key[: len(self._own)], key[len(self._own) :]
        if hmac.compare_digest(start.encode(), self._own.encode()):
            return Access(account, _OWN_ID, None)
        return self._open if key.startswith(KEY_START) else None
