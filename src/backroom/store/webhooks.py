"""Webhooks, and their deliveries.

`job_ended` writes the deliveries of a job's end in the transaction that ends the job. So there is
one for each webhook, even after a crash. A sender claims a delivery first: it moves `due_at`
to the moment at which others may send it again, should the sender die. The sender writes
the result of the try afterwards. So a delivery is sent at least once, each time with the same id.

Moments of sending are those of the system's clock, in milliseconds: receivers have no other.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from backroom import clock
from backroom.store.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Collection

    from backroom.store.database import Transaction
    from backroom.store.job_rows import Job

COMPLETED = "job.completed"
OPERATIONS_FAILED = "job.operations_failed"
CANCELLED = "job.cancelled"
TEST = "webhook.test"
WEBHOOK_EVENTS = {
    COMPLETED: "a job is complete, and none of its operations have failed",
    OPERATIONS_FAILED: "a job is complete, and some of its operations have failed",
    CANCELLED: "a job was cancelled",
}
"""The types of events that a webhook may be for. A job's end is one of them."""
WAITING, DELIVERED, GIVEN_UP = "waiting", "delivered", "given up"
STATES = (WAITING, DELIVERED, GIVEN_UP)
MOST_COUNTED = 100_000
"""Waiting deliveries that `delivery_signals` counts: where there are more it gives this number."""
KEPT_ATTEMPTS = 20
"""How many of a delivery's last attempts are kept."""
SECRET_PREFIX = "whsec_"  # noqa: S105 - the form of all of them
_SIGNING_BYTES = 24
_ID_PREFIXES = {"webhook": "wh_", "delivery": "msg_"}


class Webhook(NamedTuple):
    """One webhook. `events` is JSON."""

    webhook_id: str
    account: str
    url: str
    events: str
    secret: str
    created_at: str


class Delivery(NamedTuple):
    """One event for one webhook. `body` and `attempts` are JSON, `due_at` is in milliseconds."""

    delivery_id: str
    webhook_id: str
    event: str
    body: str
    created_at: str
    state: str
    due_at: int
    tries: int
    attempts: str


class Counts(NamedTuple):
    """How many webhooks there are, and how many deliveries wait or were given up.

    `oldest_due` is when the first waiting delivery is or was due, in milliseconds, or None.
    """

    webhooks: int
    waiting: int
    given_up: int
    oldest_due: int | None


def milliseconds() -> int:
    """Give the present moment as `due_at` has it."""
    return int(clock.epoch() * 1000)


def insert(tx: Transaction, account: str, url: str, events: Collection[str]) -> Webhook:
    """Keep a webhook for some types of events of an account, with a new secret."""
    moment = clock.now()
    made = Webhook(
        _ID_PREFIXES["webhook"] + clock.new_ulid(moment),
        account,
        url,
        msgspec.json.encode(sorted(events)).decode(),
        SECRET_PREFIX + b64encode(clock.secret_bytes(_SIGNING_BYTES)).decode(),
        clock.timestamp(moment),
    )
    tx.insert("webhooks", Webhook._fields, [made])
    return made


def remove(tx: Transaction, webhook_id: str) -> bool:
    """Remove a webhook with its deliveries. False if there is none."""
    tx.run("delete from webhook_deliveries where webhook_id = :id", id=webhook_id)
    row = tx.one("delete from webhooks where webhook_id = :id returning webhook_id", id=webhook_id)
    return row is not None


def webhooks_of(tx: Transaction, account: str | None = None) -> list[Webhook]:
    """List the webhooks of an account, or of all accounts, oldest first."""
    rows = tx.all(
        f"select {', '.join(Webhook._fields)} from webhooks"
        " where account = coalesce(cast(:account as text), account) order by webhook_id",
        account=account,
    )
    return [Webhook(*row) for row in rows]


def webhook(tx: Transaction, webhook_id: str) -> Webhook | None:
    """Give a webhook, None if there is none."""
    row = tx.one(
        f"select {', '.join(Webhook._fields)} from webhooks where webhook_id = :id", id=webhook_id
    )
    return Webhook(*row) if row else None


def job_ended(tx: Transaction, account: str, job: Job) -> None:
    """Have the end of a job delivered to the webhooks of its account that are for it."""
    event = _event_of(job)
    data = {
        "account": account,
        "job": {
            "id": job.job_id,
            "type": job.type,
            "status": job.status,
            "created_at": job.created_at,
            "completed_at": job.completed_at,
            "total_count": job.total_count,
            "completed_count": job.completed_count,
            "failed_count": job.failed_count,
        },
    }
    for each in webhooks_of(tx, account):
        if event in msgspec.json.decode(each.events):
            queue_event(tx, each.webhook_id, event, data)


def _event_of(job: Job) -> str:
    if job.status == "cancelled":
        return CANCELLED
    return OPERATIONS_FAILED if job.failed_count else COMPLETED


def queue_event(tx: Transaction, webhook_id: str, event: str, data: dict[str, Any]) -> Delivery:
    """Have an event delivered to one webhook as soon as it can be."""
    moment = clock.now()
    created_at = clock.timestamp(moment)
    body = {"type": event, "timestamp": created_at, "data": data}
    made = Delivery(
        _ID_PREFIXES["delivery"] + clock.new_ulid(moment),
        webhook_id,
        event,
        msgspec.json.encode(body).decode(),
        created_at,
        WAITING,
        milliseconds(),
        0,
        "[]",
    )
    tx.insert("webhook_deliveries", Delivery._fields, [made])
    return made


_DELIVERY = f"select {', '.join(Delivery._fields)} from webhook_deliveries"


def deliveries(tx: Transaction, webhook_id: str, state: str | None, most: int) -> list[Delivery]:
    """Give the newest deliveries of a webhook, up to `most`: all, or those in a state."""
    rows = tx.all(
        f"{_DELIVERY} where webhook_id = :id{' and state = :state' if state else ''}"
        " order by delivery_id desc limit :most",
        id=webhook_id,
        most=most,
        **({"state": state} if state else {}),
    )
    return [Delivery(*row) for row in rows]


def revive(tx: Transaction, webhook_id: str, delivery_id: str) -> Delivery | None:
    """Have a delivery sent at once, with all its tries anew. None if there is none."""
    row = tx.one(
        "update webhook_deliveries set state = :state, due_at = :due_at, tries = 0"
        " where delivery_id = :delivery_id and webhook_id = :webhook_id"
        f" returning {', '.join(Delivery._fields)}",
        state=WAITING,
        due_at=milliseconds(),
        delivery_id=delivery_id,
        webhook_id=webhook_id,
    )
    return Delivery(*row) if row else None


def any_webhook(tx: Transaction) -> bool:
    """Whether there is a webhook."""
    return tx.one("select 1 from webhooks limit 1") is not None


def webhooks_due(tx: Transaction, now: int) -> list[str]:
    """Give the webhooks with a delivery that is due. Each costs one look into an index."""
    rows = tx.all(
        "select webhook_id from webhooks where exists (select 1 from webhook_deliveries"
        " where webhook_deliveries.webhook_id = webhooks.webhook_id"
        f" and state = '{WAITING}' and due_at <= :now)",
        now=now,
    )
    return [row[0] for row in rows]


def claim(tx: Transaction, webhook_id: str, now: int, until: int, most: int) -> list[Delivery]:
    """Claim up to `most` due deliveries of a webhook `until` a moment, those due longest first."""
    # Two processes that claim at the same time must not choose the same rows.
    tx.exclusively(f"webhook {webhook_id}")
    rows = tx.all(
        "update webhook_deliveries set due_at = :until where delivery_id in ("
        "select delivery_id from webhook_deliveries where webhook_id = :webhook_id"
        f" and state = '{WAITING}' and due_at <= :now order by due_at, delivery_id limit :most)"
        f" returning {', '.join(Delivery._fields)}",
        webhook_id=webhook_id,
        now=now,
        until=until,
        most=most,
    )
    return sorted((Delivery(*row) for row in rows), key=lambda each: each.delivery_id)


def release(tx: Transaction, now: int) -> None:
    """Make all waiting deliveries due that were never tried."""
    tx.run(
        f"update webhook_deliveries set due_at = :now where state = '{WAITING}' and tries = 0"
        " and due_at > :now",
        now=now,
    )


def note_attempt(tx: Transaction, tried: Delivery, state: str, due_at: int, attempt: Any) -> None:
    """Write the outcome of a try: the new state, and when it is due again."""
    attempts = [*msgspec.json.decode(tried.attempts), attempt][-KEPT_ATTEMPTS:]
    tx.run(
        "update webhook_deliveries set state = :state, due_at = :due_at, tries = :tries,"
        " attempts = :attempts where delivery_id = :delivery_id",
        state=state,
        due_at=due_at,
        tries=tried.tries + 1,
        attempts=msgspec.json.encode(attempts).decode(),
        delivery_id=tried.delivery_id,
    )


def make_due(tx: Transaction, delivery_id: str, due_at: int) -> None:
    """Give a claimed delivery back, unsent: it is due at a moment."""
    tx.run(
        f"update webhook_deliveries set due_at = :due_at"
        f" where delivery_id = :delivery_id and state = '{WAITING}'",
        delivery_id=delivery_id,
        due_at=due_at,
    )


def remove_old(tx: Transaction, due_before: int, most: int) -> int:
    """Remove up to `most` deliveries that were last sent before a moment. Gives how many."""
    removed = 0
    for state in (DELIVERED, GIVEN_UP):
        rows = tx.all(
            "delete from webhook_deliveries where delivery_id in (select delivery_id from"
            " webhook_deliveries where state = :state and due_at < :due_before limit :most)"
            " returning delivery_id",
            state=state,
            due_before=due_before,
            most=most,
        )
        removed += len(rows)
    return removed


def delivery_signals(tx: Transaction) -> list[Signal]:
    """Say how many deliveries wait, of up to `MOST_COUNTED`, and for how long one is overdue."""
    row = tx.one(
        "select count(*), min(due_at) from (select due_at from webhook_deliveries"
        f" where state = '{WAITING}' order by due_at limit :most) as counted",
        most=MOST_COUNTED,
    )
    count, first_due = row or (0, None)
    overdue = 0 if first_due is None else max(0, milliseconds() - first_due) / 1000
    return [
        Signal("webhook_deliveries_waiting", count),
        Signal("webhook_overdue_seconds", overdue),
    ]


def count_deliveries(tx: Transaction) -> Counts:
    """Count all of them, by index entries of what waits and of what was given up."""
    row = tx.one(
        "select (select count(*) from webhooks),"
        f" (select count(*) from webhook_deliveries where state = '{WAITING}'),"
        f" (select count(*) from webhook_deliveries where state = '{GIVEN_UP}'),"
        f" (select min(due_at) from webhook_deliveries where state = '{WAITING}')"
    )
    assert row is not None  # noqa: S101 - an aggregate has one row
    return Counts(*row)
