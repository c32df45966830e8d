from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from backroom.store import keys, open_database
from support.factories import written

if TYPE_CHECKING:
    from backroom.store.database import Database
    from backroom.store.keys import NewKey
    from conftest import NewDatabase


def made(database: Database, account: str = "shop", name: str = "test", scopes: str = "") -> NewKey:
    return written(database, lambda tx: keys.create(tx, account, name, scopes.split()))


def opened_by(database: Database, key: str) -> keys.Access | None:
    with database.read() as tx:
        return keys.access_of(tx, key)


def listed(database: Database) -> list[keys.KeyRow]:
    with database.read() as tx:
        return keys.all_keys(tx)


def test_key_opens_its_account(database: Database) -> None:
    key = made(database)
    assert opened_by(database, key.key) == (key.account, key.key_id, None)


def test_key_names_its_account(database: Database) -> None:
    key = made(database)
    assert re.fullmatch(rf"pk_{key.account}_[0-9a-f]{{32}}", key.key)
    assert re.fullmatch(r"[A-Za-z2-9]{6}", key.account)


def test_scopes_come_back_as_set(database: Database) -> None:
    key = made(database, scopes="catalogs:read lists:write")
    access = opened_by(database, key.key)
    assert access is not None
    assert access.scopes == frozenset({"catalogs:read", "lists:write"})


def test_secret_of_cursors_stays(database: Database) -> None:
    secret = keys.cursor_secret(database)
    assert len(secret) == 32
    assert keys.cursor_secret(database) == secret


def test_servers_agree_on_the_secret(database: Database) -> None:
    # Two that start at the same time have both found none.
    first, second = (database.write(keys._new_cursor_secret) for _ in range(2))  # noqa: SLF001
    assert first.result() == second.result() == keys.cursor_secret(database)


def test_databases_have_their_own_secrets(database: Database, new_store: NewDatabase) -> None:
    other = open_database(new_store())
    try:
        assert keys.cursor_secret(other) != keys.cursor_secret(database)
    finally:
        other.close()


def test_same_name_opens_one_account(database: Database) -> None:
    first, second = made(database), made(database)
    assert first.account == second.account
    assert first.key != second.key
    assert first.key_id < second.key_id


def test_names_open_their_own_accounts(database: Database) -> None:
    accounts = {made(database, f"shop {n}").account for n in range(20)}
    assert len(accounts) == 20
    with database.read() as tx:
        assert keys.accounts(tx) == sorted(accounts)


def test_taken_id_goes_on(database: Database) -> None:
    natural = made(database).account
    rename = "update accounts set name = 'squatter'"
    written(database, lambda tx: tx.run(rename))
    again = made(database)
    assert again.account != natural
    assert made(database).account == again.account


@pytest.mark.parametrize(
    "altered",
    [
        lambda key: key + "0",
        lambda key: key[:-1],
        lambda key: key.upper(),
        lambda key: key.replace("pk_", "sk_"),
        lambda key: key.replace("pk_", ""),
        lambda key: key.rpartition("_")[0],
        lambda key: key.rpartition("_")[0] + "_",
        lambda _: "",
        lambda _: "pk_",
        lambda _: "pk__",
        lambda _: "pk_' or 1=1 --_x",
    ],
)
def test_other_keys_open_nothing(database: Database, altered: object) -> None:
    assert callable(altered)
    assert opened_by(database, altered(made(database).key)) is None


def test_key_of_another_account_fails(database: Database) -> None:
    first, second = made(database, "one"), made(database, "two")
    secret = first.key.rpartition("_")[2]
    assert opened_by(database, f"pk_{second.account}_{secret}") is None


def test_key_is_never_stored(database: Database) -> None:
    key = made(database)
    with database.read() as tx:
        (row,) = tx.all("select * from keys")
    assert not any(key.key.rpartition("_")[2] in str(value) for value in row)


def test_list_shows_the_hint(database: Database) -> None:
    key = made(database, scopes="catalogs:read")
    (row,) = listed(database)
    assert row.hint == key.key[-4:]
    assert (row.name, row.account_name, row.scopes) == ("test", "shop", "catalogs:read")
    assert row.revoked_at is None


def test_list_goes_oldest_first(database: Database) -> None:
    made_in_order = [made(database, f"shop {n}").key_id for n in range(5)]
    assert [row.key_id for row in listed(database)] == made_in_order


def test_revoked_key_opens_nothing(database: Database) -> None:
    key, other = made(database), made(database)
    assert written(database, lambda tx: keys.revoke(tx, key.key_id))
    assert opened_by(database, key.key) is None
    assert opened_by(database, other.key) is not None


def test_first_revocation_stays(database: Database) -> None:
    key = made(database)
    for _ in range(2):
        assert written(database, lambda tx: keys.revoke(tx, key.key_id))
    first = listed(database)[0].revoked_at
    written(database, lambda tx: keys.revoke(tx, key.key_id))
    assert listed(database)[0].revoked_at == first


def test_unknown_key_is_not_revoked(database: Database) -> None:
    assert not written(database, lambda tx: keys.revoke(tx, "nothing"))


def test_new_database_has_no_accounts(database: Database) -> None:
    with database.read() as tx:
        assert not keys.has_accounts(tx)
    made(database)
    with database.read() as tx:
        assert keys.has_accounts(tx)


def test_removed_key_leaves_nothing(database: Database) -> None:
    first = made(database)
    written(database, lambda tx: keys.remove(tx, first))
    with database.read() as tx:
        assert (keys.has_accounts(tx), keys.count(tx)) == (False, 0)


def test_account_with_other_keys_stays(database: Database) -> None:
    first, second = made(database), made(database)
    written(database, lambda tx: keys.remove(tx, second))
    assert opened_by(database, first.key) is not None
    assert opened_by(database, second.key) is None


def test_revoked_keys_are_not_counted(database: Database) -> None:
    key = made(database)
    made(database)
    written(database, lambda tx: keys.revoke(tx, key.key_id))
    with database.read() as tx:
        assert keys.count(tx) == 1


def changes_of(database: Database) -> int:
    with database.read() as tx:
        return keys.count_key_changes(tx)


@pytest.mark.parametrize(
    "change",
    [
        "update keys set revoked_at = 'now'",
        "update keys set scopes = 'none'",
        "update keys set account = 'other'",
        "update keys set hash = 'other'",
        "delete from keys",
    ],
)
def test_changes_of_keys_are_counted(database: Database, change: str) -> None:
    made(database)
    before = changes_of(database)
    written(database, lambda tx: tx.run(change))
    assert changes_of(database) > before


def test_new_keys_are_counted(database: Database) -> None:
    before = changes_of(database)
    made(database)
    assert changes_of(database) > before


def test_uses_of_keys_are_not_counted(database: Database) -> None:
    key = made(database)
    before = changes_of(database)
    uses = {(key.account, key.key_id)}
    written(database, lambda tx: keys.note_uses(tx, uses, "2", "1"))
    assert changes_of(database) == before
    assert listed(database)[0].last_used_at == "2"
