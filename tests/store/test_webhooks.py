from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.jobs.apply import apply, cancel
from backroom.store import jobs, webhooks
from support.factories import (
    ACCOUNT,
    a_creation,
    a_deletion,
    a_kind_of_job,
    stored_now,
    submitted,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from backroom.store.database import Database, Transaction
    from backroom.store.jobs import Job, Waiting
    from backroom.store.webhooks import Delivery, Webhook

URL = "https://shop.example/hook"
LATER = 60_000


def made(database: Database, *events: str, account: str = ACCOUNT) -> Webhook:
    return written(
        database, lambda tx: webhooks.insert(tx, account, URL, events or [*webhooks.WEBHOOK_EVENTS])
    )


def ended(
    database: Database,
    end: Callable[[Transaction, Waiting], None] | None = None,
    verb: str = "create",
) -> Job:
    """A job of one operation, after it has ended."""
    draft = a_creation("item", "a") if verb == "create" else a_deletion("a")
    job = submitted(database, a_kind_of_job("item", verb), draft)

    def work(tx: Transaction) -> None:
        waiting = jobs.waiting(tx, ACCOUNT, job.job_id)
        assert waiting is not None
        if end is None:
            apply(tx, waiting, lambda _: None)
        else:
            end(tx, waiting)

    written(database, work)
    return job


def deliveries(database: Database, webhook: Webhook, state: str | None = None) -> list[Delivery]:
    with database.read() as tx:
        return webhooks.deliveries(tx, webhook.webhook_id, state, 100)


def claimed(database: Database, webhook: Webhook, after: int = 0, most: int = 10) -> list[str]:
    """The ids of what is claimed for a minute, some milliseconds from now."""
    now = webhooks.milliseconds() + after
    rows = written(
        database, lambda tx: webhooks.claim(tx, webhook.webhook_id, now, now + LATER, most)
    )
    return [each.delivery_id for each in rows]


def noted(
    database: Database, delivery: Delivery, state: str, due_at: int = 0, attempt: Any = None
) -> None:
    written(database, lambda tx: webhooks.note_attempt(tx, delivery, state, due_at, attempt))


def test_end_of_a_job_is_to_be_delivered(database: Database) -> None:
    webhook = made(database)
    job = ended(database)
    (delivery,) = deliveries(database, webhook)
    event: dict[str, Any] = msgspec.json.decode(delivery.body)
    shown = stored_now(database, job)
    assert shown is not None
    assert (event["type"], event["timestamp"]) == ("job.completed", delivery.created_at)
    assert event["data"]["account"] == ACCOUNT
    assert event["data"]["job"] == {
        "id": job.job_id,
        "type": "catalog-item-bulk-create-job",
        "status": "complete",
        "created_at": shown.created_at,
        "completed_at": shown.completed_at,
        "total_count": 1,
        "completed_count": 1,
        "failed_count": 0,
    }


@pytest.mark.parametrize(
    ("end", "verb", "event"),
    [(None, "delete", "job.operations_failed"), (cancel, "create", "job.cancelled")],
)
def test_each_end_has_its_event(
    database: Database, end: Callable[[Transaction, Waiting], None] | None, verb: str, event: str
) -> None:
    every, only, others = made(database), made(database, event), made(database, "job.completed")
    ended(database, end, verb)
    assert [each.event for each in deliveries(database, every)] == [event]
    assert [each.event for each in deliveries(database, only)] == [event]
    assert deliveries(database, others) == []


def test_other_accounts_hear_nothing(database: Database) -> None:
    webhook = made(database, account="another shop")
    ended(database)
    assert deliveries(database, webhook) == []


def test_undone_end_is_not_delivered(database: Database) -> None:
    webhook = made(database)

    def fails(tx: Transaction, waiting: Waiting) -> None:
        cancel(tx, waiting)
        raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        ended(database, fails)
    assert deliveries(database, webhook) == []


def test_delivery_is_claimed_once(database: Database) -> None:
    webhook = made(database)
    ended(database)
    assert len(claimed(database, webhook)) == 1
    assert claimed(database, webhook) == []


def test_claim_ends(database: Database) -> None:
    webhook = made(database)
    ended(database)
    first = claimed(database, webhook)
    assert claimed(database, webhook, after=LATER + 1) == first


def test_release_gives_first_claims_back(database: Database) -> None:
    webhook = made(database)
    ended(database)
    first = claimed(database, webhook)
    written(database, lambda tx: webhooks.release(tx, webhooks.milliseconds()))
    assert claimed(database, webhook) == first


def test_claims_take_as_many_as_wanted(database: Database) -> None:
    webhook = made(database)
    for _ in range(3):
        written(
            database, lambda tx: webhooks.queue_event(tx, webhook.webhook_id, webhooks.TEST, {})
        )
    assert [len(claimed(database, webhook, most=2)) for _ in range(3)] == [2, 1, 0]


def test_only_webhooks_with_work_are_due(database: Database) -> None:
    made(database, account="another shop")
    webhook = made(database)
    with database.read() as tx:
        assert webhooks.webhooks_due(tx, webhooks.milliseconds()) == []
    ended(database)
    with database.read() as tx:
        assert webhooks.webhooks_due(tx, webhooks.milliseconds()) == [webhook.webhook_id]
        assert webhooks.webhooks_due(tx, 0) == []


def test_last_attempts_are_kept(database: Database) -> None:
    webhook = made(database)
    ended(database)
    for n in range(webhooks.KEPT_ATTEMPTS + 5):
        (delivery,) = deliveries(database, webhook)
        noted(database, delivery, webhooks.WAITING, 0, n)
    (delivery,) = deliveries(database, webhook)
    assert delivery.tries == webhooks.KEPT_ATTEMPTS + 5
    assert msgspec.json.decode(delivery.attempts)[-1] == webhooks.KEPT_ATTEMPTS + 4
    assert len(msgspec.json.decode(delivery.attempts)) == webhooks.KEPT_ATTEMPTS


def test_removed_webhook_takes_its_deliveries(database: Database) -> None:
    webhook = made(database)
    ended(database)
    assert written(database, lambda tx: webhooks.remove(tx, webhook.webhook_id))
    assert not written(database, lambda tx: webhooks.remove(tx, webhook.webhook_id))
    assert deliveries(database, webhook) == []


def test_old_deliveries_are_forgotten(database: Database) -> None:
    webhook = made(database)
    for state in webhooks.STATES:
        written(
            database, lambda tx: webhooks.queue_event(tx, webhook.webhook_id, webhooks.TEST, {})
        )
        (delivery,) = (each for each in deliveries(database, webhook) if each.tries == 0)
        noted(database, delivery, state, 5)
    assert written(database, lambda tx: webhooks.remove_old(tx, 5, 10)) == 0
    assert written(database, lambda tx: webhooks.remove_old(tx, 6, 10)) == 2
    assert [each.state for each in deliveries(database, webhook)] == [webhooks.WAITING]


def test_counts_are_of_what_is_left_to_do(database: Database) -> None:
    with database.read() as tx:
        assert webhooks.count_deliveries(tx) == (0, 0, 0, None)
    webhook = made(database)
    ended(database)
    (delivery,) = deliveries(database, webhook)
    with database.read() as tx:
        assert webhooks.count_deliveries(tx) == (1, 1, 0, delivery.due_at)
    noted(database, delivery, webhooks.GIVEN_UP)
    with database.read() as tx:
        assert webhooks.count_deliveries(tx) == (1, 0, 1, None)


def test_sent_again_begins_anew(database: Database) -> None:
    webhook = made(database)
    ended(database)
    (delivery,) = deliveries(database, webhook)
    noted(database, delivery, webhooks.GIVEN_UP)
    again = written(
        database, lambda tx: webhooks.revive(tx, webhook.webhook_id, delivery.delivery_id)
    )
    assert again is not None
    assert (again.state, again.tries, again.delivery_id) == ("waiting", 0, delivery.delivery_id)
    assert claimed(database, webhook) == [delivery.delivery_id]
    assert written(database, lambda tx: webhooks.revive(tx, "other", again.delivery_id)) is None
