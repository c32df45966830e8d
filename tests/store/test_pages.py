from __future__ import annotations

import random
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backroom.catalog.kinds import CATEGORY, ITEM, KINDS, VARIANT, Kind
from backroom.store import links, open_database, pages, records
from backroom.store.pages import Columns, RecordQuestion
from backroom.store.records import Values
from support.strategies import thorough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database, Transaction
    from conftest import NewDatabase

ACCOUNT, OTHER = "ABCDEF", "ABCDEG"
SIZE = 12
TITLES = ("shirt", "red shirt", "hat", "")
both_ways = pytest.mark.parametrize("ascending", [True, False], ids=["up", "down"])


class Row(NamedTuple):
    """What is true of a record, to be filtered naively."""

    number: int
    name: str
    title: str
    published: int
    sku: str
    related: frozenset[int]


def shelf(kind: Kind) -> list[Row]:
    """Records of a kind, by number: numbers of items begin at 100, of categories at 200."""
    start, others = {"item": (100, 200), "variant": (300, 100), "category": (200, 100)}[kind.name]
    rows = []
    for place in range(SIZE):
        linked = {others + 1} if kind is VARIANT else {others + place % 3, others + 3}
        if kind is VARIANT and place % 2:
            linked = {others + 2}
        rows.append(
            Row(
                start + place,
                f"n{place}",
                TITLES[place % 4],
                int(place % 3 == 0),
                f"S{place % 2}",
                frozenset(linked),
            )
        )
    return rows


def stored(kind: Kind, row: Row) -> Values:
    columns = {"title": row.title, "name": row.title, "published": row.published, "sku": row.sku}
    kept: dict[str, Any] = {each: columns[each] for each in kind.columns}
    kept |= dict.fromkeys(kind.nullable, 1)
    parent = min(row.related) if kind is VARIANT else None
    return Values(row.number, row.name, f'"{row.name}"', kept, row.title, parent)


@pytest.fixture(scope="module", params=KINDS.values(), ids=lambda kind: kind.name)
def stocked(
    request: pytest.FixtureRequest, new_store: NewDatabase
) -> Iterator[tuple[Database, Kind, list[Row]]]:
    """A database with one kind of record, what it is related to, and another account's."""
    kind: Kind = request.param
    database = open_database(new_store())
    rows = shelf(kind)

    def write(tx: Transaction) -> None:
        records.insert(tx, kind, ACCOUNT, [stored(kind, row) for row in rows])
        records.insert(tx, kind, OTHER, [stored(kind, rows[0])._replace(number=999)])
        if kind is CATEGORY:
            # Only what exists can be linked.
            named = {number for row in rows for number in row.related}
            items = [stored(ITEM, Row(n, f"i{n}", "", 1, "", frozenset())) for n in named]
            records.insert(tx, ITEM, ACCOUNT, items)
        relation = {"item": "categories", "category": "items"}.get(kind.name)
        for row in rows:
            if relation:
                links.add(tx, ACCOUNT, relation, {row.number: row.related})

    database.write(write).result()
    yield database, kind, rows
    database.close()


def naive(rows: list[Row], other: str, asked: RecordQuestion) -> list[int]:
    """The numbers of a page, by looking at every row."""
    passing = [
        row.number
        for row in rows
        if (asked.external_ids is None or row.name in asked.external_ids)
        and all(name == other and number in row.related for name, number in asked.related)
        and all(getattr(row, name) == value for name, value in asked.equal.items())
        and all(part in row.title for part in asked.parts)
        and (asked.border is None or (row.number > asked.border) is asked.ascending)
        and row.number != asked.border
    ]
    return (passing if asked.ascending else passing[::-1])[: asked.size]


def questions(kind: Kind, other: str) -> st.SearchStrategy[RecordQuestion]:
    base = {"item": 200, "variant": 100, "category": 100}[kind.name]
    first = {"item": 100, "variant": 300, "category": 200}[kind.name]
    equal: dict[str, st.SearchStrategy[Any]] = {}
    if kind is not CATEGORY:
        equal["published"] = st.integers(0, 1)
    if kind is VARIANT:
        equal["sku"] = st.sampled_from(["S0", "S1", "S2"])
    names = st.sampled_from([f"n{place}" for place in range(SIZE + 1)])
    return st.builds(
        RecordQuestion,
        size=st.integers(1, SIZE + 1),
        ascending=st.booleans(),
        border=st.none() | st.integers(first - 1, first + SIZE),
        external_ids=st.none() | st.lists(names, min_size=1, unique=True),
        related=st.lists(st.tuples(st.just(other), st.integers(base, base + 4)), max_size=2),
        equal=st.fixed_dictionaries({}, optional=equal),
        parts=st.lists(st.sampled_from(["s", "sh", "shirt", "red", "at", "zz"]), max_size=2),
    )


@pytest.mark.slow
@thorough(400)
@given(data=st.data())
def test_pages_equal_a_naive_filter(
    stocked: tuple[Database, Kind, list[Row]], data: st.DataObject
) -> None:
    database, kind, rows = stocked
    other = {"item": "category", "variant": "item", "category": "item"}[kind.name]
    asked = data.draw(questions(kind, other))
    with database.read() as tx:
        page = pages.records_page(tx, kind, ACCOUNT, asked, Columns())
        bare = pages.records_page(tx, kind, ACCOUNT, asked, Columns(attributes=False))
    assert [row[0] for row in page] == naive(rows, other, asked)
    names = {row.number: row.name.encode() for row in rows}
    for number, external_id, attributes, *_ in page:
        assert external_id == names[number]
        assert attributes == b'"%b"' % external_id
    assert [row[:3] for row in bare] == [(*row[:2], None) for row in page]


def numbers(
    database: Database, kind: Kind, asked: RecordQuestion, account: str = ACCOUNT
) -> list[int]:
    with database.read() as tx:
        return [row[0] for row in pages.records_page(tx, kind, account, asked, Columns())]


@both_ways
def test_border_is_left_out(stocked: tuple[Database, Kind, list[Row]], *, ascending: bool) -> None:
    database, kind, rows = stocked
    asked = RecordQuestion(size=2, ascending=ascending, border=rows[5].number)
    expected = [rows[6], rows[7]] if ascending else [rows[4], rows[3]]
    assert numbers(database, kind, asked) == [row.number for row in expected]


@both_ways
def test_nothing_lies_beyond_the_end(
    stocked: tuple[Database, Kind, list[Row]], *, ascending: bool
) -> None:
    database, kind, rows = stocked
    end = rows[-1 if ascending else 0].number
    assert numbers(database, kind, RecordQuestion(2, ascending=ascending, border=end)) == []


def test_accounts_have_their_own(stocked: tuple[Database, Kind, list[Row]]) -> None:
    database, kind, _ = stocked
    for asked in (
        RecordQuestion(9),
        RecordQuestion(9, external_ids=["n0"]),
        RecordQuestion(9, parts=["shirt"]),
    ):
        assert numbers(database, kind, asked, OTHER) == [999]


def test_variants_name_their_item(database: Database) -> None:
    item = Values(1, "shirt", "{}", {"title": "", "published": 1, "price": 1}, "")
    kept = {"title": "", "sku": "", "published": 1, "price": 1, "inventory_quantity": 1}
    variants = [Values(2, "red", "{}", kept, "", 1), Values(3, "alone", "{}", kept, "")]
    database.write(lambda tx: records.insert(tx, ITEM, ACCOUNT, [item])).result()
    database.write(lambda tx: records.insert(tx, VARIANT, ACCOUNT, variants)).result()
    with database.read() as tx:
        rows = pages.records_page(tx, VARIANT, ACCOUNT, RecordQuestion(9), Columns(linkage=True))
    assert [row[3] for row in rows] == [b"shirt", None]


def test_long_skus_are_told_apart(database: Database) -> None:
    """Earlier versions have stored skus that no index of PostgreSQL takes as a whole."""
    chance = random.Random(12)
    long = "".join(chr(chance.randrange(0x4E00, 0x9FFF)) for _ in range(3000))
    kept = {"title": "", "published": 1, "price": 1, "inventory_quantity": 1}
    made = [
        Values(number, f"v{number}", "{}", {**kept, "sku": sku}, "", None)
        for number, sku in enumerate((long, long + "x", long[:255]))
    ]
    database.write(lambda tx: records.insert(tx, VARIANT, ACCOUNT, made)).result()
    for each in made:
        asked = RecordQuestion(9, equal={"sku": each.columns["sku"]})
        assert numbers(database, VARIANT, asked) == [each.number]


def many_variants(database: Database, count: int) -> None:
    """An item with so many variants, and two with one and none."""
    items = [
        Values(n, name, "{}", {"title": "", "published": 1, "price": 1}, "")
        for n, name in enumerate(("many", "one", "none"), 1)
    ]
    kept = {"title": "", "sku": "", "published": 1, "price": None, "inventory_quantity": 1}
    variants = [Values(10 + n, f"v{n}", f"[{n}]", kept, "", 1) for n in range(count)]
    variants.append(Values(9, "single", "[9]", kept, "", 2))
    database.write(lambda tx: records.insert(tx, ITEM, ACCOUNT, items)).result()
    database.write(lambda tx: records.insert(tx, VARIANT, ACCOUNT, variants)).result()


def test_linkage_ends_after_a_hundred(database: Database) -> None:
    many_variants(database, 120)
    with database.read() as tx:
        rows = pages.records_page(tx, ITEM, ACCOUNT, RecordQuestion(9), Columns(linkage=True))
    many, single, none = [row[3] for row in rows]
    assert many.split(b"\0") == [b"v%d" % n for n in range(100)]
    assert (single, none) == (b"single", None)


def test_included_come_in_order(database: Database) -> None:
    many_variants(database, 120)
    with database.read() as tx:
        rows = pages.included(tx, ITEM, ACCOUNT, [2, 3, 1], Columns(nulls=True))
    assert [row[1] for row in rows] == [b"single", *(b"v%d" % n for n in range(100))]
    assert rows[1][:-1] == (10, b"v0", b"[0]", None, 1)


def test_named_come_as_they_are_named(database: Database) -> None:
    many_variants(database, 3)
    with database.read() as tx:
        names = ["v2", "gone", "v0"]
        rows = pages.in_order(tx, VARIANT, ACCOUNT, names, Columns(attributes=False))
    assert [row[1] for row in rows] == [b"v2", b"v0"]


@pytest.fixture(scope="module")
def long_shelf(new_store: NewDatabase) -> Iterator[Database]:
    """Categories 0 to 1,099, of which each is common, and every hundredth rare."""
    with closing(open_database(new_store())) as opened:
        texts = ["rare common" if number % 100 == 0 else "common" for number in range(1100)]
        values = [
            Values(number, f"n{number}", "{}", {"name": ""}, text)
            for number, text in enumerate(texts)
        ]
        opened.write(lambda tx: records.insert(tx, CATEGORY, ACCOUNT, values)).result()
        yield opened


@both_ways
@pytest.mark.parametrize("border", [None, 150, 450, 550, 950])
@pytest.mark.parametrize("size", [1, 4, 20])
@pytest.mark.parametrize("part", ["rare", "common"])
def test_words_fill_pages_anywhere(
    long_shelf: Database, part: str, size: int, border: int | None, *, ascending: bool
) -> None:
    having = range(0, 1100, 100 if part == "rare" else 1)
    beyond = [
        number
        for number in (having if ascending else reversed(having))
        if border is None or ((number > border) is ascending and number != border)
    ]
    asked = RecordQuestion(size, ascending=ascending, border=border, parts=[part])
    assert numbers(long_shelf, CATEGORY, asked) == beyond[:size]


def test_named_attributes_follow_rows(database: Database) -> None:
    many_variants(database, 1)
    columns = Columns(attributes=False, named=("published", "sku"))
    with database.read() as tx:
        rows = pages.records_page(tx, VARIANT, ACCOUNT, RecordQuestion(1), columns)
    assert rows == [(9, b"single", None, None, 0, 1, b"")]
