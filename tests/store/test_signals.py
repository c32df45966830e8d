"""Values that operators watch of a database, on both engines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.store.signals import Tally, WorstOfLate
from support.factories import written

if TYPE_CHECKING:
    from backroom.store.database import Database


def values(database: Database) -> dict[str, float]:
    return {each.name: each.value for each in database.signals()}


def test_writes_are_counted(database: Database) -> None:
    before = values(database)
    for _ in range(3):
        written(database, lambda tx: tx.one("select 1"))
    after = values(database)
    assert after["store_writes_total"] - before["store_writes_total"] == 3
    assert after["store_write_wait_seconds_total"] > before["store_write_wait_seconds_total"]
    assert after["store_writes_waiting"] == 0


def test_a_tally_has_its_names_from_the_start() -> None:
    tally = Tally("a", "b")
    tally.add("b", 2)
    assert [(each.name, each.value) for each in tally.signals()] == [("a", 0), ("b", 2)]


def test_the_worst_is_forgotten_after_two_minutes() -> None:
    late = WorstOfLate()
    late.add(1000.0, 5.0)
    late.add(1061.0, 1.0)
    assert late.worst == 5.0
    late.add(1122.0, 1.0)
    assert late.worst == 1.0
