"""The control API's view of subscriptions to the stock of variants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from backroom.control.accounts import account_named
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.store import subscriptions

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.subscriptions import Subscription

EVENT = "Back in Stock"
"""The name of the metric of the events."""


def list_subscriptions(control: Control, given: Given) -> list[dict[str, Any]]:
    """List subscriptions, oldest first, each with its event or null.

    The query may name an `account`, by its id or name, and ask for those that are `delivered` or
    not. Raises `ControlError`.
    """
    wanted = given.query.get("delivered")
    if wanted not in {None, "true", "false"}:
        raise ControlError(400, f"`delivered` is `true` or `false`, not {wanted!r}.")
    with control.database.read() as tx:
        account = given.query.get("account")
        found = subscriptions.listed(tx, None if account is None else account_named(tx, account))
    shown = [_subscription_shown(each) for each in found]
    if wanted is not None:
        shown = [each for each in shown if (each["event"] is not None) == (wanted == "true")]
    return shown


def _subscription_shown(each: Subscription) -> dict[str, Any]:
    event = None
    if each.quantity is not None:
        event = {
            "id": each.event_id,
            "metric": EVENT,
            "time": each.delivered_at,
            "inventory_quantity": msgspec.json.decode(each.quantity),
        }
    return {
        "id": each.subscription_id,
        "account": each.account,
        "variant": each.variant_id,
        "channels": msgspec.json.decode(each.channels),
        "profile": msgspec.json.decode(each.profile),
        "created_at": each.created_at,
        "event": event,
    }


ROUTES = (
    ControlRoute(
        "GET",
        "/subscriptions",
        "The subscriptions to the stock of variants, oldest first, each with the event that it led"
        " to, or null.",
        list_subscriptions,
        query=(
            Member("account", "The name or the id of an account; all accounts without it."),
            Member("delivered", "Only those with an event (`true`), or without (`false`)."),
        ),
    ),
)
