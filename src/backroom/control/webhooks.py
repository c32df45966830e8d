"""Webhooks in the control API: make, list and remove them, and list their deliveries.

They are an extension of backroom: the real service has no webhooks for jobs of the catalog.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from backroom import clock, outgoing
from backroom.control.accounts import ACCOUNT, account_id, account_named
from backroom.control.route import ControlError, ControlRoute, Member
from backroom.store import webhooks

if TYPE_CHECKING:
    from backroom.control.route import Control, Given
    from backroom.store.database import Transaction
    from backroom.store.webhooks import Delivery, Webhook

ALL_EVENTS = "all"
MOST_OF_ACCOUNT = 10
_MOST_LISTED = 100
_LONGEST_WEBHOOK_URL = 2000
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_EVENTS_SAID = ", ".join(f"`{name}` ({words})" for name, words in webhooks.WEBHOOK_EVENTS.items())


def make_webhook(control: Control, given: Given) -> dict[str, Any]:
    """Make a webhook. Only this answer has its secret. Raises `ControlError`."""
    url = given.body["url"]
    _check_url(url, private=control.settings.webhook_private)
    events = _chosen_events(given.body.get("events") or [ALL_EVENTS])

    def work(tx: Transaction) -> Webhook:
        account = account_id(tx, given)
        if len(webhooks.webhooks_of(tx, account)) >= MOST_OF_ACCOUNT:
            raise ControlError(
                409,
                f"The account has {MOST_OF_ACCOUNT} webhooks, which is the most that it can have."
                " Remove one: DELETE /_backroom/webhooks/ with its id.",
            )
        return webhooks.insert(tx, account, url, events)

    made = control.database.write(work).result()
    _wake(control)
    return _webhook_shown(made) | {"secret": made.secret}


def _check_url(url: str, *, private: bool) -> None:
    """Raise `ControlError` where nothing could ever be sent to a URL."""
    if not _VISIBLE.fullmatch(url) or len(url) > _LONGEST_WEBHOOK_URL:
        raise ControlError(
            400,
            "`url` is printable ASCII without spaces,"
            f" of at most {_LONGEST_WEBHOOK_URL:,} characters.",
        )
    try:
        target = outgoing.target_of(url)
        parts = urlsplit(url)
        if not target.host or "@" in parts.netloc or parts.fragment:
            raise ControlError(
                400, "`url` is http(s)://HOST[:PORT][/PATH][?QUERY], without a user or a fragment."
            )
        outgoing.resolved(target, private=private)
    except outgoing.PrivateAddress as error:
        raise ControlError(
            400, f"The webhook can't be made: {error}. The setting webhook_private allows it."
        ) from None
    except outgoing.NotConnected as error:
        raise ControlError(400, f"The webhook can't be made: {error}.") from None


def _chosen_events(given: list[Any]) -> list[str]:
    if given == [ALL_EVENTS]:
        return list(webhooks.WEBHOOK_EVENTS)
    for each in given:
        if not isinstance(each, str) or each not in webhooks.WEBHOOK_EVENTS:
            raise ControlError(
                400,
                f"{each!r} is not an event. `events` has {_EVENTS_SAID}, or `{ALL_EVENTS}` alone.",
            )
    return sorted(set(given))


def list_webhooks(control: Control, given: Given) -> list[dict[str, Any]]:
    """List the webhooks of an account, or of all, oldest first. Raises `ControlError`."""
    with control.database.read() as tx:
        account = given.query.get("account")
        found = webhooks.webhooks_of(tx, None if account is None else account_named(tx, account))
    return [_webhook_shown(each) for each in found]


def remove_webhook(control: Control, given: Given) -> None:
    """Remove a webhook, with its deliveries. Raises `ControlError`."""
    webhook_id = given.path["id"]
    if not control.database.write(lambda tx: webhooks.remove(tx, webhook_id)).result():
        raise _unknown_webhook(webhook_id)


def list_deliveries(control: Control, given: Given) -> list[dict[str, Any]]:
    """List the newest deliveries of a webhook, with the outcome of each try.

    Raises `ControlError`.
    """
    state = given.query.get("state")
    if state not in {None, *webhooks.STATES}:
        raise ControlError(400, f"`state` is one of {', '.join(webhooks.STATES)}, not {state!r}.")
    with control.database.read() as tx:
        webhook = _existing_webhook(tx, given.path["id"])
        found = webhooks.deliveries(tx, webhook.webhook_id, state, _MOST_LISTED)
    return [_delivery_shown(each) for each in found]


def send_test(control: Control, given: Given) -> dict[str, Any]:
    """Deliver a test event, also to a webhook for other events."""

    def work(tx: Transaction) -> Delivery:
        webhook = _existing_webhook(tx, given.path["id"])
        return webhooks.queue_event(
            tx, webhook.webhook_id, webhooks.TEST, {"account": webhook.account}
        )

    made = control.database.write(work).result()
    _wake(control)
    return _delivery_shown(made)


def send_again(control: Control, given: Given) -> dict[str, Any]:
    """Have a delivery sent once more, with the same id. Raises `ControlError`."""

    def work(tx: Transaction) -> Delivery:
        webhook = _existing_webhook(tx, given.path["id"])
        found = webhooks.revive(tx, webhook.webhook_id, given.path["delivery"])
        if found is None:
            raise ControlError(404, f"The webhook has no delivery {given.path['delivery']!r}.")
        return found

    again = control.database.write(work).result()
    _wake(control)
    return _delivery_shown(again)


def _existing_webhook(tx: Transaction, webhook_id: str) -> Webhook:
    found = webhooks.webhook(tx, webhook_id)
    if found is None:
        raise _unknown_webhook(webhook_id)
    return found


def _unknown_webhook(webhook_id: str) -> ControlError:
    return ControlError(
        404, f"There is no webhook {webhook_id!r}. GET /_backroom/webhooks lists them."
    )


def _wake(control: Control) -> None:
    sender = control.parts.get("webhooks")
    if sender is not None:
        sender.wake()


def _webhook_shown(each: Webhook) -> dict[str, Any]:
    return {
        "id": each.webhook_id,
        "account": each.account,
        "url": each.url,
        "events": msgspec.json.decode(each.events),
        "created_at": each.created_at,
    }


def _delivery_shown(each: Delivery) -> dict[str, Any]:
    waits = each.state == webhooks.WAITING
    return {
        "id": each.delivery_id,
        "event": each.event,
        "state": each.state,
        "created_at": each.created_at,
        "next_try_at": clock.timestamp(clock.moment_of(each.due_at / 1000)) if waits else None,
        "tries": each.tries,
        "attempts": msgspec.json.decode(each.attempts),
        "body": msgspec.json.decode(each.body),
    }


ROUTES = (
    ControlRoute(
        "POST",
        "/webhooks",
        "Make a webhook: the server then sends events about the jobs of an account to a URL."
        " Only this answer has the secret that signs them.",
        make_webhook,
        201,
        body=(
            Member("url", "Where to send events, http or https.", required=True),
            Member("events", f"The types of events: {_EVENTS_SAID}; all without it.", "array"),
            ACCOUNT,
        ),
    ),
    ControlRoute(
        "GET",
        "/webhooks",
        "The webhooks, oldest first, without their secrets.",
        list_webhooks,
        query=(Member("account", "The name or the id of an account; all accounts without it."),),
    ),
    ControlRoute(
        "DELETE",
        "/webhooks/{id}",
        "Remove a webhook, with its deliveries.",
        remove_webhook,
        204,
        query=(),
    ),
    ControlRoute(
        "GET",
        "/webhooks/{id}/deliveries",
        f"The newest {_MOST_LISTED} deliveries of a webhook, each with its last try.",
        list_deliveries,
        query=(Member("state", "Only those that are `waiting`, `delivered` or `given up`."),),
    ),
    ControlRoute(
        "POST",
        "/webhooks/{id}/test",
        "Send an event of the type `webhook.test`.",
        send_test,
        202,
        body=(),
    ),
    ControlRoute(
        "POST",
        "/webhooks/{id}/deliveries/{delivery}/send",
        "Send a delivery again at once, with the same id, and with all its tries.",
        send_again,
        202,
        body=(),
    ),
)
