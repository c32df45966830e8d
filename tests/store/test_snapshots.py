from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom import actions
from backroom.catalog.drafts import Draft
from backroom.catalog.ids import resource_id
from backroom.catalog.kinds import ITEM
from backroom.store import kept, search, snapshots, subscriptions
from backroom.store.move import CATALOG_TABLES, SNAPSHOT
from backroom.store.subscriptions import NewSubscription

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction
    from backroom.store.snapshots import Snapshot

ACCOUNT = "a1"


def draft(name: str, title: str) -> Draft:
    given = {"external_id": name, "title": title, "description": "", "url": "https://a.example"}
    return Draft(resource_id(name), {**given, "custom_metadata": {}, "images": []})


def create(tx: Transaction, *names: str) -> None:
    actions.create(tx, ITEM, ACCOUNT, [draft(each, f"the {each}") for each in names])


def rename(tx: Transaction, name: str, title: str) -> None:
    actions.update(tx, ITEM, ACCOUNT, [Draft(resource_id(name), {"title": title})])


def save(tx: Transaction, name: str = "one") -> Snapshot:
    return snapshots.save_snapshot(tx, ACCOUNT, name, [ACCOUNT])


def restore(tx: Transaction, snapshot: Snapshot) -> None:
    snapshots.restore_snapshot(tx, snapshot, ACCOUNT)


def empty(tx: Transaction) -> None:
    while not snapshots.empty_account(tx, ACCOUNT, 10):
        pass


def all_rows(tx: Transaction) -> list[Any]:
    return [sorted(tx.all(f"select * from {each.name}"), key=repr) for each in CATALOG_TABLES]


def found(tx: Transaction, part: str) -> list[str]:
    """The items whose grams and text have a part, as searches find them."""
    dialect = tx.dialect
    rows = tx.all(
        f"select external_id from items join items_grams"
        f" on items_grams.{dialect.search.number} = items.number"
        f" where items.account = :account and {dialect.search.match.format(table='items_grams')}"
        f" and {dialect.holds.format('search_text', ':part')}",
        account=ACCOUNT,
        part=part,
        grams=search.words_query(dialect, ACCOUNT, [part]),
    )
    return sorted(row[0] for row in rows)


def grams(tx: Transaction) -> int:
    return len(tx.all(tx.dialect.search.numbers.format("items_grams"), account=ACCOUNT))


def test_restored_rows_are_the_same(database: Database) -> None:
    def scene(tx: Transaction) -> None:
        create(tx, "mug", "cup", "pot")
        before = all_rows(tx)
        saved = save(tx)
        rename(tx, "mug", "new")
        actions.delete(tx, ITEM, ACCOUNT, [Draft(resource_id("cup"))])
        create(tx, "cup", "pan")
        restore(tx, saved)
        assert all_rows(tx) == before
        assert (found(tx, "the"), found(tx, "new")) == (["cup", "mug", "pot"], [])
        assert grams(tx) == 3

    database.write(scene).result()


def test_emptied_account_comes_back(database: Database) -> None:
    def scene(tx: Transaction) -> None:
        create(tx, *map(str, range(100, 125)))
        before, saved = all_rows(tx), save(tx)
        empty(tx)
        assert (all_rows(tx)[0], found(tx, "the")) == ([], [])
        restore(tx, saved)
        assert all_rows(tx) == before
        assert len(found(tx, "the 1")) == 25

    database.write(scene).result()


@pytest.mark.parametrize("others", [False, True])
def test_emptied_account_leaves_no_grams(database: Database, others: bool) -> None:  # noqa: FBT001
    def scene(tx: Transaction) -> None:
        if others:
            actions.create(tx, ITEM, "a2", [draft("mug", "the mug")])
        create(tx, "mug", "cup")
        before = tx.all("select number from items where account = 'a2'")
        empty(tx)
        numbers = tx.dialect.search.numbers.format("items_grams")
        assert tx.all(numbers, account="a2") == before
        create(tx, "mug")
        assert found(tx, "the") == ["mug"]

    database.write(scene).result()


@pytest.mark.parametrize("empties", [False, True])
def test_texts_of_two_snapshots_are_found(database: Database, empties: bool) -> None:  # noqa: FBT001
    def scene(tx: Transaction) -> None:
        create(tx, "mug")
        first = save(tx, "first")
        rename(tx, "mug", "new")
        second = save(tx, "second")
        for each, parts in ((first, ("the", "new")), (second, ("new", "the"))):
            if empties:
                empty(tx)
            restore(tx, each)
            assert [found(tx, part) for part in parts] == [["mug"], []]

    database.write(scene).result()


def test_last_copy_takes_its_grams_along(database: Database) -> None:
    def scene(tx: Transaction) -> None:
        create(tx, "mug")
        first, second = save(tx, "first"), save(tx, "second")
        empty(tx)
        snapshots.delete_snapshot(tx, first)
        assert grams(tx) == 1
        snapshots.delete_snapshot(tx, second)
        assert grams(tx) == 0

    database.write(scene).result()


def test_emptying_without_snapshots_leaves_no_grams(database: Database) -> None:
    def scene(tx: Transaction) -> None:
        create(tx, "mug")
        empty(tx)
        assert grams(tx) == 0

    database.write(scene).result()


def test_what_is_kept_comes_back(database: Database) -> None:
    def scene(tx: Transaction) -> None:
        subscriptions.insert(tx, ACCOUNT, NewSubscription(1, "id", "[]", "null"))
        kept.keep_request(tx, ACCOUNT, "create_event", "2026-10-15", "{}")
        kept.put_resource(tx, ACCOUNT, kept.PROFILE, "p", {"email": "a@mugs.example"})
        kept.identify(tx, ACCOUNT, "p", ["email a@mugs.example"])
        before, saved = all_rows(tx), save(tx)
        subscriptions.deliver(tx, ACCOUNT, {1: 5})
        kept.put_resource(tx, ACCOUNT, kept.PROFILE, "p", {"email": "b@mugs.example"})
        restore(tx, saved)
        assert all_rows(tx) == before
        empty(tx)
        assert not any(all_rows(tx))
        restore(tx, saved)
        assert all_rows(tx) == before
        subscriptions.deliver(tx, ACCOUNT, {1: 5})
        assert [each.quantity for each in subscriptions.listed(tx, ACCOUNT)] == ["5"]

    database.write(scene).result()


@pytest.mark.parametrize("table", CATALOG_TABLES, ids=lambda table: table.name)
def test_copies_have_the_columns_of_rows(database: Database, table: Any) -> None:
    columns = ", ".join(table.columns)

    def scene(tx: Transaction) -> None:
        tx.all(f"select snapshot_id, {columns} from {SNAPSHOT}{table.name}")

    database.write(scene).result()
