"""The control API's view of operations beside the catalog: what was sent, lists, and the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.control.accounts_named import account_named
from backroom.control.route import Control, ControlError, ControlRoute, Given
from backroom.store import kept, shops

if TYPE_CHECKING:
    from backroom.store.database import Transaction


def show_shop(control: Control, given: Given) -> Any:
    """Give the attributes of an account, as `GET /api/accounts` shows them."""
    with control.database.read() as tx:
        return shops.shop_of(tx, account_named(tx, given.path["account"]))


def change_shop(control: Control, given: Given) -> Any:
    """Change attributes of an account, objects member by member. Gives all of them."""
    unknown = sorted(given.body.keys() - shops.INVENTED.keys())
    if unknown:
        raise ControlError(
            400, f"{unknown[0]!r} is not an attribute: give some of {', '.join(shops.INVENTED)}."
        )

    def change(tx: Transaction) -> dict[str, Any]:
        return shops.set_shop(tx, account_named(tx, given.path["account"]), dict(given.body))

    return control.database.write(change).result()


def make_list(control: Control, given: Given) -> Any:
    """Make a list of profiles, which `GET /api/lists` then shows. Gives its id."""
    name = given.body.get("name")
    if not isinstance(name, str) or not name:
        raise ControlError(400, "Give the list a `name`.")

    def make(tx: Transaction) -> dict[str, str]:
        moment = clock.now()
        list_id = str(given.body.get("id") or clock.new_ulid(moment)[-6:])
        stamp = clock.coarse_timestamp(moment)
        attributes = {"name": name, "created": stamp, "updated": stamp}
        attributes["opt_in_process"] = "single_opt_in"
        account = account_named(tx, given.path["account"])
        kept.put_resource(tx, account, kept.LIST, list_id, attributes)
        return {"id": list_id, "name": name}

    return control.database.write(make).result()


def list_accepted(control: Control, given: Given) -> Any:
    """List the requests that were accepted and kept, oldest first, with their bodies."""
    with control.database.read() as tx:
        named = given.query.get("account")
        account = None if named is None else account_named(tx, named)
        found = kept.kept_requests(tx, account, given.query.get("operation"))
    shown = [each._asdict() | {"body": msgspec.json.decode(each.body)} for each in found]
    return {"accepted": shown}


ROUTES: tuple[ControlRoute, ...] = (
    ControlRoute(
        "GET",
        "/accepted",
        "The requests to operations that are only accepted, with their bodies. `account` and"
        " `operation` choose among them.",
        list_accepted,
    ),
    ControlRoute(
        "GET",
        "/accounts/{account}/shop",
        "The attributes that `GET /api/accounts` shows.",
        show_shop,
    ),
    ControlRoute(
        "PATCH",
        "/accounts/{account}/shop",
        "Change attributes that `GET /api/accounts` shows.",
        change_shop,
    ),
    ControlRoute(
        "POST",
        "/accounts/{account}/lists",
        "Make a list of profiles, with a `name` and, if need be, an `id`.",
        make_list,
        status=201,
    ),
)
