"""Find the account and the scopes that an `Authorization` header opens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

from backroom.api.caches import BoundedCache
from backroom.api.key_uses import KeyUses
from backroom.errors import (
    AuthenticationFailed,
    InvalidParameter,
    InvalidScheme,
    NotAuthenticated,
)
from backroom.store import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from backroom.store.database import Database, Transaction

    Find = Callable[[Transaction, str], keys.Access | None]

Opened: TypeAlias = tuple[keys.Access, str]
"""What a header opens, and under whose name its requests are counted."""

COMPANY = "company_id"
"""The parameter that names an account by its public id, where no key is needed."""
_PRIVATE_KEY = "klaviyo-api-key"
_BEARER = "bearer"
_KEY_START = "pk_"
_CHECKED_SECONDS = 0.5
"""How long a revoked key may still open its account."""
_MOST_REMEMBERED = 20_000
"""Headers in a generation of the cache, of which there are two: 24 MB in all."""
_REMEMBERED_BYTES = 600
"""About what a header takes, with what it opens, if it is as long as possible."""
_LONGEST_REMEMBERED = 80
"""Characters of a header. Keys are shorter; what is longer has blanks around the key."""


class Keyring:
    """Looks up what headers open, and remembers it until a key changes.

    The database counts how often keys have changed. The keyring asks for this number when half a
    second has passed, and forgets all headers if it is another one. So a revoked key soon opens
    nothing, and a header that is remembered costs no look-up, however rarely it comes. A header
    that opens nothing is looked up each time, so that a new key opens at once.
    """

    def __init__(self, database: Database, find: Find = keys.access_of) -> None:
        self._database = database
        self._find = find
        self._remembered = _new_memory()
        self._changes = -1
        """How often keys had changed when the headers in memory were looked up."""
        self._sure_until = 0.0
        self._uses = KeyUses(database)

    def __len__(self) -> int:
        """Give how many headers are in memory."""
        return len(self._remembered)

    def authenticate(self, header: str | None) -> Opened:
        """Give the same as the function `authenticate`, from memory if the header is there."""
        now = time.monotonic()
        opened = None
        if header is not None and now < self._sure_until:
            opened = self._remembered.get(header)
        if opened is None:
            opened = self._look_up(header, now)
        self._uses.note(opened[0], now)
        return opened

    def _look_up(self, header: str | None, now: float) -> Opened:
        with self._database.read() as tx:
            if now >= self._sure_until:
                self._look_for_changes(tx, now)
            # A change that is found during the look-up replaces the cache. What was read before it
            # then goes into the one that nobody asks any more.
            remembered = self._remembered
            opened = None if header is None else remembered.get(header)
            if opened is None:
                opened = authenticate(tx, header, self._find)
                if header is not None and len(header) <= _LONGEST_REMEMBERED:
                    remembered.keep(header, opened, _REMEMBERED_BYTES)
        return opened

    def _look_for_changes(self, tx: Transaction, now: float) -> None:
        changes = keys.count_key_changes(tx)
        if changes != self._changes:
            self._changes, self._remembered = changes, _new_memory()
        self._sure_until = now + _CHECKED_SECONDS

    def close(self) -> None:
        """Write down which keys were used lately."""
        self._uses.flush()

    def company(self, parameters: Mapping[str, str]) -> Opened:
        """Give what the public id of an account opens without a key, as `company_id` names it.

        Raises `InvalidParameter`. Nobody can do more with it than the paths for browsers allow.
        """
        account = parameters.get(COMPANY)
        if account is None:
            raise InvalidParameter(f"'{COMPANY}' is a required parameter.", COMPANY)
        with self._database.read() as tx:
            if "\0" in account or not keys.has_account(tx, account):
                raise InvalidParameter(f"No account has the public id '{account}'.", COMPANY)
        return keys.Access(account, "", None), f"{account}/public"


def _new_memory() -> BoundedCache[Opened]:
    return BoundedCache(2 * _MOST_REMEMBERED * _REMEMBERED_BYTES)


def authenticate(tx: Transaction, header: str | None, find: Find = keys.access_of) -> Opened:
    """Give what the header opens, and the name under which its requests are counted.

    `find` gives the `Access` of a key, or None.

    Private keys share an account's rates; each bearer token has its own (documented). Raises
    `NotAuthenticated`, `InvalidScheme` or `AuthenticationFailed` (observed: which of them).
    """
    scheme, _, secret = (header or "").strip().partition(" ")
    scheme, secret = scheme.lower(), secret.strip()
    if scheme == _PRIVATE_KEY:
        if access := find(tx, secret):
            return access, access.account
        raise AuthenticationFailed if secret.startswith(_KEY_START) else NotAuthenticated
    if scheme == _BEARER:
        if access := find(tx, secret):
            return access, f"{access.account}/{access.key_id}"
        raise AuthenticationFailed
    raise InvalidScheme if scheme else NotAuthenticated
