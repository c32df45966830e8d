from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store.job_check import unreadable_jobs
from store.small_shop import fill, untold
from support.factories import written

if TYPE_CHECKING:
    from backroom.store.database import Database


@pytest.mark.parametrize("column", ["jobs.errors", "jobs.linkage", "job_operations.operations"])
@pytest.mark.parametrize("text", ["", "[1", "{}", "null"])
def test_unreadable_text_is_named(database: Database, column: str, text: str) -> None:
    account = fill(database)
    table, name = column.split(".")
    written(database, lambda tx: tx.run(f"update {table} set {name} = :text", text=text))
    with database.read() as tx:
        found = list(unreadable_jobs(tx, untold))
        jobs = tx.all(f"select account, job_id from {table} order by job_id")
    assert sorted(found) == jobs
    assert {account} == {row[0] for row in found}


def test_sound_jobs_are_not_named(database: Database) -> None:
    fill(database)
    with database.read() as tx:
        assert list(unreadable_jobs(tx, untold)) == []
