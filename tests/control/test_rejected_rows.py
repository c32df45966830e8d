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

    from backroom.control.import_outcome import ImportOutcome
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


def loaded(tmp_path: Path, client: Client, name: str, text: str) -> ImportOutcome:
    path = tmp_path / "file" / name
    path.parent.mkdir()
    path.write_text(text)
    run = ImportRun(path, ImportOptions(), client.url, threading.Event())
    return run.run(client.key, dry=False)


GOOGLE = """<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><item>
<g:id>a</g:id><g:title>Hat</g:title><g:link>https://shop.example/hat</g:link>
<g:price>cheap</g:price></item></channel></rss>"""
SHOPIFY = "Handle,Title,Published,Variant Price\n"
SHOPIFY_ROW = "cap,Cap,TRUE,1\n"
CSV = "type,external_id,title,url,published\n"


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("f.csv", f"{SHOPIFY}{SHOPIFY_ROW}hat,Hat,TRUE,3,more\n", {"type": "item", "price": 3}),
        ("f.csv", f'{SHOPIFY}{SHOPIFY_ROW}hat,"Hat', {"type": "item"}),
        ("f.csv", f'{CSV}item,a,Hat,"u\n', {"url": "u"}),
        ("f.csv", f"{CSV}item,a,Hat,u,perhaps\n", {"title": "Hat", "published": "perhaps"}),
        ("f.csv", f"{CSV}item,a,Hat,u,true,more\n", {"title": "Hat", "published": True}),
        ("f.csv", f'{CSV}item,a,Hat,u,"tr"ue\n', {"external_id": "a", "title": "Hat"}),
        ("f.csv", f"{CSV}shoe,a,Hat,u,true\n", {"type": "shoe", "title": "Hat"}),
        ("f.json", '[{"type": "variant", "external_id": "a", "item": 5, "title": "Hat"}]', {}),
        ("f.xml", GOOGLE, {"title": "Hat", "url": "https://shop.example/hat"}),
        ("f.csv", f"{SHOPIFY}hat,Hat,TRUE,cheap\n", {"title": "Hat"}),
    ],
)
def test_record_that_is_refused_keeps_its_cells(
    tmp_path: Path, client: Client, name: str, text: str, read: dict[str, Any]
) -> None:
    row = loaded(tmp_path, client, name, text).rejected[0]
    cells = msgspec.json.decode(row.text)
    assert not row.is_whole
    assert cells["title"] == "Hat"
    assert read.items() <= cells.items()


def test_rows_are_bounded(tmp_path: Path, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rejected_rows, "MOST_REJECTED", 2)
    outcome = ran(tmp_path, client, "{broken\n" * 3)
    assert len(outcome.rejected) == 2
    assert [(each.why, each.rows) for each in outcome.not_offered] == [("The form takes 2 rows", 1)]


def test_torn_row_is_shown_as_written(tmp_path: Path, client: Client) -> None:
    torn = "hat,Hat,TRUE,3,more"
    outcome = loaded(tmp_path, client, "f.csv", f"{SHOPIFY}{SHOPIFY_ROW}{torn}\n")
    assert [(each.kind, each.written) for each in outcome.rejected] == [
        ("item", torn),
        ("variant", torn),
    ]


@pytest.mark.parametrize("row", ['"', f'hat,{"x" * 30_000},"TRUE'])
def test_row_that_is_not_offered_is_named(tmp_path: Path, client: Client, row: str) -> None:
    outcome = loaded(tmp_path, client, "f.csv", f"{SHOPIFY}{SHOPIFY_ROW}{row}\n")
    assert outcome.rejected == []
    assert [(each.rows, each.lines) for each in outcome.not_offered] == [(1, [3])]


def test_item_and_variant_of_one_line_are_offered(tmp_path: Path, client: Client) -> None:
    head = SHOPIFY.replace("Variant", "Option1 Value,Variant")
    rows = "hat,Hat,perhaps,S,3\nhat,,,M,4\n"
    outcome = loaded(tmp_path, client, "f.csv", head + rows)
    assert [each.kind for each in outcome.rejected] == ["item", "variant", "variant"]
