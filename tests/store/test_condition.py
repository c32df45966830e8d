from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.store import keys
from backroom.store.condition import broken_page, condition, server_condition
from support.factories import a_creation, a_kind_of_job, submitted, written

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_keys_and_jobs_are_counted(database: Database) -> None:
    with database.read() as tx:
        assert condition(tx) == (0, 0, 0, None)
    written(database, lambda tx: keys.create(tx, "one", "test", []))
    job = submitted(database, a_kind_of_job("item", "create"), a_creation("item", "a"))
    with database.read() as tx:
        assert condition(tx) == (1, 1, 1, job.created_at)


def test_each_engine_shows_its_own(database: Database) -> None:
    with database.read() as tx:
        if tx.dialect.name == "sqlite":
            assert broken_page(tx) == ""
            return
        found = server_condition(tx)
    assert found.takes_writes
    assert 0 < found.connections < found.most_connections
    assert abs(found.skew) < 5
