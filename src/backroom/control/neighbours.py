"""The control API of operations beside the catalog: kept requests, lists, and the shop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom import clock
from backroom.catalog.neighbours import NEIGHBOURS
from backroom.control.accounts import ACCOUNT, account_id, account_named
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.store import kept, shops

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Transaction

_ID_LETTERS = 6
_POSTED_NEIGHBOURS = tuple(
    each.name for each in NEIGHBOURS if each.method == "POST" and not each.whole
)


def show_shop(control: Control, given: Given) -> dict[str, Any]:
    """Give the attributes of an account, as `GET /api/accounts` shows them."""
    with control.database.read() as tx:
        return shops.shop_of(tx, account_id(tx, given))


def change_shop(control: Control, given: Given) -> dict[str, Any]:
    """Change attributes of an account, objects member by member. Gives all of them."""
    changes = {
        name: value
        for name, value in given.body.items()
        if name != ACCOUNT.name and value is not None
    }
    _check_known(changes, shops.INVENTED, "")

    def change(tx: Transaction) -> dict[str, Any]:
        return shops.set_shop(tx, account_id(tx, given), changes)

    return control.database.write(change).result()


def _check_known(changes: dict[str, Any], known: dict[str, Any], place: str) -> None:
    """Refuse an attribute that no answer would show, and an object in place of a value."""
    for name, value in changes.items():
        if name not in known:
            raise ControlError(
                400,
                f"'{place}{name}' is not an attribute of a shop. It may have {', '.join(known)}.",
            )
        if isinstance(value, dict) != isinstance(known[name], dict):
            right = "an object" if isinstance(known[name], dict) else "a value, and no object"
            raise ControlError(400, f"'{place}{name}' must be {right}.")
        if isinstance(value, dict):
            _check_known(value, known[name], f"{place}{name}.")


def make_list(control: Control, given: Given) -> dict[str, str]:
    """Make a list of profiles, which `GET /api/lists` then shows. Gives its id."""
    name, wanted = given.body["name"], given.body.get("id") or ""
    if len(wanted) > kept.LONGEST_KEPT_ID or "\0" in wanted + name:
        raise ControlError(
            400,
            f"An `id` has {kept.LONGEST_KEPT_ID} characters at most,"
            " and no text has null characters.",
        )

    def make(tx: Transaction) -> dict[str, str]:
        moment = clock.now()
        account = account_id(tx, given)
        list_id = wanted or clock.new_ulid(moment)[-_ID_LETTERS:]
        if kept.find_resource(tx, account, kept.LIST, list_id) is not None:
            raise ControlError(409, f"The account has a list {list_id!r} already.")
        stamp = clock.coarse_timestamp(moment)
        attributes = {
            "name": name,
            "created": stamp,
            "updated": stamp,
            "opt_in_process": "single_opt_in",
        }
        kept.put_resource(tx, account, kept.LIST, list_id, attributes)
        return {"id": list_id, "name": name}

    return control.database.write(make).result()


def list_accepted(control: Control, given: Given) -> list[dict[str, Any]]:
    """List the requests that were accepted and kept, oldest first, with their bodies."""
    operation = given.query.get("operation")
    if operation not in {None, *_POSTED_NEIGHBOURS}:
        raise ControlError(400, f"{operation!r} is not one of {', '.join(_POSTED_NEIGHBOURS)}.")
    with control.database.read() as tx:
        name = given.query.get("account")
        account = None if name is None else account_named(tx, name)
        found = kept.kept_requests(tx, account, operation)
    return [
        {
            "id": each.request_id,
            "account": each.account,
            "operation": each.operation,
            "revision": each.revision,
            "created_at": each.created_at,
            "body": msgspec.Raw(each.body.encode()),
        }
        for each in found
    ]


def _attribute(name: str, invented: Any) -> Member:
    forms = {bool: "boolean", dict: "object", str: "string"}
    words = "Its members change one by one." if isinstance(invented, dict) else "As it is shown."
    return Member(name, words, form=forms[type(invented)])


ROUTES = (
    ControlRoute(
        "GET",
        "/accepted",
        "The requests to operations that are only accepted, oldest first, with their bodies.",
        list_accepted,
        query=(
            Member("account", "The name or the id of an account; all accounts without it."),
            Member("operation", f"Only those to one operation: {', '.join(_POSTED_NEIGHBOURS)}."),
        ),
    ),
    ControlRoute(
        "GET",
        "/shop",
        "The attributes of an account that `GET /api/accounts` shows.",
        show_shop,
        query=(ACCOUNT,),
    ),
    ControlRoute(
        "PATCH",
        "/shop",
        "Change attributes of an account that `GET /api/accounts` shows. Gives all of them.",
        change_shop,
        body=(ACCOUNT, *(_attribute(name, value) for name, value in shops.INVENTED.items())),
    ),
    ControlRoute(
        "POST",
        "/lists",
        "Make a list of profiles, which `GET /api/lists` then shows.",
        make_list,
        201,
        body=(
            ACCOUNT,
            Member("name", "The name of the list.", required=True),
            Member("id", "Its id; without it the server invents one."),
        ),
    ),
)
