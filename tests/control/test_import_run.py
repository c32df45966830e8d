from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from backroom.control.import_run import ImportOptions, ImportRun

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.control.import_outcome import ImportOutcome
    from support.client import Client

ROWS = '{"type":"item","external_id":"a","title":"A","description":"d","url":"u"}\n'


def ran(
    tmp_path: Path, client: Client, rows: str = ROWS, *, dry: bool = True, **options: Any
) -> ImportOutcome:
    path = tmp_path / "file" / "f.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text(rows)
    run = ImportRun(path, ImportOptions(**options), client.url, threading.Event())
    return run.run(client.key, dry=dry)


def test_dry_run_sends_nothing(tmp_path: Path, client: Client) -> None:
    outcome = ran(tmp_path, client)
    assert (outcome.changed, outcome.sent, outcome.error) == (1, 0, "")
    assert outcome.changes[0].outcome == "created"
    assert client.get("/api/catalog-items").json["data"] == []


def test_run_has_its_jobs(tmp_path: Path, client: Client) -> None:
    outcome = ran(tmp_path, client, dry=False)
    assert [(each.kind, each.verb) for each in outcome.jobs] == [("item", "create")]
    assert ran(tmp_path, client).changed == 0


def test_wrong_limit_is_said(tmp_path: Path, client: Client) -> None:
    assert "neither a number" in ran(tmp_path, client, mode="mirror", max_delete="x").error


def test_cancelled_run_says_so(tmp_path: Path, client: Client) -> None:
    path = tmp_path / "file" / "f.jsonl"
    path.parent.mkdir()
    path.write_text(ROWS)
    cancelled = threading.Event()
    cancelled.set()
    outcome = ImportRun(path, ImportOptions(), client.url, cancelled).run(client.key, dry=False)
    assert "cancelled" in outcome.error


def test_report_is_written_beside_the_file(tmp_path: Path, client: Client) -> None:
    ran(tmp_path, client)
    assert '"dry_run": true' in (tmp_path / "report.json").read_text()
    assert (tmp_path / "report.csv").read_text("utf-8").startswith("\ufefffile,line")
