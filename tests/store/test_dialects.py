"""What differs between the engines, each against the engine itself."""

from __future__ import annotations

from concurrent.futures import wait
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backroom.store import open_database
from backroom.store.dialects import POSTGRES, SQLITE
from support.factories import DEADLINE
from support.strategies import texts, thorough

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Database, Transaction
    from conftest import NewDatabase

storable = texts.map(lambda text: text.replace("\0", ""))
"""PostgreSQL has no text with a NUL in it."""


@pytest.fixture(scope="module")
def shared(new_store: NewDatabase) -> Iterator[Database]:
    """A database for many examples."""
    opened = open_database(new_store(), migrated=False)
    yield opened
    opened.close()


def test_databases_know_their_dialect(database: Database, engine: str) -> None:
    assert database.dialect is {"sqlite": SQLITE, "postgres": POSTGRES}[engine]
    assert database.dialect.name == engine


@pytest.mark.parametrize(
    ("one", "other"), [(SQLITE, POSTGRES), (SQLITE.search, POSTGRES.search)], ids=["all", "search"]
)
def test_dialects_differ_in_every_member(one: Any, other: Any) -> None:
    same = [
        each.name for each in fields(one) if getattr(one, each.name) == getattr(other, each.name)
    ]
    assert same == []


def test_among_finds_the_members(database: Database) -> None:
    among = database.dialect.among("value", "wanted")
    with database.read() as tx:
        rows = tx.all(
            f"select value from (select 'a' as value union select 'b') held where {among}",
            wanted=database.dialect.array(["b", "c"]),
        )
    assert rows == [("b",)]


@given(values=st.lists(storable, max_size=5), others=st.lists(storable, max_size=3))
@thorough(25)
def test_members_are_compared_whole(shared: Database, values: list[str], others: list[str]) -> None:
    among = shared.dialect.among(":value", "values")
    with shared.read() as tx:
        held = [
            tx.one(f"select {among}", value=each, values=shared.dialect.array(values))
            for each in (*values, *others)
        ]
    assert [bool(row and row[0]) for row in held] == [each in values for each in (*values, *others)]


def test_arrays_may_be_empty(database: Database) -> None:
    among = database.dialect.among("account", "it")
    with database.read() as tx:
        sql = f"select 1 from accounts where {among}"
        assert tx.all(sql, it=database.dialect.array(())) == []


@given(text=storable, part=storable)
@thorough(50)
def test_holds_is_python_in(shared: Database, text: str, part: str) -> None:
    holds = shared.dialect.holds.format(":text", ":part")
    with shared.read() as tx:
        row = tx.one(f"select {holds}", text=text, part=part)
    assert row is not None
    assert bool(row[0]) is (part in text)


@given(names=st.lists(storable.filter(bool), max_size=5))
@example(names=['","', '["', '"]', "\\", "\x1f", "ä"])
@thorough(50)
def test_joined_texts_have_zeros_between(shared: Database, names: list[str]) -> None:
    dialect = shared.dialect
    place = "place" if dialect.name == "postgres" else "key"
    table = (
        f"(select value as name, key as {place} from json_each(:names))"
        if dialect.name == "sqlite"
        else f"unnest(cast(:names as text[])) with ordinality as given (name, {place})"
    )
    query = f"select name from {table} order by {place}"
    with shared.read() as tx:
        row = tx.one(f"select {dialect.joined('name', query)}", names=dialect.array(names))
    assert row == (b"\0".join(name.encode() for name in names) if names else None,)


@given(numbers=st.lists(st.integers(0, 2**63 - 1), max_size=5))
@thorough(20)
def test_numbered_keeps_the_order(shared: Database, numbers: list[int]) -> None:
    dialect = shared.dialect
    sql = f"select number from {dialect.numbered('numbers')} given order by place"
    with shared.read() as tx:
        assert tx.all(sql, numbers=dialect.array(numbers)) == [(each,) for each in numbers]


def test_accounts_are_kept_apart_in_turn(database: Database) -> None:
    """Whoever reads a number and writes the next one loses none."""

    def count(tx: Transaction) -> None:
        tx.exclusively("shop")
        ((highest,),) = tx.all("select coalesce(max(number), 0) from items")
        tx.run(
            "insert into items (account, number, external_id, title, published, attributes)"
            " values ('shop', :number, :name, '', 1, '{}')",
            number=highest + 1,
            name=f"{highest + 1}",
        )

    wait([database.write(count) for _ in range(30)], DEADLINE)
    with database.read() as tx:
        assert tx.one("select count(*), max(number) from items") == (30, 30)
