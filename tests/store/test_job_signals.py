"""Jobs in progress are counted, and complete ones cost nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from backroom.store.database import Transaction
from backroom.store.job_signals import job_signals
from support.factories import a_complete_job, a_creation, a_job, stored

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_jobs_in_progress_are_counted(database: Database) -> None:
    old = stored(database, a_job(timedelta(minutes=5)), a_creation("item", "a"))
    stored(database, a_job(), a_creation("item", "b"))
    stored(database, a_complete_job(timedelta(hours=1)))
    with database.read() as tx:
        counts, oldest = job_signals(tx)
    assert counts.value == 2
    assert counts.labels == (("type", old.type), ("status", "processing"))
    assert 299 < oldest.value < 400


def test_without_jobs_the_oldest_has_no_age(database: Database) -> None:
    with database.read() as tx:
        assert [(each.name, each.value) for each in job_signals(tx)] == [
            ("job_oldest_waiting_seconds", 0)
        ]


class PlanOf:
    """A connection that gives the plan of a statement in place of its rows."""

    def __init__(self, tx: Transaction) -> None:
        self.plan = ""
        self._tx = tx

    def execute(self, sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        explain = "explain query plan" if self._tx.dialect.name == "sqlite" else "explain"
        # Without statistics a table of few rows may be read as a whole.
        if self._tx.dialect.name != "sqlite":
            self._tx.run("set enable_seqscan = off")
        rows = self._tx.all(f"{explain} {sql}", **values)
        if self._tx.dialect.name != "sqlite":
            self._tx.run("reset enable_seqscan")
        self.plan = " ".join(str(row[-1]) for row in rows)
        return []


def test_the_index_of_jobs_in_progress_counts_them(database: Database) -> None:
    with database.read() as tx:
        plan = PlanOf(tx)
        # It only reads.
        job_signals(Transaction(cast("Any", plan), tx.dialect))
    assert "in_progress" in plan.plan
