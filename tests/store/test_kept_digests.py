from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind, Verb
from backroom.store import digests, kept_digests, open_database, snapshots
from backroom.store.kept_digests import take
from store.small_shop import fill
from support.factories import a_creation, a_deletion, an_update, done, written

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction

    Blocks = dict[int, int]

STEP = 1 << 16
"""Each fourth number begins a block, so that some rows make many blocks."""
NUMBERS = 60
ROWS = {
    "insert": "insert into items (account, number, external_id, title, published, attributes,"
    " search_text) values ('A', :number, :name, '', 1, :name, '') on conflict do nothing",
    "update": "update items set attributes = attributes || '.' where number = :number",
    "delete": "delete from items where number = :number and :name <> ''",
    "link": "insert into item_categories (account, category_number, item_number, item_external_id)"
    " values ('A', 1, :number, :name) on conflict do nothing",
    "unlink": "delete from item_categories where item_number = :number and :name <> ''",
}


def kept(database: Database, kind: Kind = ITEM, account: str = "A") -> Blocks:
    if database.kept_digests is not None:
        return database.kept_digests.blocks(kind, account)
    return fresh(database, kind, account)


def fresh(database: Database, kind: Kind = ITEM, account: str = "A") -> Blocks:
    with database.one_moment() as tx:
        return digests.blocks_of(tx, kind, account)


def changed(tx: Transaction, verb: str, number: int) -> None:
    tx.run(ROWS[verb].replace(":name", f"'{number}'"), number=number)


def many(tx: Transaction) -> None:
    for number in range(1, NUMBERS):
        changed(tx, "insert", number * STEP)
        changed(tx, "link", number * STEP)


def is_taken(database: Database) -> list[int] | None:
    return written(database, lambda tx: take(tx, ITEM, "A"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_kept_blocks_are_those_of_now(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    written(database, many)
    assert len(kept(database)) > 10
    for _ in range(40):
        with database.read():
            for _ in range(chance.randint(1, 3)):
                verb, number = chance.choice(list(ROWS)), chance.randrange(NUMBERS) * STEP
                written(database, lambda tx: changed(tx, verb, number))  # noqa: B023
        assert kept(database) == fresh(database)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_actions_change_what_is_kept(database: Database, kind: Kind) -> None:
    account = fill(database)
    name = {"item": "a", "variant": "a1", "category": "tops"}[kind.name]
    seen = [kept(database, kind, account)]
    text: dict[str, Any] = {"name": "other"} if kind is CATEGORY else {"title": "other"}
    for verb, draft in (
        (Verb.CREATE, a_creation(kind.name, "new", {"item": ["a"]} if kind is VARIANT else {})),
        (Verb.UPDATE, an_update(name, **text)),
        (Verb.DELETE, a_deletion(name)),
    ):
        done(database, verb, kind.name, draft, account=account)
        seen.append(kept(database, kind, account))
        assert seen[-1] == fresh(database, kind, account)
    assert len({tuple(each.items()) for each in seen}) == 4


def test_other_process_changes_what_is_kept(url: str) -> None:
    with closing(open_database(url)) as database, closing(open_database(url)) as other:
        written(database, many)
        before = kept(database)
        written(other, lambda tx: changed(tx, "update", STEP))
        assert kept(database) == fresh(database) != before
        written(other, lambda tx: changed(tx, "delete", STEP))
        written(database, lambda tx: changed(tx, "update", 2 * STEP))
        assert kept(database) == fresh(database)


def test_restored_snapshot_changes_what_is_kept(database: Database) -> None:
    account = fill(database)
    before = kept(database, ITEM, account)
    with database.read() as tx:
        (snapshot,) = snapshots.all_snapshots(tx)
    written(database, lambda tx: snapshots.restore_snapshot(tx, snapshot, account))
    assert kept(database, ITEM, account) == fresh(database, ITEM, account) != before


def test_change_that_was_undone_is_forgotten(database: Database) -> None:
    written(database, many)
    before = kept(database)

    def undone(tx: Transaction) -> None:
        changed(tx, "delete", STEP)
        raise KeyError

    with pytest.raises(KeyError):
        written(database, undone)
    assert kept(database) == before == fresh(database)


def test_question_that_fails_loses_no_change(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(database, many)
    kept(database)
    written(database, lambda tx: changed(tx, "update", STEP))
    with monkeypatch.context() as patched:
        patched.setattr(kept_digests, "blocks_of", None)
        patched.setattr(digests, "blocks_of", None)
        with pytest.raises(TypeError):
            kept(database)
    assert kept(database) == fresh(database)


def test_too_many_notes_begin_anew(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_digests, "MOST_NOTES", 20)
    written(database, many)
    kept(database)
    written(database, lambda tx: tx.run("update items set attributes = attributes || '.'"))
    assert kept(database) == fresh(database)
    written(database, lambda tx: changed(tx, "update", STEP))
    assert kept(database) == fresh(database)


def test_only_touched_rows_are_given(database: Database) -> None:
    if database.kept_digests is None:
        return
    written(database, many)
    assert is_taken(database) is None
    assert is_taken(database) == []
    written(database, lambda tx: changed(tx, "update", STEP))
    written(database, lambda tx: tx.run("update items set search_text = 'x'"))
    assert is_taken(database) == [STEP]


def test_few_touched_rows_read_few_blocks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(database, many)
    kept(database)
    written(database, lambda tx: changed(tx, "update", 20 * STEP))
    ranges: list[tuple[int, int]] = []

    def heard(tx: Transaction, kind: Kind, account: str, start: int, end: int) -> Blocks:
        ranges.append((start, end))
        return digests.blocks_of(tx, kind, account, start, end)

    monkeypatch.setattr(kept_digests, "blocks_of", heard)
    kept(database)
    assert all(16 * STEP <= start < end <= 24 * STEP for start, end in ranges)


def test_readers_at_once_see_each_change(database: Database) -> None:
    written(database, many)
    kept(database)
    with ThreadPoolExecutor(3) as pool:
        for number in range(1, 12):
            written(database, lambda tx: changed(tx, "update", number * STEP))  # noqa: B023
            expected = fresh(database)
            assert list(pool.map(lambda _: kept(database), range(3))) == [expected] * 3


def test_as_many_catalogs_as_are_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_digests, "_MOST_CATALOGS", 2)
    written(database, many)
    for _ in range(2):
        for account in ("A", "B", "C"):
            written(database, lambda tx: changed(tx, "update", STEP))
            assert kept(database, ITEM, account) == fresh(database, ITEM, account)
