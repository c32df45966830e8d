from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from backroom.api import auth
from backroom.api.auth import Keyring, authenticate
from backroom.errors import AuthenticationFailed, InvalidScheme, NotAuthenticated
from backroom.store import keys
from support.factories import written

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction
    from backroom.store.keys import Access, NewKey


MANY = 1_500


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The clock of all keyrings stands until it is moved on."""
    moment = 1000.0

    def move(seconds: float) -> None:
        nonlocal moment
        moment += seconds

    monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: moment))
    return move


def a_key(database: Database) -> NewKey:
    return written(database, lambda tx: keys.create(tx, "shop", "test", ["catalogs:read"]))


def opened_by(database: Database, header: str | None) -> tuple[Access, str]:
    with database.read() as tx:
        return authenticate(tx, header)


def some_headers(database: Database, count: int) -> list[str]:
    def make(tx: Transaction) -> list[str]:
        return [f"Bearer {keys.create(tx, 'shop', 'test', []).key}" for _ in range(count)]

    return written(database, make)


def revoke_all(database: Database) -> None:
    written(database, lambda tx: tx.run("update keys set revoked_at = 'now'"))


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
    [None, "", " ", "Klaviyo-API-Key", "Klaviyo-API-Key ", "Klaviyo-API-Key invalid"],
)
def test_other_headers_open_nothing(database: Database, header: str | None) -> None:
    with pytest.raises(NotAuthenticated, match="Missing or invalid private key"):
        opened_by(database, header)


@pytest.mark.parametrize("form", ["{}", "Basic {}", "Klaviyo {}", "pk {}", "{} Bearer"])
def test_other_schemes_open_nothing(database: Database, form: str) -> None:
    with pytest.raises(InvalidScheme, match="Please use Klaviyo-API-Key"):
        opened_by(database, form.format(a_key(database).key))


@pytest.mark.parametrize(
    "header",
    ["Bearer", "bearer ", "Bearer pk_x_y", "Klaviyo-API-Key pk_x_y", "klaviyo-api-key pk_0000"],
)
def test_unknown_keys_have_their_fault(database: Database, header: str) -> None:
    with pytest.raises(AuthenticationFailed, match="Incorrect authentication credentials"):
        opened_by(database, header)


def test_revoked_keys_open_nothing(database: Database) -> None:
    key = a_key(database)
    written(database, lambda tx: keys.revoke(tx, key.key_id))
    for scheme in ("Klaviyo-API-Key", "Bearer"):
        with pytest.raises(AuthenticationFailed):
            opened_by(database, f"{scheme} {key.key}")


@pytest.mark.slow
@pytest.mark.usefixtures("wait")
def test_many_keys_are_remembered(database: Database) -> None:
    keyring, headers = Keyring(database), some_headers(database, MANY)
    opened = [keyring.authenticate(each) for each in headers]
    revoke_all(database)
    assert [keyring.authenticate(each) for each in headers] == opened


def test_keyring_forgets_soon(database: Database, wait: Callable[[float], None]) -> None:
    keyring, headers = Keyring(database), some_headers(database, 10)
    for each in headers:
        keyring.authenticate(each)
        wait(0.01)
    revoke_all(database)
    wait(0.49)
    for each in headers:
        with pytest.raises(AuthenticationFailed):
            keyring.authenticate(each)


def test_rare_keys_are_remembered(database: Database, wait: Callable[[float], None]) -> None:
    found = []

    def find(tx: Transaction, key: str) -> Access | None:
        found.append(key)
        return keys.access_of(tx, key)

    keyring, header = Keyring(database, find), f"Bearer {a_key(database).key}"
    for _ in range(5):
        keyring.authenticate(header)
        wait(3600)
    assert len(found) == 1


def test_other_scopes_are_soon_in_force(database: Database, wait: Callable[[float], None]) -> None:
    keyring, header = Keyring(database), f"Bearer {a_key(database).key}"
    assert keyring.authenticate(header)[0].scopes == frozenset({"catalogs:read"})
    written(database, lambda tx: tx.run("update keys set scopes = 'none'"))
    wait(0.5)
    assert keyring.authenticate(header)[0].scopes == frozenset({"none"})


def test_late_look_up_is_forgotten(database: Database, wait: Callable[[float], None]) -> None:
    def find(tx: Transaction, key: str) -> Access | None:
        found = keys.access_of(tx, key)
        if found is not None and found.key_id == late.key_id and not revoked:
            # While this look-up is under way the key is revoked, and another request notices.
            revoked.append(key)
            with ThreadPoolExecutor(1) as other:
                other.submit(revoke_all, database).result()
                wait(0.5)
                with pytest.raises(AuthenticationFailed):
                    other.submit(keyring.authenticate, header_of_other).result()
        return found

    late, revoked = a_key(database), list[str]()
    header_of_other = f"Bearer {a_key(database).key}"
    keyring = Keyring(database, find)
    keyring.authenticate(f"Bearer {late.key}")
    with pytest.raises(AuthenticationFailed):
        keyring.authenticate(f"Bearer {late.key}")


@pytest.mark.usefixtures("wait")
def test_keyring_is_bounded(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_MOST_REMEMBERED", 10)
    keyring = Keyring(database)
    for each in some_headers(database, 100):
        keyring.authenticate(each)
    assert 10 < len(keyring) <= 20


@pytest.mark.usefixtures("wait")
def test_used_keys_stay_young(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_MOST_REMEMBERED", 10)
    keyring, headers = Keyring(database), some_headers(database, 100)
    opened = keyring.authenticate(headers[0])
    for each in headers:
        keyring.authenticate(each)
        assert keyring.authenticate(headers[0]) is opened


@pytest.mark.usefixtures("wait")
@pytest.mark.parametrize("length", [81, 1000, 60_000])
def test_long_headers_are_forgotten(database: Database, length: int) -> None:
    keyring = Keyring(database)
    header = some_headers(database, 1)[0].ljust(length)
    keyring.authenticate(header)
    assert len(keyring) == 0


@pytest.mark.usefixtures("wait")
def test_blanks_fill_no_memory(database: Database) -> None:
    keyring, key = Keyring(database), a_key(database).key
    for count in range(500):
        keyring.authenticate(f"Klaviyo-API-Key{' ' * (count + 1)}{key}")
        keyring.authenticate(f"Klaviyo-API-Key {key}{' ' * count}")
    assert len(keyring) < 50
