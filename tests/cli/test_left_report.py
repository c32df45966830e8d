from __future__ import annotations

from typing import TYPE_CHECKING

from backroom.cli.left_report import leave_report_with
from backroom.feeds.comparing import MODES
from backroom.feeds.formats import open_feed
from backroom.feeds.ledger import Ledger
from backroom.feeds.reporting import Report
from backroom.feeds.staging import stage

if TYPE_CHECKING:
    from pathlib import Path

    from support.client import Client


def left(url: str, key: str, tmp_path: Path) -> str:
    path = tmp_path / "f.jsonl"
    path.write_text("{broken\n")
    feed, report = open_feed(path, "jsonl"), Report("f.jsonl", url, MODES["create"])
    report.ledger = ledger = Ledger(None)
    stage(feed, ledger, {})
    report.count()
    return leave_report_with(url, key, report, feed)


def test_report_has_a_page(client: Client, tmp_path: Path) -> None:
    page = left(client.url, client.key, tmp_path)
    assert page.startswith(f"{client.url}/_backroom/dashboard/catalog/import/kept/")


def test_server_that_takes_none_is_left_alone(client: Client, tmp_path: Path) -> None:
    assert left(client.url, "pk_wrong_key", tmp_path) == ""
    assert left("http://127.0.0.1:9", client.key, tmp_path) == ""
