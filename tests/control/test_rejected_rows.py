from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.control import rejected_rows
from backroom.control.import_run import ImportOptions, ImportRun
from backroom.control.rejected_rows import own_names
from backroom.feeds.columns import row_from
from backroom.feeds.rows import Row
from control.test_import_run import ROWS, ran

if TYPE_CHECKING:
    from pathlib import Path

    from support.client import Client


@pytest.mark.parametrize(
    "row",
    [
        Row(1, ITEM, "a", {"title": "A", "price": "ask"}, ("x", "y")),
        Row(1, VARIANT, "v", {"title": "V"}, ("a",)),
        Row(1, CATEGORY, "c", {"name": "C"}),
        Row(1, ITEM, "a", {"custom_metadata": {"size": 1}}, None, (), merges=True),
    ],
)
def test_row_is_read_again_as_it_was(row: Row) -> None:
    assert row_from(1, own_names(row)) == row


def test_rows_that_failed_can_be_corrected(tmp_path: Path, client: Client) -> None:
    cheap = ROWS.replace('"a"', '"b"').replace('"u"', '"u","price":"cheap"')
    outcome = ran(tmp_path, client, f"{ROWS}{cheap}{{broken\n", dry=False)
    assert [(each.line, each.external_id) for each in outcome.rejected] == [(2, "b"), (3, "")]
    assert msgspec.json.decode(outcome.rejected[0].text)["price"] == "cheap"
    assert outcome.rejected[1].text == "{broken"


def test_record_that_is_unread_has_its_id(tmp_path: Path, client: Client) -> None:
    path = tmp_path / "file" / "f.csv"
    path.parent.mkdir()
    path.write_text('type,external_id,published\nitem,a,"perhaps"\n')
    run = ImportRun(path, ImportOptions(), client.url, threading.Event())
    outcome = run.run(client.key, dry=False)
    (row,) = outcome.rejected
    assert (row.kind, row.external_id, row.is_whole) == ("item", "a", False)


def test_rows_are_bounded(tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected_rows, "MOST_REJECTED", 2)
    assert len(ran(tmp_path, client, "{broken\n" * 3).rejected) == 2
