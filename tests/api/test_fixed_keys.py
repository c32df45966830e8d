from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.api.fixed_keys import FixedKeys
from backroom.store import keys

if TYPE_CHECKING:
    from backroom.store.database import Database


def opened(database: Database, fixed: FixedKeys, key: str) -> str | None:
    with database.read() as tx:
        access = fixed.find(tx, key)
        return None if access is None else keys.account_name(tx, access.account)


def test_fixed_keys_open_their_accounts(database: Database) -> None:
    fixed = FixedKeys()
    fixed.prepare(database, [("", "pk_test"), ("shop", "pk_shop")], opens_all=False)
    found = [opened(database, fixed, each) for each in ("pk_test", "pk_shop", "pk_other")]
    assert found == ["default", "shop", None]


def test_open_server_knows_known_keys(database: Database) -> None:
    made = database.write(lambda tx: keys.create(tx, "shop", "till", [])).result()
    fixed = FixedKeys()
    fixed.prepare(database, [], opens_all=True)
    found = [opened(database, fixed, each) for each in (made.key, "pk_any", "sk_any")]
    assert found == ["shop", "default", None]


def test_database_keeps_no_fixed_key(database: Database) -> None:
    FixedKeys().prepare(database, [("", "pk_test")], opens_all=False)
    with database.read() as tx:
        assert keys.all_keys(tx) == []
    assert opened(database, FixedKeys(), "pk_test") is None


def test_own_key_opens_any_account(database: Database) -> None:
    made = database.write(lambda tx: keys.create(tx, "shop", "till", [])).result()
    fixed = FixedKeys()
    assert opened(database, fixed, fixed.own_key(made.account)) == "shop"
    assert opened(database, FixedKeys(), fixed.own_key(made.account)) is None
    with database.read() as tx:
        assert len(keys.all_keys(tx)) == 1
