"""Deliveries reach real receivers, on both engines, and no receiver delays another."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom import events
from backroom.store import open_database, webhooks
from backroom.webhooks.sender import Sender
from support.factories import ACCOUNT, written
from support.process import until
from support.receiver import Receiver, receiving

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

    from backroom.store.database import Database
    from backroom.store.webhooks import Delivery, Webhook


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def made(database: Database, url: str) -> Webhook:
    return written(
        database, lambda tx: webhooks.insert(tx, ACCOUNT, url, [*webhooks.WEBHOOK_EVENTS])
    )


def sent(database: Database, webhook: Webhook, count: int = 1) -> list[str]:
    """Have some events delivered; give their ids."""
    return [
        written(
            database, lambda tx: webhooks.queue_event(tx, webhook.webhook_id, webhooks.TEST, {})
        ).delivery_id
        for _ in range(count)
    ]


@contextmanager
def sending(
    database: Database, schedule: tuple[float, ...] = (0.01, 0.01), *, private: bool = True
) -> Iterator[Sender]:
    sender = Sender(database, private=private, schedule=schedule)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()


def delivery(database: Database, webhook: Webhook) -> Delivery:
    with database.read() as tx:
        (found,) = webhooks.deliveries(tx, webhook.webhook_id, None, 10)
    return found


def state(database: Database, webhook: Webhook) -> str:
    return delivery(database, webhook).state


def test_delivery_reaches_its_receiver(database: Database, receiver: Receiver) -> None:
    webhook = made(database, receiver.url)
    ids = sent(database, webhook)
    with sending(database):
        (got,) = receiver.wait()
        assert got.verified(webhook.secret)["type"] == "webhook.test"
        until(lambda: state(database, webhook) == "delivered", "the outcome")
    assert receiver.ids == ids
    (attempt,) = msgspec.json.decode(delivery(database, webhook).attempts)
    assert (attempt["status"], attempt["error"]) == (204, None)


@pytest.mark.slow
def test_failed_delivery_is_tried_again(database: Database, receiver: Receiver) -> None:
    webhook = made(database, receiver.url)
    receiver.answer = lambda _: 204 if len(receiver.received) == 3 else 500
    (delivery_id,) = sent(database, webhook)
    with sending(database):
        until(lambda: state(database, webhook) == "delivered", "the third try")
    assert receiver.ids == [delivery_id] * 3
    tries = msgspec.json.decode(delivery(database, webhook).attempts)
    assert [each["status"] for each in tries] == [500, 500, 204]


@pytest.mark.slow
def test_delivery_is_given_up(database: Database, receiver: Receiver) -> None:
    webhook = made(database, receiver.url)
    receiver.answer = lambda _: 500
    sent(database, webhook)
    with sending(database):
        until(lambda: state(database, webhook) == "given up", "the last try")
    assert len(receiver.received) == 3


def test_gone_receiver_is_left_alone(database: Database, receiver: Receiver) -> None:
    webhook = made(database, receiver.url)
    receiver.answer = lambda _: 410
    sent(database, webhook)
    with sending(database):
        until(lambda: state(database, webhook) == "given up", "the only try")
    assert len(receiver.received) == 1


@pytest.mark.slow
def test_private_receiver_gets_nothing(database: Database, receiver: Receiver) -> None:
    webhook = made(database, receiver.url)
    sent(database, webhook)
    with sending(database, private=False):
        until(lambda: state(database, webhook) == "given up", "the last try")
    assert receiver.received == []
    assert "is the private address 127.0.0.1" in delivery(database, webhook).attempts


@pytest.mark.slow
def test_slow_receiver_delays_no_other(database: Database, receiver: Receiver) -> None:
    ends = threading.Event()
    with receiving() as slow:
        slow.answer = lambda _: ends.wait(10) and 204
        sent(database, made(database, slow.url), 20)
        with sending(database):
            slow.wait()
            sent(database, made(database, receiver.url), 5)
            receiver.wait(5)
            assert len(slow.received) <= 4
            ends.set()
            slow.wait(20)


@pytest.mark.slow
def test_stop_gives_back_what_is_sent(database: Database, receiver: Receiver) -> None:
    ends = threading.Event()
    receiver.answer = lambda _: ends.wait(10) and 204
    webhook = made(database, receiver.url)
    (delivery_id,) = sent(database, webhook)
    with sending(database):
        receiver.wait()
    ends.set()
    left = delivery(database, webhook)
    assert (left.state, left.tries) == ("waiting", 0)
    assert left.due_at <= webhooks.milliseconds()
    with sending(database):
        until(lambda: state(database, webhook) == "delivered", "the next sender")
    assert receiver.ids == [delivery_id] * 2


def test_two_servers_send_each_once(postgres_url: str, receiver: Receiver) -> None:
    databases = [open_database(postgres_url) for _ in range(2)]
    try:
        webhook = made(databases[0], receiver.url)
        ids = sent(databases[0], webhook, 60)
        with sending(databases[0]), sending(databases[1]):
            receiver.wait(60)
            until(lambda: _waiting(databases[0]) == 0, "all outcomes")
        assert sorted(receiver.ids) == sorted(ids)
    finally:
        for each in databases:
            each.close()


def _waiting(database: Database) -> int:
    with database.read() as tx:
        return webhooks.count_deliveries(tx).waiting


def test_late_webhook_is_noticed(database: Database, receiver: Receiver) -> None:
    with sending(database) as sender:
        webhook = made(database, receiver.url)
        sent(database, webhook)
        sender.wake()
        receiver.wait()


@pytest.mark.slow
def test_tries_are_counted_by_result(database: Database, receiver: Receiver) -> None:
    webhook = made(database, receiver.url)
    answers = iter((500, 204, 410))
    receiver.answer = lambda _: next(answers)
    with sending(database) as sender:

        def counts() -> list[float]:
            return [each.value for each in sender.signals()]

        assert counts() == [0, 0, 0]
        sent(database, webhook)
        until(lambda: counts() == [1, 1, 0], "a delivery at the second try")
        sent(database, webhook)
        until(lambda: counts() == [1, 2, 1], "a delivery that is given up")


def test_lines_name_the_account_and_the_job(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    about: list[tuple[tuple[str, str], ...]] = []

    def note(_: logging.LogRecord) -> bool:
        about.append(events.ABOUT.get())
        return True

    caplog.handler.addFilter(note)
    webhook = made(database, "http://127.0.0.1:1")
    body = {"job": {"id": "01J"}}
    written(database, lambda tx: webhooks.queue_event(tx, webhook.webhook_id, "e", body))
    with sending(database, ()):
        until(lambda: about != [], "a line")
    assert about == [(("account", ACCOUNT), ("job_id", "01J"))]
