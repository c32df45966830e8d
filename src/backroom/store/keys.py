"""Accounts, the keys that open them, and the secret that signs cursors.

A key names its account, `pk_<account>_<secret>`, so the statement that looks it up names the
account too, as all statements do. Only a hash of a key is stored. A plain hash is enough, because
keys are long and random. A key is shown once, when it is made.

The secret of cursors belongs to the database, because all servers on it must read the cursors that
one of them has written.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

from backroom import clock

if TYPE_CHECKING:
    from collections.abc import Collection

    from backroom.store.database import Database, Transaction

DEFAULT_ACCOUNT = "default"
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
_ACCOUNT_LENGTH = 6
_KEY_BYTES = 32


class Access(NamedTuple):
    """What a key opens: an account, and the scopes that the key has there, None for all scopes."""

    account: str
    key_id: str
    scopes: frozenset[str] | None


class NewKey(NamedTuple):
    """A key that was just made. Its text is known only now."""

    key: str
    key_id: str
    account: str
    account_name: str


class KeyRow(NamedTuple):
    """A key as a list shows it; `hint` is its last characters."""

    key_id: str
    name: str
    account: str
    account_name: str
    hint: str
    scopes: str
    created_at: str
    revoked_at: str | None
    last_used_at: str | None


def create(tx: Transaction, account_name: str, name: str, scopes: list[str]) -> NewKey:
    """Make a key for the account named `account_name`, and the account if it is new."""
    account = open_account(tx, account_name)
    key = f"pk_{account}_{clock.secret_bytes(16).hex()}"
    key_id = clock.new_ulid(clock.now())
    tx.run(
        "insert into keys (account, key_id, name, hash, hint, scopes, created_at)"
        " values (:account, :key_id, :name, :hash, :hint, :scopes, :created_at)",
        account=account,
        key_id=key_id,
        name=name,
        hash=_hash(key),
        hint=key[-4:],
        scopes=" ".join(scopes),
        created_at=clock.timestamp(clock.now()),
    )
    return NewKey(key, key_id, account, account_name)


def open_account(tx: Transaction, name: str) -> str:
    """Give the id of the account named `name`, and make the account if it is new.

    The id is derived from the name, so two processes that open the same account at the same time
    make the same row. If another name has taken the id, the next id of this name is tried.
    """
    for attempt in range(100):
        account = _account_id(name, attempt)
        tx.run(
            "insert into accounts (account, name, created_at)"
            " values (:account, :name, :created_at) on conflict do nothing",
            account=account,
            name=name,
            created_at=clock.timestamp(clock.now()),
        )
        row = tx.one("select name from accounts where account = :account", account=account)
        if row and row[0] == name:
            return account
    raise RuntimeError(f"no id is free for an account named {name!r}")


def _account_id(name: str, attempt: int) -> str:
    value = int.from_bytes(hashlib.sha256(f"{attempt}:{name}".encode()).digest()[:8])
    letters = []
    for _ in range(_ACCOUNT_LENGTH):
        value, place = divmod(value, len(_ALPHABET))
        letters.append(_ALPHABET[place])
    return "".join(letters)


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def access_of(tx: Transaction, key: str) -> Access | None:
    """Give what `key` opens, None if it is unknown or revoked."""
    prefix, _, rest = key.partition("_")
    account, _, secret = rest.partition("_")
    if prefix != "pk" or not secret:
        return None
    row = tx.one(
        "select account, key_id, scopes from keys"
        " where account = :account and hash = :hash and revoked_at is null",
        account=account,
        hash=_hash(key),
    )
    if row is None:
        return None
    return Access(row[0], row[1], frozenset(row[2].split()) if row[2] else None)


def count_key_changes(tx: Transaction) -> int:
    """Give how often what keys open has changed: the database counts it."""
    (row,) = tx.all("select changes from key_changes")
    return int(row[0])


def remove(tx: Transaction, made: NewKey) -> None:
    """Remove a key that nobody has seen, and its account if it was made for this key."""
    tx.run(
        "delete from keys where account = :account and key_id = :key_id",
        account=made.account,
        key_id=made.key_id,
    )
    tx.run(
        "delete from accounts where account = :account"
        " and not exists (select 1 from keys where keys.account = accounts.account)",
        account=made.account,
    )


def count(tx: Transaction) -> int:
    """Count the keys that are not revoked."""
    (row,) = tx.all("select count(*) from keys where revoked_at is null")
    return int(row[0])


def all_keys(tx: Transaction) -> list[KeyRow]:
    """List every key of every account, oldest first."""
    rows = tx.all(
        "select key_id, keys.name, keys.account, accounts.name, hint, scopes, keys.created_at,"
        " revoked_at, last_used_at from keys join accounts on accounts.account = keys.account"
        " order by key_id"
    )
    return [KeyRow(*row) for row in rows]


def revoke(tx: Transaction, key_id: str) -> bool:
    """Revoke a key. False if no key has that id."""
    row = tx.one(
        "update keys set revoked_at = coalesce(revoked_at, :revoked_at)"
        " where key_id = :key_id returning key_id",
        key_id=key_id,
        revoked_at=clock.timestamp(clock.now()),
    )
    return row is not None


def note_uses(
    tx: Transaction, uses: Collection[tuple[str, str]], moment: str, noted_before: str
) -> None:
    """Note that keys were used, given as account and id, unless another server has just done so."""
    tx.many(
        "update keys set last_used_at = :moment where account = :account and key_id = :key_id"
        " and (last_used_at is null or last_used_at < :noted_before)",
        [(moment, account, key_id, noted_before) for account, key_id in sorted(uses)],
    )


def revoke_left_over(tx: Transaction, start: str, made_before: str, used: Collection[str]) -> None:
    """Revoke keys made before a time whose names begin with `start` and are not in `used`."""
    rows = tx.all(
        "select key_id, name from keys where revoked_at is null and created_at < :made_before"
        " and substr(name, 1, :length) = :start",
        made_before=made_before,
        length=len(start),
        start=start,
    )
    for key_id, name in rows:
        if name not in used:
            revoke(tx, key_id)


def cursor_secret(database: Database) -> bytes:
    """Give the secret that signs the cursors of all servers on a database. The first one makes it.

    Raises `StoreUnavailable`.
    """
    with database.read() as tx:
        secret = _cursor_secret(tx)
    return secret or database.write(_new_cursor_secret).result()


def _cursor_secret(tx: Transaction) -> bytes | None:
    row = tx.one("select value from secrets where name = 'cursors'")
    return bytes.fromhex(row[0]) if row else None


def _new_cursor_secret(tx: Transaction) -> bytes:
    made = clock.secret_bytes(_KEY_BYTES)
    tx.run(
        "insert into secrets (name, value) values ('cursors', :value) on conflict do nothing",
        value=made.hex(),
    )
    # Another server may have been first.
    return _cursor_secret(tx) or made


def has_accounts(tx: Transaction) -> bool:
    """Whether any account exists. The first start of a server makes one."""
    return tx.one("select 1 from accounts limit 1") is not None


def has_account(tx: Transaction, account: str) -> bool:
    """Whether an account has this id."""
    row = tx.one("select 1 from accounts where account = :account", account=account)
    return row is not None


def accounts(tx: Transaction) -> list[str]:
    """List the ids of all accounts."""
    return [row[0] for row in tx.all("select account from accounts order by account")]


class AccountRow(NamedTuple):
    """An account as a list shows it, with the number of its keys that are not revoked."""

    account: str
    name: str
    created_at: str
    keys: int


def all_accounts(tx: Transaction) -> list[AccountRow]:
    """List every account, oldest first."""
    rows = tx.all(
        "select accounts.account, accounts.name, accounts.created_at, count(keys.key_id)"
        " from accounts left join keys on keys.account = accounts.account and revoked_at is null"
        " group by accounts.account, accounts.name, accounts.created_at"
        " order by accounts.created_at, accounts.account"
    )
    return [AccountRow(*row) for row in rows]


def some_accounts(tx: Transaction, most: int) -> list[tuple[str, str]]:
    """Give the ids and the names of some accounts, at most so many."""
    rows = tx.all("select account, name from accounts order by account limit :most", most=most)
    return [(row[0], row[1]) for row in rows]


def count_accounts(tx: Transaction) -> int:
    """Count the accounts."""
    (row,) = tx.all("select count(*) from accounts")
    return int(row[0])


def account_name(tx: Transaction, account: str) -> str | None:
    """Give the name of the account with this id, None if there is none."""
    row = tx.one("select name from accounts where account = :account", account=account)
    return row[0] if row else None


def account_of(tx: Transaction, name: str) -> str | None:
    """Give the id of the account with this name or this id, None if there is none.

    A name is found before an id.
    """
    rows = tx.all(
        "select account, name from accounts where name = :name or account = :name", name=name
    )
    rows.sort(key=lambda row: bool(row[1] != name))
    return rows[0][0] if rows else None
