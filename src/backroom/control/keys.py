"""Make, list and revoke keys while the server runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backroom.control.accounts import ACCOUNT
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.store import keys
from backroom.store.keys import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Transaction

_SCOPE_FORM = re.compile(r"[a-z]+(-[a-z]+)*:(read|write)")


def make_key(control: Control, given: Given) -> dict[str, Any]:
    """Make another key to an account."""
    scopes = given.body.get("scopes") or []
    for each in scopes:
        if not isinstance(each, str) or not _SCOPE_FORM.fullmatch(each):
            raise ControlError(400, f"{each!r} is not a scope. Scopes look like catalogs:read.")
    account = given.body.get("account") or DEFAULT_ACCOUNT
    name = given.body.get("name") or "key"

    def work(tx: Transaction) -> keys.NewKey:
        return keys.create(tx, keys.account_name(tx, account) or account, name, scopes)

    made = control.database.write(work).result()
    return new_key_document(made, name, scopes)


def new_key_document(made: keys.NewKey, name: str, scopes: list[str]) -> dict[str, Any]:
    """Give a key as it is shown when it is made, and never again."""
    return {
        "key": made.key,
        "id": made.key_id,
        "name": name,
        "account": made.account,
        "account_name": made.account_name,
        "scopes": scopes or None,
    }


def key_document(row: keys.KeyRow) -> dict[str, Any]:
    """Give a key with the members of its creation, and those that only a list has."""
    return {
        "id": row.key_id,
        "name": row.name,
        "account": row.account,
        "account_name": row.account_name,
        "scopes": row.scopes.split() or None,
        "hint": row.hint,
        "created_at": row.created_at,
        "revoked_at": row.revoked_at,
        "last_used_at": row.last_used_at,
    }


def list_keys(control: Control, given: Given) -> list[dict[str, Any]]:
    """List all keys, or those of one account, without their secrets."""
    wanted = given.query.get("account")
    with control.database.read() as tx:
        rows = keys.all_keys(tx)
    return [key_document(row) for row in rows if wanted in {None, row.account, row.account_name}]


def revoke_key(control: Control, given: Given) -> None:
    """Revoke a key. It may open its account for half a second more."""
    key_id = given.path["key_id"]
    if not control.database.write(lambda tx: keys.revoke(tx, key_id)).result():
        raise ControlError(404, f"There is no key {key_id!r}. GET /_backroom/keys lists them.")


ROUTES = (
    ControlRoute(
        "POST",
        "/keys",
        "Make a key, and its account if it is new. The key is shown only in this answer.",
        make_key,
        201,
        body=(
            ACCOUNT,
            Member("name", "A name for the key, which lists show."),
            Member(
                "scopes", "What the key may do, as catalogs:read; all without it.", form="array"
            ),
        ),
    ),
    ControlRoute(
        "GET",
        "/keys",
        "All keys that the database has, without their secrets. Fixed keys are a setting.",
        list_keys,
        query=(Member("account", "The name or the id of the account whose keys are listed."),),
    ),
    ControlRoute(
        "DELETE",
        "/keys/{key_id}",
        "Revoke a key. It may open its account for half a second more.",
        revoke_key,
        204,
        query=(),
    ),
)
