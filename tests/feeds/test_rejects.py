from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds.formats import open_feed
from backroom.feeds.ledger import Ledger
from backroom.feeds.rejects import write_rejects
from backroom.feeds.rows import FeedError
from backroom.feeds.staging import stage

if TYPE_CHECKING:
    from pathlib import Path

HEADER = "type,external_id,title\r\n"
GOOD = 'item,C1,"a ""fine""\r\ncap, é"\r\n'
BAD = 'item,C2,"a\r\nbad, é"\r\n'
TORN = "item,C3\r\n"


def rejects(path: Path, content: bytes, *failed: int) -> bytes:
    path.write_bytes(content)
    feed, ledger = open_feed(path), Ledger(None)
    stage(feed, ledger, {})
    ledger.settle(failed, "failed")
    write_rejects(feed, ledger, path.with_name("rejects"))
    return path.with_name("rejects").read_bytes()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_csv_has_header_and_whole_rows(tmp_path: Path, encoding: str) -> None:
    content = (HEADER + GOOD + BAD + TORN + GOOD).encode(encoding)
    found = rejects(tmp_path / "feed.csv", content, 2)
    assert found == (HEADER + BAD + TORN).encode(encoding)


def test_json_lines_are_copied(tmp_path: Path) -> None:
    good, bad = b'{"type":"item","external_id":"C1"}\n', b'{"type":"item"}\n'
    assert rejects(tmp_path / "feed.jsonl", good + bad + b"nonsense\n" + good) == (
        bad + b"nonsense\n"
    )


def test_unwritable_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "rejects").mkdir()
    with pytest.raises(FeedError, match="can't be written: Is a directory"):
        rejects(tmp_path / "feed.csv", (HEADER + GOOD).encode())
