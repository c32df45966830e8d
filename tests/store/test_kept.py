from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backroom.store import kept
from support.factories import ACCOUNT, written

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction
    from backroom.store.kept import KeptResource


def put(database: Database, *ids: str, **attributes: Any) -> None:
    def work(tx: Transaction) -> None:
        for each in ids:
            kept.put_resource(tx, ACCOUNT, kept.LIST, each, attributes)

    written(database, work)


def resources(database: Database, *border: int, **more: Any) -> list[KeptResource]:
    with database.read() as tx:
        return kept.kept_resources(tx, ACCOUNT, kept.LIST, *border, **more)


def test_requests_come_back_in_order(database: Database) -> None:
    written(database, lambda tx: kept.keep_request(tx, ACCOUNT, "one", "r", "{}"))
    written(database, lambda tx: kept.keep_request(tx, ACCOUNT, "two", "r", "{}"))
    with database.read() as tx:
        assert [each.operation for each in kept.kept_requests(tx)] == ["one", "two"]
        assert [each.operation for each in kept.kept_requests(tx, ACCOUNT, "two")] == ["two"]
        assert kept.kept_requests(tx, "other") == []


def test_resources_are_read_both_ways(database: Database) -> None:
    put(database, "a", "b", "c")
    first, second, third = resources(database)
    assert [each.resource_id for each in (first, second, third)] == ["a", "b", "c"]
    assert resources(database, first.number, most=1) == [second]
    assert resources(database, third.number, ascending=False) == [second, first]


def test_second_put_keeps_the_place(database: Database) -> None:
    put(database, "a", "b")
    before = resources(database)
    put(database, "a", name="News")
    after = resources(database)
    assert [each.number for each in after] == [each.number for each in before]
    assert after[0].attributes == {"name": "News"}


def test_identifiers_stay_with_the_first(database: Database) -> None:
    written(database, lambda tx: kept.identify(tx, ACCOUNT, "p1", ["email a", "phone 1"]))
    written(database, lambda tx: kept.identify(tx, ACCOUNT, "p2", ["email a"]))
    with database.read() as tx:
        assert kept.profile_of(tx, ACCOUNT, ["email a"]) == "p1"
        assert kept.profile_of(tx, ACCOUNT, ["email b"]) is None
        assert kept.profile_of(tx, "other", ["email a"]) is None
