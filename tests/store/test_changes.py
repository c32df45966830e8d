from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store.changes import mark_of_catalogs
from backroom.store.dialects import POSTGRES
from support.process import until

if TYPE_CHECKING:
    from backroom.store.database import Database

CHANGES = {
    "insert": "insert into item_categories (account, category_number, item_number,"
    " item_external_id) values ('A', 1, :number, 'x')",
    "update": "update item_categories set item_external_id = 'y'",
    "delete": "delete from item_categories",
}


def mark(database: Database) -> str:
    with database.read() as tx:
        return mark_of_catalogs(tx)


def change(database: Database, verb: str = "insert", number: int = 1) -> None:
    values = {"number": number} if verb == "insert" else {}
    database.write(lambda tx: tx.run(CHANGES[verb], **values)).result()


def test_mark_stays_without_changes(database: Database) -> None:
    assert mark(database)
    assert mark(database) == mark(database)


@pytest.mark.parametrize("verbs", [["insert"], ["insert", "update"], ["insert", "delete"]])
def test_changes_change_the_mark(database: Database, verbs: list[str]) -> None:
    *earlier, last = verbs
    for verb in earlier:
        before = mark(database)
        change(database, verb)
        until(lambda: mark(database) != before, "a mark after what was there before")  # noqa: B023
    before = mark(database)
    change(database, last)
    until(lambda: mark(database) != before, "another mark")


def test_server_may_not_count(database: Database) -> None:
    if database.dialect is not POSTGRES:
        return
    uncounted = database.dialect.changes.replace(
        "'track_counts') = 'on'", "'track_counts') = 'off'"
    )
    assert uncounted != database.dialect.changes
    with database.read() as tx:
        assert tx.one(uncounted) == (None,)
