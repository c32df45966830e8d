"""Find the account and the scopes that an `Authorization` header opens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeAlias

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
_REMEMBERED_SECONDS = 0.5
"""How long a revoked key may still open its account."""
_MOST_REMEMBERED = 5_000
"""Headers in a generation, of which there are two: some 6 MB if all are as long as possible."""
_LONGEST_REMEMBERED = 80
"""Characters of a header. Keys are shorter; what is longer has blanks around the key."""


class Keyring:
    """Looks up what headers open, and remembers it for a moment: then a revoked key opens nothing.

    A header that opens nothing is looked up each time, so that a new key opens at once.

    Headers are remembered in the generation of the moment in which they were looked up. A look-up
    begins a new generation when the young one is full, or older than any header is remembered; the
    old one is dropped as a whole. So the memory is bounded, and headers that follow each other
    quickly do not drive each other out.
    """

    def __init__(self, database: Database, find: Find = keys.access_of) -> None:
        self._database = database
        self._find = find
        self._young: dict[str, tuple[float, Opened]] = {}
        self._old: dict[str, tuple[float, Opened]] = {}
        self._turn = 0.0
        """When the young generation becomes the old one."""
        self._uses = KeyUses(database)

    def __len__(self) -> int:
        """Give how many headers are in memory."""
        return len(self._young) + len(self._old)

    def authenticate(self, header: str | None) -> Opened:
        """Give the same as the function `authenticate`, from memory if the header is there."""
        now = time.monotonic()
        if header is not None:
            for generation in (self._young, self._old):
                remembered = generation.get(header)
                if remembered is not None and now < remembered[0]:
                    return remembered[1]
        with self._database.read() as tx:
            opened = authenticate(tx, header, self._find)
        self._uses.note(opened[0], now)
        if header is not None and len(header) <= _LONGEST_REMEMBERED:
            self._remember(header, now, opened)
        return opened

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

    def _remember(self, header: str, now: float, opened: Opened) -> None:
        # Threads may come here at the same time. The worst that happens is that one generation is
        # dropped too early, and its headers are looked up again.
        if now >= self._turn or len(self._young) >= _MOST_REMEMBERED:
            self._old, self._young = self._young, {}
            self._turn = now + _REMEMBERED_SECONDS
        self._young[header] = (now + _REMEMBERED_SECONDS, opened)


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
