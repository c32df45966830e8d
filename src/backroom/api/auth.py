"""The `Authorization` header to what it opens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.errors import AuthenticationFailed, NotAuthenticated
from backroom.store import keys

if TYPE_CHECKING:
    from backroom.store.database import Transaction

_PRIVATE_KEY = "klaviyo-api-key"
_BEARER = "bearer"


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
