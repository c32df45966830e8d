from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from backroom import clock
from backroom.catalog.kinds import ITEM, JobKind, Verb
from backroom.control import import_refusals
from backroom.control.import_refusals import ImportRefusals
from backroom.control.import_run import ImportOptions, ImportRun
from backroom.feeds.comparing import RowOperation
from backroom.feeds.encoding import EncodedRow
from backroom.feeds.ledger import Ledger
from backroom.feeds.refused_rows import RefusedRows, RefusingTarget
from backroom.feeds.rows import Row

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.control.import_outcome import ImportOutcome
    from support.client import Client

CHEAP = RowOperation(
    JobKind(ITEM, Verb.CREATE), EncodedRow(Row(1, ITEM, "a", {"price": "cheap"}), b"{}")
)
BAD = '{"type":"item","external_id":"b","title":"B","description":"","url":"u","price":"no"}\n'
ROWS = '{"type":"item","external_id":"a","title":"A","description":"","url":"u"}\n' + BAD


@pytest.fixture
def kept(tmp_path: Path) -> ImportRefusals:
    return ImportRefusals(tmp_path / "refused")


def run_of(account: str, kept: ImportRefusals, *, notes: bool = False) -> RefusedRows:
    """Give the refusals that a run of an account knows; with `notes` it is refused one more."""
    target = RefusingTarget("http://shop.example", f"pk_{threading.get_ident()}", "2024-10-15")
    found = RefusedRows(Ledger(None), target, clock.now())
    kept.of(account).give_to(found)
    if notes:
        found.note(CHEAP, "price: No number.", "price")
        kept.of(account).add_from(found)
    return found


def test_refusal_is_known_to_the_next_run(kept: ImportRefusals) -> None:
    assert run_of("one", kept, notes=True).find(CHEAP) is None
    assert run_of("one", kept).find(CHEAP) is not None
    assert run_of("two", kept).find(CHEAP) is None
    kept.of("one").forget()
    assert run_of("one", kept).find(CHEAP) is None


def test_old_refusals_are_dropped(kept: ImportRefusals, monkeypatch: pytest.MonkeyPatch) -> None:
    run_of("one", kept, notes=True)
    later = datetime.now(UTC) + timedelta(days=import_refusals.MOST_DAYS_KEPT + 1)
    monkeypatch.setattr(clock, "now", lambda: later)
    kept.of("one").add_from(run_of("one", kept))
    assert run_of("one", kept).find(CHEAP) is None


def test_refusals_are_bounded(kept: ImportRefusals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_refusals, "MOST_REFUSALS_KEPT", 0)
    run_of("one", kept, notes=True)
    assert run_of("one", kept).find(CHEAP) is None


def test_accounts_are_bounded(kept: ImportRefusals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_refusals, "MOST_ACCOUNTS_KEPT", 2)
    for account in ("one", "two", "three"):
        run_of(account, kept, notes=True)
    assert [bool(run_of(each, kept).find(CHEAP)) for each in ("one", "three")] == [False, True]


def test_file_that_is_no_ledger_is_as_none(kept: ImportRefusals) -> None:
    place = kept.of("one").place
    place.parent.mkdir()
    place.write_text("no database, and long enough to be taken for one")
    assert not run_of("one", kept, notes=True)


def test_runs_that_end_together_are_kept_both(kept: ImportRefusals) -> None:
    runs = [
        threading.Thread(target=run_of, args=("one", kept), kwargs={"notes": True})
        for _ in range(8)
    ]
    for each in runs:
        each.start()
    for each in runs:
        each.join()
    assert run_of("one", kept).find(CHEAP) is not None


def ran(
    tmp_path: Path, client: Client, kept: ImportRefusals, *, retry: bool = False
) -> ImportOutcome:
    path = tmp_path / "file" / "f.jsonl"
    path.parent.mkdir(exist_ok=True)
    path.write_text(ROWS)
    options = ImportOptions(retry_refused=retry)
    refusals = kept.of(client.account)
    run = ImportRun(path, options, client.url, threading.Event(), refusals)
    return run.run(client.key, dry=False)


def test_second_import_sends_nothing(tmp_path: Path, client: Client, kept: ImportRefusals) -> None:
    assert ran(tmp_path, client, kept).sent == 1
    again = ran(tmp_path, client, kept)
    numbers = again.counts["catalog-item"]
    assert [numbers[each] for each in ("rows", "unchanged", "failed", "jobs")] == [2, 1, 1, 0]
    assert '"Also send the rows that the server refused before" sends it' in again.remarks[0].detail
    assert "sends it" not in ran(tmp_path, client, kept, retry=True).remarks[0].detail
    assert "sends it" in ran(tmp_path, client, kept).remarks[0].detail
