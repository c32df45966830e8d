"""Make an account with a key in one call, and list accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom import clock
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.store import keys
from backroom.store.keys import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Transaction

ACCOUNT = Member("account", "The name or the id of an account; the default one without it.")


def account_id(tx: Transaction, given: Given) -> str:
    """Give the id of the account that a caller names, in the body or in the query.

    Raises `ControlError` where there is no such account.
    """
    return account_named(
        tx, given.body.get("account") or given.query.get("account") or DEFAULT_ACCOUNT
    )


def account_named(tx: Transaction, name: str) -> str:
    """Give the id of the account with this name or id. Raises `ControlError` if there is none."""
    found = keys.account_of(tx, name)
    if found is None:
        raise ControlError(
            404, f"There is no account {name!r}. Make it: POST /_backroom/accounts with its name."
        )
    return found


def make_account(control: Control, given: Given) -> dict[str, Any]:
    """Make an account, and a key with full access to it."""
    name = given.body.get("name") or f"account-{clock.new_ulid(clock.now())}"
    if not name.strip():
        raise ControlError(
            400, "The name of an account can't be blank. Leave it out for a new one."
        )

    def work(tx: Transaction) -> keys.NewKey:
        if keys.account_of(tx, name) is not None:
            raise ControlError(
                409,
                f"There is an account {name!r} already. POST /_backroom/keys makes a key to it.",
            )
        return keys.create(tx, name, "first", [])

    made = control.database.write(work).result()
    return {
        "account": made.account,
        "name": made.account_name,
        "key": made.key,
        "key_id": made.key_id,
    }


def list_accounts(control: Control, _: Given) -> list[dict[str, Any]]:
    """List all accounts, oldest first."""
    with control.database.read() as tx:
        rows = keys.all_accounts(tx)
    return [row._asdict() for row in rows]


ROUTES = (
    ControlRoute(
        "POST",
        "/accounts",
        "Make an account with a key. The key is shown only in this answer.",
        make_account,
        201,
        body=(Member("name", "The name of the new account; without it the server invents one."),),
    ),
    ControlRoute("GET", "/accounts", "All accounts, oldest first.", list_accounts, query=()),
)
