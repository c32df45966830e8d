from __future__ import annotations

import pytest

from backroom.catalog.kinds import ITEM, Verb
from backroom.feeds.ledger import Ledger
from backroom.feeds.rows import Row, RowFault, RowWarning
from backroom.feeds.tallies import (
    FrequentFinding,
    RowChange,
    count_findings,
    count_nameless,
    counts,
    findings,
    frequent_findings,
    row_changes,
)

FAULT = RowFault(2, "is wrong", ITEM, "C2", "price", "x", "Write a number.")
WARNING = RowWarning(1, "is odd", ITEM, "C1")


@pytest.fixture
def ledger() -> Ledger:
    made = Ledger(None)
    made.stage([FAULT, RowFault(2, "is wrong too", ITEM, "C2"), WARNING, Row(1, ITEM, "C1", {})])
    return made


def test_row_with_two_faults_counts_once(ledger: Ledger) -> None:
    assert counts(ledger) == {"item": {"pending": 1, "rows": 2, "removals": 0, "failed": 1}}


def test_findings_are_in_the_order_of_lines(ledger: Ledger) -> None:
    assert [each.line for each in findings(ledger)] == [1, 2, 2]
    ledger.settle([1], "created")
    assert list(findings(ledger, failed=False)) == [WARNING]
    assert list(findings(ledger, failed=True, most=1)) == [FAULT]
    assert count_findings(ledger, failed=True) == 2
    assert count_nameless(ledger) == 0


def test_frequent_findings_come_first(ledger: Ledger) -> None:
    ledger.find(RowFault(9, "is 'x'", ITEM, "C9", "price", "y", "Write a number."))
    assert list(frequent_findings(ledger, failed=True)) == [
        FrequentFinding("price", "Write a number.", 2, 2),
        FrequentFinding("", "", 1, 2),
    ]


def test_changes_name_attributes(ledger: Ledger) -> None:
    batch = ledger.begin("item", Verb.UPDATE, [(1, "title,price")])
    ledger.posted(batch, "J1")
    ledger.settle([1], "updated")
    assert list(row_changes(ledger)) == [RowChange(1, "item", "C1", "updated", "title,price")]
    assert counts(ledger)["item"]["jobs"] == 1


@pytest.mark.parametrize(
    ("outcome", "expected"), [("created", True), ("failed", False), (None, False)]
)
def test_warning_says_whether_its_row_went_in(
    ledger: Ledger, outcome: str | None, expected: object
) -> None:
    ledger.settle([1], outcome)
    (found,) = findings(ledger, failed=False)
    assert isinstance(found, RowWarning)
    assert found.went_in is expected


def test_warning_of_an_unreadable_row_says_so(ledger: Ledger) -> None:
    ledger.find(RowWarning(2, "is odd", ITEM, "C2"))
    ledger.find(RowWarning(1, "has no addresses"))
    found = [each for each in findings(ledger, failed=False) if isinstance(each, RowWarning)]
    assert [each.went_in for each in found if each.external_id != "C1"] == [True, False]
