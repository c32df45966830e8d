"""Statements inside one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store import open_database
from backroom.store.database import StoreUnavailable, Undone
from support.factories import DEADLINE, written

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction
    from conftest import NewDatabase

INSERT = "insert into accounts values (:account, :name, 'now')"


def fill(tx: Transaction) -> None:
    tx.many(INSERT, [(each, each.upper()) for each in "cab"])


def test_all_gives_every_row(database: Database) -> None:
    written(database, fill)
    with database.read() as tx:
        assert tx.all("select account, name from accounts order by account") == [
            ("a", "A"),
            ("b", "B"),
            ("c", "C"),
        ]


def test_one_gives_a_row(database: Database) -> None:
    written(database, fill)
    with database.read() as tx:
        assert tx.one("select name from accounts where account = :it", it="b") == ("B",)


def test_one_may_find_nothing(database: Database) -> None:
    with database.read() as tx:
        assert tx.one("select name from accounts where account = :it", it="b") is None


def test_run_binds_its_values(database: Database) -> None:
    name = "x'); drop table accounts; --"
    written(database, lambda tx: tx.run(INSERT, account="a", name=name))
    with database.read() as tx:
        assert tx.one("select name from accounts") == (name,)


def test_many_of_nothing_does_nothing(database: Database) -> None:
    written(database, lambda tx: tx.many("no statement at all", []))


def test_script_runs_all_statements(database: Database) -> None:
    script = (
        "create table one (x integer); create table two (x integer); insert into two values (7);"
    )
    written(database, lambda tx: tx.script(script))
    with database.read() as tx:
        assert tx.all("select x from two") == [(7,)]
        assert tx.all("select x from one") == []


def test_work_gives_its_result(database: Database) -> None:
    assert written(database, lambda tx: tx.one("select 1 + 1")) == (2,)


def test_reads_may_be_nested(database: Database) -> None:
    written(database, fill)
    count = "select count(*) from accounts"
    with database.read() as outer:
        with database.read() as inner:
            assert inner.one(count) == (3,)
        assert outer.one(count) == (3,)
    with database.read() as later:
        assert later.one(count) == (3,)


def test_failure_in_a_nested_read_leaves_the_outer(database: Database) -> None:
    with database.read() as outer:
        with pytest.raises(KeyError), database.read():
            raise KeyError
        assert outer.one("select 1 + 1") == (2,)


@pytest.mark.parametrize("statement", ["no sql at all", "select nothing from nowhere"])
def test_broken_statement_is_no_unavailable_store(database: Database, statement: str) -> None:
    with pytest.raises(Exception, match=r"syntax|no such|not exist") as read, database.read() as tx:
        tx.all(statement)
    assert not isinstance(read.value, StoreUnavailable)
    failed = database.write(lambda tx: tx.run(statement)).exception(DEADLINE)
    assert not isinstance(failed, (StoreUnavailable, type(None)))


def test_attempt_gives_its_result(database: Database) -> None:
    assert written(database, lambda tx: tx.attempt(lambda: tx.one("select 1 + 1"))) == (2,)


def test_failed_attempt_is_undone_alone(database: Database) -> None:
    def half(tx: Transaction) -> None:
        tx.run(INSERT, account="b", name="B")
        tx.run("no sql at all")

    def work(tx: Transaction) -> None:
        tx.run(INSERT, account="a", name="A")
        with pytest.raises(Undone) as undone:
            tx.attempt(lambda: half(tx))
        assert "syntax error" in str(undone.value.__cause__)
        tx.run(INSERT, account="c", name="C")

    written(database, work)
    with database.read() as tx:
        assert tx.all("select account from accounts order by account") == [("a",), ("c",)]


def test_closed_database_is_unavailable(new_store: NewDatabase) -> None:
    closed = open_database(new_store())
    closed.close()
    assert isinstance(closed.write(fill).exception(DEADLINE), StoreUnavailable)
    with pytest.raises(StoreUnavailable), closed.read() as tx:
        tx.all("select 1")
