"""Statements of a transaction are noted by their names, on both engines."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from backroom.store.timed import TimedStatement, noting, timed
from support.factories import written

if TYPE_CHECKING:
    from backroom.store.database import Database, Transaction


def test_names_have_no_values(database: Database) -> None:
    noted: list[TimedStatement] = []
    with database.read() as tx:
        found = timed(tx, noted)
        assert found.all("select name from accounts where name = :name", name="secret") == []
        assert found.one("-- by hand\n select 1") == (1,)
    assert [each.name for each in noted] == ["select accounts", "by hand"]
    assert all(each.seconds > 0 and each.began > 1e9 for each in noted)


def test_statements_that_fail_are_noted_too(database: Database) -> None:
    noted: list[TimedStatement] = []

    def fail(tx: Transaction) -> None:
        timed(tx, noted).run("select 1 from nowhere")

    with pytest.raises(Exception, match="nowhere"):
        written(database, fail)
    assert [each.name for each in noted] == ["select nowhere"]


def test_work_that_is_done_again_is_noted_once(database: Database) -> None:
    noted: list[TimedStatement] = []

    def work(tx: Transaction) -> None:
        tx.insert("secrets", ("name", "value"), [("a", "b")])
        tx.many("delete from secrets where name = :name", [("a",)])

    for _ in range(2):
        written(database, partial(noting, noted, work))
    assert [each.name for each in noted] == ["insert secrets", "delete secrets"]
