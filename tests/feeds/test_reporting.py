from __future__ import annotations

import csv
import json

import pytest

from backroom.catalog.kinds import ITEM
from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.reporting import Report, csv_lines_of, json_lines_of
from backroom.feeds.rows import Row, RowFault, RowWarning


@pytest.fixture
def report() -> Report:
    ledger = Ledger(None)
    ledger.stage(
        [
            RowFault(2, 'is "wrong"\nthere', ITEM, "=C2", "price", "-5", "Write a number."),
            RowWarning(1, "is odd", ITEM, "C1"),
            Row(1, ITEM, "C1", {}),
            RowFault(3, "is not JSON"),
        ]
    )
    ledger.settle_changed([("updated", "title,price", 1)])
    made = Report("feed.csv", "http://x", MODES["update"], dry_run=True, ledger=ledger)
    made.count()
    return made


def test_numbers_are_by_type(report: Report) -> None:
    assert report.counts == {
        "catalog-item": {"rows": 2, "updated": 1, "unchanged": 0, "failed": 1, "jobs": 0},
        "unreadable": {"rows": 1, "updated": 0, "unchanged": 0, "failed": 1, "jobs": 0},
    }
    assert (report.unaccounted, report.settled, report.rows_of("item")) == (0, 3, 2)


def test_pending_rows_are_unaccounted(report: Report) -> None:
    assert report.ledger
    report.ledger.settle([1], None)
    report.count()
    assert report.unaccounted == 1


def test_json_is_one_document(report: Report) -> None:
    document = json.loads("\n".join(json_lines_of(report)))
    assert [each["went_in"] for each in document["faults"] + document["warnings"]] == [
        *(False, False, True)
    ]
    assert document["changes"] == [
        {
            "line": 1,
            "type": "catalog-item",
            "external_id": "C1",
            "outcome": "updated",
            "attributes": ["title", "price"],
        }
    ]


def test_csv_has_every_finding(report: Report) -> None:
    rows = list(csv.DictReader("\n".join(csv_lines_of(report)).splitlines(keepends=True)))
    assert [(row["line"], row["imported"]) for row in rows] == [
        ("1", "yes"),
        ("2", "no"),
        ("3", "no"),
    ]
    assert (rows[1]["what"], rows[1]["id"]) == ("item", "'=C2")
    assert rows[1]["value"] == "-5"
    assert rows[1]["what is wrong"] == 'is "wrong"\nthere'


def test_report_without_a_ledger_is_empty() -> None:
    report = Report("feed.csv", "http://x", MODES["update"], error="No.")
    report.count()
    document = json.loads("\n".join(json_lines_of(report)))
    assert (document["error"], document["counts"], document["faults"]) == ("No.", {}, [])
