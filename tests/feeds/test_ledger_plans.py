"""An import takes as long for the last row of a million as for the first: no statement of a ledger
that runs for each row, job or chunk reads a whole table. Plans are read, times are not.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, Verb
from backroom.feeds import comparison as comparison_module
from backroom.feeds import known as known_module
from backroom.feeds import ledger as ledger_module
from backroom.feeds import rehearsal as rehearsal_module
from backroom.feeds.api_client import ApiClient
from backroom.feeds.comparing import MODES
from backroom.feeds.comparison import Comparison
from backroom.feeds.known import KnownCatalog
from backroom.feeds.ledger import Ledger
from backroom.feeds.loading import Loader, Options
from backroom.feeds.mirroring import RemovalLimit, plan_removals
from backroom.feeds.push_plan import Plan, PlannedComparison
from backroom.feeds.refused_rows import RefusedRows, RefusingTarget, forget_all_but_refused
from backroom.feeds.rehearsal import Rehearsal
from backroom.feeds.reporting import Report, csv_lines_of, json_lines_of
from backroom.feeds.rows import Row, RowFault
from backroom.revisions import NEWEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from conftest import MakeClient

    Work = Callable[[ApiClient, Ledger, int], object]

FEW, MORE = 30, 90
NOW = datetime(2026, 11, 28, tzinfo=UTC)
HATS = Row(1, CATEGORY, "hats", {"name": "Hats"})


def cap(number: int, **attributes: Any) -> Row:
    known = {"title": "Cap", "description": "", "url": "u"}
    return Row(number + 2, ITEM, f"C{number}", known | attributes, ("hats",))


@pytest.fixture(autouse=True)
def _chunks_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison_module, "_COMPARED_AT_ONCE", 5)
    monkeypatch.setattr(known_module, "_NAMES_AT_ONCE", 5)
    monkeypatch.setattr(ledger_module, "_JOB_OPERATIONS", 5)
    monkeypatch.setattr(rehearsal_module, "_REHEARSED_AT_ONCE", 5)


class Traced(Ledger):
    """A ledger that counts its statements."""

    def __init__(self) -> None:
        super().__init__(None)
        self.statements: Counter[str] = Counter()
        self.connection.exec_trace = self._count

    def _count(self, _: object, statement: str, __: object) -> bool:
        self.statements[statement] += 1
        return True

    def reading(self) -> dict[str, int]:
        """Give how often each statement ran that reads a whole table, or sorts one."""
        self.connection.exec_trace = None
        return {each: times for each, times in self.statements.items() if self._reads_all(each)}

    def quadratic(self) -> list[str]:
        """Give the statements that read a whole table for each row of another one."""
        self.connection.exec_trace = None
        return [each for each in self.statements if self._reads_all(each, "CORRELATED")]

    def _reads_all(self, statement: str, below: str = "") -> bool:
        if not statement.startswith(("select", "insert", "update", "delete")):
            return False
        values = (None,) * statement.count("?")
        plan = [str(row[3]) for row in self.run(f"explain query plan {statement}", *values)]
        _, _, part = "\n".join(plan).partition(below) if below else ("", "", "\n".join(plan))
        return any(each.startswith(("SCAN", "USE TEMP B-TREE")) for each in part.splitlines())


def load(client: ApiClient, ledger: Ledger, mode: str = "upsert") -> None:
    comparison = Comparison(client, ledger, MODES[mode])
    comparison.refusals = RefusedRows(ledger, RefusingTarget(client.url, "", NEWEST), NOW)
    if comparison.mode.mirrors:
        plan_removals(comparison, RemovalLimit("100%"))
    Loader(comparison, client, Options(batch=5)).run(lambda *_: None)


def imported(client: ApiClient, ledger: Ledger, number: int) -> None:
    ledger.stage([HATS, *(cap(each, price="cheap" if each % 2 else 5) for each in range(number))])
    load(client, ledger)


def imported_again(client: ApiClient, ledger: Ledger, number: int) -> None:
    imported(client, ledger, number)
    forget_all_but_refused(ledger, complete=True)
    imported(client, ledger, number)


def mirrored(client: ApiClient, ledger: Ledger, number: int) -> None:
    imported(client, ledger, number)
    ledger.clear()
    ledger.stage([RowFault(each + 1, "No.", ITEM, f"C{each}") for each in range(0, number, 4)])
    load(client, ledger, "mirror")


def taken_up(client: ApiClient, ledger: Ledger, number: int) -> None:
    ledger.stage([cap(each) for each in range(number)])
    for first in range(1, number, 5):
        ledger.begin("item", Verb.CREATE, [(each, "") for each in range(first, first + 5)])
    load(client, ledger)


def reported(client: ApiClient, ledger: Ledger, number: int) -> None:
    imported(client, ledger, number)
    report = Report("f", client.url, MODES["upsert"], ledger=ledger, dry_run=True)
    report.count()
    assert len([*json_lines_of(report), *csv_lines_of(report), *report.changes()]) > number


def pushed(client: ApiClient, ledger: Ledger, number: int) -> None:
    KnownCatalog(ledger).begin_for("there")
    ledger.stage([HATS, *(cap(each) for each in range(number))])
    plan = Plan(ledger)
    plan.begin()
    Rehearsal(Comparison(client, ledger, MODES["upsert"]), lambda *_: None).run(lambda *_: None)
    plan.make(reopen=True)
    comparison = PlannedComparison(client, ledger, MODES["upsert"])
    comparison.plan = plan
    Loader(comparison, client, Options(batch=5)).run(lambda *_: None)
    KnownCatalog(ledger).learn()


@pytest.fixture(params=[imported, imported_again, mirrored, taken_up, reported, pushed])
def ledgers(request: pytest.FixtureRequest, make_client: MakeClient) -> Iterator[list[Traced]]:
    """The ledgers of the same work with few rows, and with more."""
    work: Work = request.param
    made = [Traced(), Traced()]
    for ledger, number in zip(made, (FEW, MORE), strict=True):
        client = make_client()
        work(ApiClient(client.url, client.key, NEWEST, 10), ledger, number)
    yield made
    for ledger in made:
        ledger.close()


def test_whole_tables_are_read_a_fixed_number_of_times(ledgers: list[Traced]) -> None:
    few, more = (ledger.reading() for ledger in ledgers)
    assert few == more


def test_no_table_is_read_for_each_row(ledgers: list[Traced]) -> None:
    assert [ledger.quadratic() for ledger in ledgers] == [[], []]
