from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM, Verb
from backroom.store import records, search, snapshots
from backroom.store.search_check import unfindable
from store.small_shop import untold
from support.factories import ACCOUNT, a_creation, a_deletion, an_update, done, written

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

TITLES = ["Fünf Hüte", "İSTANBUL ẞ ǅ Σς", "", "a\x1fb", "x" * 5000, "𐐀𐐁 \\ ' % \"", "ab"]


@pytest.fixture
def items(database: Database) -> Database:
    for place, title in enumerate(TITLES):
        for account in (ACCOUNT, "Other"):
            created = a_creation("item", f"i{place}", title=title)
            done(database, Verb.CREATE, "item", created, account=account)
    return database


def wrong(database: Database) -> list[str]:
    with database.read() as tx:
        return [str(row[1]) for row in unfindable(tx, ITEM, untold)]


def number(tx: Transaction, external_id: str) -> int:
    return records.numbers(tx, ITEM, ACCOUNT, [external_id])[external_id]


def test_written_records_are_found(items: Database) -> None:
    assert wrong(items) == []


def test_changed_and_deleted_records_fit(items: Database) -> None:
    written(items, lambda tx: snapshots.save_snapshot(tx, ACCOUNT, "one", [ACCOUNT]))
    done(items, Verb.UPDATE, "item", an_update("i0", title="Sechs"))
    done(items, Verb.DELETE, "item", a_deletion("i1"), account="Other")
    written(items, lambda tx: snapshots.empty_account(tx, ACCOUNT, 1000))
    assert wrong(items) == []


def test_lost_grams_are_named(items: Database) -> None:
    written(items, lambda tx: search.forget(tx, ITEM, ACCOUNT, [number(tx, "i0")]))
    assert wrong(items) == ["i0"]


@pytest.mark.parametrize("text", ["fünf hüte", "fünf hütchen", "fünf"])
def test_other_grams_are_named(items: Database, text: str) -> None:
    def index(tx: Transaction) -> None:
        search.index(tx, ITEM, ACCOUNT, [(number(tx, "i0"), text)], fresh=False)

    written(items, index)
    assert wrong(items) == ([] if text == "fünf hüte" else ["i0"])


def test_grams_of_nobody_are_named(items: Database) -> None:
    written(items, lambda tx: search.index(tx, ITEM, ACCOUNT, [(999, "lost")], fresh=True))
    assert wrong(items) == ["999"]


def test_long_texts_of_earlier_versions_fit(items: Database) -> None:
    def index(tx: Transaction) -> None:
        row, words = tx.dialect.search.row, tx.dialect.search.words
        held = number(tx, "i4")
        search.forget(tx, ITEM, ACCOUNT, [held])
        runs = {each.removeprefix(ACCOUNT) for each in search.all_grams(ACCOUNT, TITLES[4])}
        grams = words(ACCOUNT, runs)
        tx.insert("items_grams", tx.dialect.search.columns, [row(ACCOUNT, held, grams)])

    written(items, index)
    assert wrong(items) == []
