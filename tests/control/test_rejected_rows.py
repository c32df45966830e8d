from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from backroom.catalog.kinds import CATEGORY, ITEM, VARIANT
from backroom.control import rejected_rows
from backroom.control.import_run import ImportOptions, ImportRun
from backroom.feeds.columns import own_names, row_from
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


GOOGLE = """<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><item>
<g:id>a</g:id><g:title>Hat</g:title><g:link>https://shop.example/hat</g:link>
<g:price>cheap</g:price></item></channel></rss>"""
SHOPIFY = "Handle,Title,Published,Variant Price\nhat,Hat,TRUE,cheap\n"
CSV = "type,external_id,title,url,published\n"


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("f.csv", f"{CSV}item,a,Hat,u,perhaps\n", {"title": "Hat", "published": "perhaps"}),
        ("f.csv", f"{CSV}item,a,Hat,u,true,more\n", {"title": "Hat", "published": True}),
        ("f.csv", f'{CSV}item,a,Hat,u,"tr"ue\n', {"external_id": "a", "title": "Hat"}),
        ("f.csv", f"{CSV}shoe,a,Hat,u,true\n", {"type": "shoe", "title": "Hat"}),
        ("f.json", '[{"type": "variant", "external_id": "a", "item": 5, "title": "Hat"}]', {}),
        ("f.xml", GOOGLE, {"title": "Hat", "url": "https://shop.example/hat"}),
        ("f.csv", SHOPIFY, {"title": "Hat"}),
    ],
)
def test_record_that_is_refused_keeps_its_cells(
    tmp_path: Path, client: Client, name: str, text: str, read: dict[str, Any]
) -> None:
    path = tmp_path / "file" / name
    path.parent.mkdir()
    path.write_text(text)
    run = ImportRun(path, ImportOptions(), client.url, threading.Event())
    outcome = run.run(client.key, dry=False)
    row = outcome.rejected[0]
    cells = msgspec.json.decode(row.text)
    assert not row.is_whole
    assert cells["title"] == "Hat"
    assert read.items() <= cells.items()


def test_rows_are_bounded(tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected_rows, "MOST_REJECTED", 2)
    assert len(ran(tmp_path, client, "{broken\n" * 3).rejected) == 2
