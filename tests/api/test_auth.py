from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.api.auth import authenticate
from backroom.errors import AuthenticationFailed, NotAuthenticated
from backroom.store import keys
from factories import written

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.keys import Access, NewKey


def a_key(database: Database) -> NewKey:
    return written(database, lambda tx: keys.create(tx, "shop", "test", ["catalogs:read"]))


def opened_by(database: Database, header: str | None) -> tuple[Access, str]:
    with database.read() as tx:
        return authenticate(tx, header)


@pytest.mark.parametrize(
    "form",
    ["Klaviyo-API-Key {}", "klaviyo-api-key {}", "KLAVIYO-API-KEY   {}", "  Klaviyo-API-Key {}  "],
)
def test_private_key_opens_its_account(database: Database, form: str) -> None:
    key = a_key(database)
    access, caller = opened_by(database, form.format(key.key))
    assert access == (key.account, key.key_id, frozenset({"catalogs:read"}))
    assert caller == key.account


def test_private_keys_share_a_caller(database: Database) -> None:
    callers = {opened_by(database, f"Klaviyo-API-Key {a_key(database).key}")[1] for _ in range(3)}
    assert len(callers) == 1


def test_bearer_tokens_count_alone(database: Database) -> None:
    tokens = [a_key(database) for _ in range(3)]
    opened = [opened_by(database, f"Bearer {token.key}") for token in tokens]
    assert {access.account for access, _ in opened} == {tokens[0].account}
    assert len({caller for _, caller in opened}) == 3


@pytest.mark.parametrize(
    "header",
    [None, "", " ", "Klaviyo-API-Key", "Klaviyo-API-Key ", "Klaviyo-API-Key pk_x_y", "Basic YTpi"],
)
def test_other_headers_open_nothing(database: Database, header: str | None) -> None:
    with pytest.raises(NotAuthenticated, match="Missing or invalid private key"):
        opened_by(database, header)


def test_key_without_scheme_opens_nothing(database: Database) -> None:
    with pytest.raises(NotAuthenticated):
        opened_by(database, a_key(database).key)


@pytest.mark.parametrize("header", ["Bearer", "bearer ", "Bearer pk_x_y"])
def test_wrong_tokens_have_their_fault(database: Database, header: str) -> None:
    with pytest.raises(AuthenticationFailed, match="Incorrect authentication credentials"):
        opened_by(database, header)


def test_revoked_keys_open_nothing(database: Database) -> None:
    key = a_key(database)
    written(database, lambda tx: keys.revoke(tx, key.key_id))
    with pytest.raises(NotAuthenticated):
        opened_by(database, f"Klaviyo-API-Key {key.key}")
    with pytest.raises(AuthenticationFailed):
        opened_by(database, f"Bearer {key.key}")
