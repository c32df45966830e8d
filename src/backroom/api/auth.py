"""The `Authorization` header to what it opens."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from backroom.errors import AuthenticationFailed, NotAuthenticated
from backroom.store import keys

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

_PRIVATE_KEY = "klaviyo-api-key"
_BEARER = "bearer"
_REMEMBERED_SECONDS = 0.5
_MOST_REMEMBERED = 1000


class Keyring:
    """Looks up what headers open, and remembers it for a moment: a revoked key opens no longer.

    What opens nothing is looked up each time, so that a new key opens at once.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._remembered: dict[str | None, tuple[float, tuple[keys.Access, str]]] = {}

    def authenticate(self, header: str | None) -> tuple[keys.Access, str]:
        """Give what `authenticate` does."""
        now = time.monotonic()
        until, opened = self._remembered.get(header, (0.0, None))
        if opened is not None and now < until:
            return opened
        with self._database.read() as tx:
            opened = authenticate(tx, header)
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[header] = (now + _REMEMBERED_SECONDS, opened)
        return opened


def authenticate(tx: Transaction, header: str | None) -> tuple[keys.Access, str]:
    """Give what the header opens, and under whose name its requests are counted.

    Private keys share an account's rates; each bearer token has its own (documented). Raises
    `NotAuthenticated`, or `AuthenticationFailed` for a bearer token.
    """
    scheme, _, secret = (header or "").strip().partition(" ")
    scheme, secret = scheme.lower(), secret.strip()
    if scheme == _PRIVATE_KEY and (access := keys.find(tx, secret)):
        return access, access.account
    if scheme == _BEARER:
        if access := keys.find(tx, secret):
            return access, f"{access.account}/{access.key_id}"
        raise AuthenticationFailed
    raise NotAuthenticated
