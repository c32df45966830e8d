from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import ITEM
from backroom.cli.import_report import on_terminal, print_json, print_tables, write_report
from backroom.feeds.comparing import MODES
from backroom.feeds.ledger import Ledger
from backroom.feeds.reporting import Report
from backroom.feeds.rows import Row, RowFault

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def report() -> Report:
    ledger = Ledger(None)
    fault = RowFault(2, "is wrong", ITEM, "C\x1b2", "price", "x", "Write a number.")
    ledger.stage([fault, Row(1, ITEM, "C1", {})])
    ledger.settle_changed([("updated", "title,price", 1)])
    made = Report("feed.csv", "http://x", MODES["upsert"], dry_run=True, ledger=ledger)
    made.count()
    return made


def test_table_has_place_and_advice(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    print_tables(report)
    shown = capsys.readouterr().out
    for part in ("upsert, dry run", "price", "Write a number.", r"C\x1b2", "title, price"):
        assert part in shown


def test_json_has_no_controls(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    print_json(report)
    assert json.loads(capsys.readouterr().out)["faults"][0]["external_id"] == "C\x1b2"


@pytest.mark.parametrize(
    ("name", "begins"), [("r.json", "{"), ("r.CSV", "\ufefffile,"), ("r.html", "<!doctype html>")]
)
def test_extension_is_the_form(report: Report, tmp_path: Path, name: str, begins: str) -> None:
    write_report(report, tmp_path / name)
    assert (tmp_path / name).read_text("utf-8").startswith(begins)


def test_long_texts_are_cut() -> None:
    assert len(on_terminal("x" * 2_000)) == 1_001
