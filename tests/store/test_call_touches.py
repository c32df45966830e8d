from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.store.call_touches import CallTouch, add_calls, calls_touching, drop_oldest_calls
from support.factories import ACCOUNT, written

if TYPE_CHECKING:
    from backroom.store.database import Database


def touched(database: Database, *ids: str, of: str = ACCOUNT, external_id: str = "a") -> None:
    touches = [CallTouch(of, "item", external_id, each, "x", "y", "r", "t", each) for each in ids]
    written(database, lambda tx: add_calls(tx, touches))


def given_to(database: Database, external_id: str, most: int = 50) -> list[str]:
    with database.read() as tx:
        found = calls_touching(tx, ACCOUNT, "item", external_id, most)
    return [each.given for each in found]


def test_newest_calls_come_first(database: Database) -> None:
    touched(database, "1", "2", "3")
    touched(database, "4", of="other")
    touched(database, "5", external_id="b")
    assert given_to(database, "a", 2) == ["3", "2"]


def test_call_is_written_once(database: Database) -> None:
    touched(database, "1")
    touched(database, "1", "2")
    assert given_to(database, "a") == ["2", "1"]


def test_oldest_calls_are_dropped(database: Database) -> None:
    touched(database, "1", "2", "3", "4")
    written(database, lambda tx: drop_oldest_calls(tx, 2))
    assert given_to(database, "a") == ["4", "3"]
