"""Subscriptions to the stock of variants, and the events that they lead to.

A subscription waits for one variant, by its number. If the variant is deleted, the event never
comes, even if a variant with the same id is created. The event is columns of the subscription's own
row, and is written in the transaction that changes the stock. So there is one event for each
subscription, even after a crash or a repetition.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom import clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backroom.store.database import Transaction


class Subscription(NamedTuple):
    """One subscription. `channels`, `profile` and `quantity` are JSON.

    `delivered_at`, `event_id` and `quantity` are those of its event, None before that.
    """

    account: str
    subscription_id: str
    variant_id: str
    channels: str
    profile: str
    created_at: str
    delivered_at: str | None
    event_id: str | None
    quantity: str | None


class NewSubscription(NamedTuple):
    """What a request asks for. `variant_number` is that of a variant that exists."""

    variant_number: int
    variant_id: str
    channels: str
    profile: str


def insert(tx: Transaction, account: str, new: NewSubscription) -> str:
    """Keep a subscription, and give its id."""
    moment = clock.now()
    subscription_id = clock.new_ulid(moment)
    tx.run(
        "insert into subscriptions (account, subscription_id, variant_number, variant_id, channels,"
        " profile, created_at) values (:account, :subscription_id, :variant_number, :variant_id,"
        " :channels, :profile, :created_at)",
        account=account,
        subscription_id=subscription_id,
        created_at=clock.timestamp(moment),
        **new._asdict(),
    )
    return subscription_id


def deliver(tx: Transaction, account: str, quantities: Mapping[int, float]) -> None:
    """Record the events of all who wait for variants, whose new quantities are given by number."""
    if not quantities:
        return
    waiting = tx.all(
        "select subscription_id, variant_number from subscriptions where account = :account"
        f" and delivered_at is null and {tx.dialect.among('variant_number', 'numbers')}"
        " order by subscription_id",
        account=account,
        numbers=tx.dialect.array(quantities),
    )
    moment = clock.now()
    tx.many(
        "update subscriptions set delivered_at = :delivered_at, event_id = :event_id,"
        " quantity = :quantity where account = :account and subscription_id = :subscription_id"
        " and delivered_at is null",
        [
            (
                clock.timestamp(moment),
                clock.new_ulid(moment),
                msgspec.json.encode(quantities[number]).decode(),
                account,
                subscription_id,
            )
            for subscription_id, number in waiting
        ],
    )


def listed(tx: Transaction, account: str | None = None) -> list[Subscription]:
    """List the subscriptions of an account, or of all accounts, oldest first."""
    rows = tx.all(
        "select account, subscription_id, variant_id, channels, profile, created_at,"
        " delivered_at, event_id, quantity from subscriptions"
        " where account = coalesce(cast(:account as text), account) order by subscription_id",
        account=account,
    )
    return [Subscription(*row) for row in rows]
