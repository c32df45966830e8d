from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, Verb
from backroom.feeds.ledger import Ledger
from backroom.feeds.rows import Row, RowFault
from backroom.feeds.tallies import counts, findings

if TYPE_CHECKING:
    from pathlib import Path

CAP = Row(1, ITEM, "C1", {"price": 1}, ("hats",), merges=True)


@pytest.fixture
def ledger() -> Ledger:
    made = Ledger(None)
    made.stage([CAP, Row(2, ITEM, "C2", {}), Row(3, CATEGORY, "hats", {}), Row(4, ITEM, "C1", {})])
    return made


def test_rows_come_back_as_written(ledger: Ledger) -> None:
    assert next(ledger.pending("item")).row == CAP


def test_rows_with_one_id_are_found(ledger: Ledger) -> None:
    assert [each.again for each in ledger.pending("item")] == [True, False, True]
    assert [each.row.line for each in ledger.equals("item", "C1")] == [1, 4]


def test_settled_rows_are_not_pending(ledger: Ledger) -> None:
    ledger.settle([1, 2], "created")
    assert [each.row.line for each in ledger.pending("item")] == [4]
    ledger.settle([1], None)
    assert [each.row.line for each in ledger.pending("item")] == [1, 4]


def test_failed_rows_are_remembered(ledger: Ledger) -> None:
    assert not ledger.has_refused
    ledger.settle([2], "failed")
    assert ledger.has_refused


def test_batch_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    first = Ledger(path)
    first.stage([CAP])
    batch = first.begin("item", Verb.UPDATE, [(1, "price")])
    first.close()
    second = Ledger(path)
    (found,) = second.open_batches()
    assert (found.id, found.kind, found.verb, found.job) == (batch, "item", Verb.UPDATE, None)
    assert [each.row for each in second.rows_of(batch)] == [CAP]
    second.posted(batch, "J1")
    assert second.knows_job("J1")
    second.close_batch(batch)
    assert second.open_batches() == []
    second.close()


def test_batch_can_be_given_back(ledger: Ledger) -> None:
    batch = ledger.begin("item", Verb.CREATE, [(2, "")])
    ledger.give_back(batch, [2])
    assert ledger.open_batches() == []
    assert len(list(ledger.pending("item"))) == 3


def test_removals_are_what_no_row_names(ledger: Ledger) -> None:
    ledger.find(RowFault(9, "is wrong", ITEM, "C8"))
    ledger.add_existing("item", ["C1", "C8", "C9"])
    assert ledger.add_removals("item") == 1
    assert [each.row.external_id for each in ledger.pending("item", removals=True)] == ["C9"]
    assert counts(ledger)["item"]["removals"] == 1


@pytest.mark.parametrize(
    "row", [Row(1, ITEM, "\ud800", {}), Row(1, ITEM, "C1", {"title": "\ud800"})]
)
def test_texts_that_are_none_are_faults(row: Row) -> None:
    ledger = Ledger(None)
    ledger.stage([row])
    assert [each.detail for each in findings(ledger)] == ["is not Unicode text"]


def test_findings_show_beginnings_of_long_cells(ledger: Ledger) -> None:
    ledger.find(RowFault(1, "d" * 5_000, value="v" * 5_000, advice="short"))
    found = next(findings(ledger))
    assert (found.value, found.detail) == ("v" * 200 + "…", "d" * 1_000 + "…")


def test_members_are_kept(ledger: Ledger) -> None:
    ledger.add_members("hats", ["C1", "C2"])
    ledger.add_members("caps", ["C1"])
    assert ledger.categories_of("C1") == {"hats", "caps"}


def test_pending_rows_are_counted_up_to_a_number(ledger: Ledger) -> None:
    assert ledger.has_pending("item", 2)
    assert not ledger.has_pending("item", 3)
    assert not ledger.has_pending("variant", 0)


def test_failed_rows_are_not_there(ledger: Ledger) -> None:
    assert ledger.has("item", "C2")
    ledger.settle([2], "failed")
    assert not ledger.has("item", "C2")


@pytest.mark.slow
def test_staging_needs_no_second_copy_on_disk(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.stage(
        Row(number, ITEM, f"C{number}", {"title": "x" * 1_000}) for number in range(1, 30_001)
    )
    assert (tmp_path / "ledger-wal").stat().st_size < (tmp_path / "ledger").stat().st_size / 2
    assert counts(ledger)["item"]["rows"] == 30_000
    ledger.close()


def test_outcomes_do_not_rewrite_bodies(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.stage(Row(each, ITEM, f"C{each}", {"title": "x" * 2_000}) for each in range(1, 101))
    ledger.run("pragma wal_checkpoint(truncate)")
    ledger.settle(range(1, 101), "created")
    assert (tmp_path / "ledger-wal").stat().st_size < 30_000


def test_forgotten_rows_leave_no_bodies(ledger: Ledger) -> None:
    ledger.forget_rows([1, 2])
    assert ledger.one("select count(*) from bodies") == 2
