from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds import formats, joining
from backroom.feeds.formats import open_feed
from backroom.feeds.ledger import Ledger
from backroom.feeds.staging import stage

if TYPE_CHECKING:
    from pathlib import Path

    from backroom.feeds.read_progress import ReadProgress

SHOPIFY = "Handle,Title,Variant Price\n" + "".join(f"hat-{n},Hat {n},9.50\n" for n in range(4))
LINES = "".join(f'{{"type": "item", "external_id": "{n}"}}\n' for n in range(4))
PRODUCT = "<item><g:id>{}</g:id><g:title>H</g:title><g:link>u</g:link></item>"
RSS = (
    '<rss xmlns:g="http://base.google.com/ns/1.0"><channel>'
    + "".join(map(PRODUCT.format, range(4)))
    + "</channel></rss>"
)


@pytest.fixture(autouse=True)
def _everything_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "SAID_EVERY", 1)
    monkeypatch.setattr(formats, "SAID_EVERY", 1)


def said(path: Path, text: str) -> list[ReadProgress]:
    path.write_text(text)
    found: list[ReadProgress] = []
    stage(open_feed(path), Ledger(None), {}, found.append)
    return found


@pytest.mark.parametrize(("name", "text"), [("f.csv", SHOPIFY), ("f.xml", RSS)])
def test_shop_files_are_read_then_joined(tmp_path: Path, name: str, text: str) -> None:
    found = said(tmp_path / name, text)
    read, joined = [("reading", None)] * 4, [("joining", 4)] * 4
    assert [(each.step, each.of) for each in found] == read + joined
    assert found[3].read == found[3].size == len(text)
    assert [each.records for each in found[4:]] == [1, 2, 3, 4]


def test_lines_are_only_read(tmp_path: Path) -> None:
    found = said(tmp_path / "f.jsonl", LINES)
    assert [(each.step, each.records) for each in found] == [("reading", n) for n in (1, 2, 3, 4)]
    assert found[-1].read == len(LINES)
