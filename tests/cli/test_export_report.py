from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backroom.cli.export_report import ExportReport, print_export_report
from backroom.feeds.exporting import Choice, Written
from backroom.feeds.reading_back import LOST, Losses

if TYPE_CHECKING:
    import pytest


def report() -> ExportReport:
    losses = Losses()
    for each in "abcd":
        losses.add("item", "url", LOST, each)
    written = Written("s.csv", Choice("shopify", "csv"), losses, {"item": 4})
    return ExportReport("s.csv", "http://x", files=[written], read={"item": 4})


def test_text_names_what_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    print_export_report(report(), "text", err=False)
    said = "4 items: url can't be held (import it with --shop-url): a, b, c, …"
    assert said in capsys.readouterr().out


def test_json_names_what_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    print_export_report(report(), "json", err=False)
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert file["losses"][0]["count"] == 4
    assert report().has_losses
