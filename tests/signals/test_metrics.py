"""What metrics read when somebody asks, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.signals import metrics as metrics_of
from backroom.signals.families import FAMILIES
from backroom.signals.metrics import Metrics
from backroom.store import webhooks
from backroom.store.database import StoreUnavailable, Transaction
from support.factories import ACCOUNT, a_creation, a_job, stored, written

if TYPE_CHECKING:
    import pytest

    from backroom.store.database import Database
    from backroom.store.signals import Signal


def named(metrics: Metrics) -> dict[str, float]:
    return {each.name: each.value for each in metrics.signals()}


def test_all_that_is_read_has_a_name(database: Database) -> None:
    stored(database, a_job(), a_creation("item", "a"))
    found = Metrics(database, "server").signals()
    assert {each.name for each in found} <= FAMILIES.keys()
    for each in found:
        assert tuple(name for name, _ in each.labels) == FAMILIES[each.name].labels


def test_database_says_how_large_it_is(database: Database) -> None:
    found = named(Metrics(database, "server"))
    assert found["db_size_bytes"] > 1000
    assert found["database_up"] == 1


def test_answers_stand_for_a_while(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics(database, "server")
    asked: list[Transaction] = []

    def question(tx: Transaction) -> list[Signal]:
        asked.append(tx)
        return []

    metrics.questions.append(question)
    metrics.signals()
    metrics.signals()
    assert len(asked) == 1
    monkeypatch.setattr(metrics_of, "METRICS_KEPT_SECONDS", 0.0)
    fresh = Metrics(database, "server")
    fresh.questions = [question]
    fresh.signals()
    fresh.signals()
    assert len(asked) == 3


def test_database_that_is_away_is_said_to_be(database: Database) -> None:
    metrics = Metrics(database, "server")

    def fail(_: Transaction) -> list[Signal]:
        raise StoreUnavailable("away")

    metrics.questions = [fail]
    found = named(metrics)
    assert (found["database_up"], found["ready"]) == (0, 0)
    assert "store_writes_total" in found


def test_full_disk_is_not_ready(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise StoreUnavailable("full")

    monkeypatch.setattr(database, "check", refuse)
    found = named(Metrics(database, "server"))
    assert (found["database_up"], found["ready"]) == (1, 0)


def test_overdue_delivery_is_shown(database: Database) -> None:
    assert named(Metrics(database, "server"))["webhook_deliveries_waiting"] == 0

    def queue(tx: Transaction) -> None:
        webhook = webhooks.insert(tx, ACCOUNT, "http://a.example", [webhooks.COMPLETED])
        delivery = webhooks.queue_event(tx, webhook.webhook_id, webhooks.TEST, {})
        webhooks.make_due(tx, delivery.delivery_id, webhooks.milliseconds() - 60_000)

    written(database, queue)
    found = named(Metrics(database, "server"))
    assert found["webhook_deliveries_waiting"] == 1
    assert 60 <= found["webhook_overdue_seconds"] < 120
