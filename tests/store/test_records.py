from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backroom import clock
from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind
from backroom.store import links, pages, records, search
from backroom.store.pages import Columns, RecordQuestion
from backroom.store.records import Record, Values

if TYPE_CHECKING:
    from backroom.store.database import Database

ACCOUNT, OTHER = "ABCDEF", "ABCDEG"
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)


def values(kind: Kind, name: str, parent: int | None = None) -> Values:
    columns: dict[str, Any] = dict.fromkeys(kind.columns, name) | dict.fromkeys(kind.nullable, 1)
    if "published" in columns:
        columns["published"] = 1
    number = clock.new_number()
    return Values(number, name, f'{{"name":"{name}"}}', columns, search.folded(name), parent)


def insert(database: Database, kind: Kind, *made: Values, account: str = ACCOUNT) -> None:
    database.write(lambda tx: records.insert(tx, kind, account, made)).result()


def delete(database: Database, kind: Kind, *gone: Values) -> None:
    numbers = [each.number for each in gone]
    database.write(lambda tx: records.delete(tx, kind, ACCOUNT, numbers)).result()


def found(database: Database, kind: Kind, part: str) -> list[str]:
    """The names of what a search finds."""
    with database.read() as tx:
        page = pages.records_page(
            tx, kind, ACCOUNT, RecordQuestion(size=100, parts=[part]), Columns()
        )
    return [row[1].decode() for row in page]


def pairs(database: Database) -> list[tuple[int, int]]:
    with database.read() as tx:
        rows = tx.all("select item_number, category_number from item_categories order by 1, 2")
    return [(row[0], row[1]) for row in rows]


@every_kind
def test_inserted_records_are_found(database: Database, kind: Kind) -> None:
    a, b = values(kind, "a"), values(kind, "b")
    insert(database, kind, a, b)
    insert(database, kind, values(kind, "c"), account=OTHER)
    with database.read() as tx:
        assert records.find(tx, kind, ACCOUNT, ["b", "c"]) == {
            "b": Record(b.number, "b", '{"name":"b"}')
        }
        assert records.numbers(tx, kind, ACCOUNT, ["a", "b", "c"]) == {
            "a": a.number,
            "b": b.number,
        }


@every_kind
def test_deleted_records_are_gone(database: Database, kind: Kind) -> None:
    a, b = values(kind, "a shirt"), values(kind, "b shirt")
    insert(database, kind, a, b)
    delete(database, kind, a)
    with database.read() as tx:
        assert list(records.find(tx, kind, ACCOUNT, ["a shirt", "b shirt"])) == ["b shirt"]
    assert found(database, kind, "shirt") == ["b shirt"]


@every_kind
def test_deletes_stay_in_their_account(database: Database, kind: Kind) -> None:
    others = values(kind, "shirt")
    insert(database, kind, values(kind, "hat"))
    insert(database, kind, others, account=OTHER)
    with database.read() as tx:
        before = tx.all(f"select * from {kind.table} order by number")
    absent = others._replace(number=clock.new_number())
    delete(database, kind, absent)
    with database.read() as tx:
        assert tx.all(f"select * from {kind.table} order by number") == before


def test_item_takes_its_variants(database: Database) -> None:
    shirt, hat = values(ITEM, "shirt"), values(ITEM, "hat")
    insert(database, ITEM, shirt, hat)
    family = [values(VARIANT, name, shirt.number) for name in ("red shirt", "blue shirt")]
    insert(database, VARIANT, *family, values(VARIANT, "red hat", hat.number))
    delete(database, ITEM, shirt)
    assert found(database, VARIANT, "red") == ["red hat"]
    with database.read() as tx:
        assert tx.one("select count(*) from variants") == (1,)
        words = search.words_query(tx.dialect, ACCOUNT, ["shirt"])
        holds = tx.dialect.search.match.format(table="variants_grams")
        sql = f"select 1 from variants_grams where {holds}"
        assert tx.all(sql, account=ACCOUNT, grams=words) == []


def test_item_leaves_its_categories(database: Database) -> None:
    shirt, hat, tops = values(ITEM, "shirt"), values(ITEM, "hat"), values(CATEGORY, "tops")
    insert(database, ITEM, shirt, hat)
    insert(database, CATEGORY, tops)
    both = [shirt.number, hat.number]
    database.write(lambda tx: links.add(tx, ACCOUNT, "items", {tops.number: both})).result()
    delete(database, ITEM, shirt)
    assert pairs(database) == [(hat.number, tops.number)]


def test_category_links_wait_to_go(database: Database) -> None:
    shirt, tops, red = values(ITEM, "shirt"), values(CATEGORY, "tops"), values(CATEGORY, "red")
    insert(database, ITEM, shirt)
    insert(database, CATEGORY, tops, red)
    both = [tops.number, red.number]
    database.write(lambda tx: links.add(tx, ACCOUNT, "categories", {shirt.number: both})).result()
    delete(database, CATEGORY, tops)
    asked = RecordQuestion(size=10, related=[("item", shirt.number)])
    with database.read() as tx:
        shown = pages.records_page(tx, CATEGORY, ACCOUNT, asked, Columns())
    assert [row[1] for row in shown] == [b"red"]
    assert database.write(lambda tx: links.empty_category(tx, 10)).result() == 1
    assert pairs(database) == [(shirt.number, red.number)]
    assert found(database, ITEM, "shirt") == ["shirt"]
