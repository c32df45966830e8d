from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds.ledger import Ledger
from backroom.feeds.ledger_file import LedgerInUseError

if TYPE_CHECKING:
    from pathlib import Path


def test_facts_are_kept(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger")
    first.note("feed", "abc")
    first.close()
    second = Ledger(tmp_path / "ledger")
    assert (second.fact("feed"), second.fact("other")) == ("abc", "")
    second.remove()
    assert list(tmp_path.iterdir()) == []


def test_ledger_is_for_one_import(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "ledger")
    with pytest.raises(LedgerInUseError, match="another import or push"):
        Ledger(tmp_path / "ledger")
    first.remove()


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    path.write_text("type,external_id\n" * 100)
    with pytest.raises(LedgerInUseError, match="is not the progress of an import"):
        Ledger(path)
    assert path.read_text() == "type,external_id\n" * 100


def test_cleared_ledger_is_new(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.stage([])
    ledger.note("feed", "abc")
    ledger.clear()
    ledger.stage([])
    assert ledger.fact("feed") == ""
    ledger.remove()
