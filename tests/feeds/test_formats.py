from __future__ import annotations

from pathlib import Path

import pytest

from backroom.feeds.formats import FORMATS, open_feed
from backroom.feeds.rows import FeedError


@pytest.mark.parametrize(
    ("name", "expected"), [("a.jsonl", "jsonl"), ("a.NDJSON", "jsonl"), ("a.b.csv", "csv")]
)
def test_extension_tells_the_format(name: str, expected: str) -> None:
    assert open_feed(Path(name)).format is FORMATS[expected]


def test_named_format_beats_the_extension() -> None:
    assert open_feed(Path("a.csv"), "jsonl").format is FORMATS["jsonl"]


def test_unknown_extension_is_refused() -> None:
    with pytest.raises(FeedError) as caught:
        open_feed(Path("a.xls"))
    assert str(caught.value) == ("a.xls: its extension names no format (.jsonl, .ndjson, .csv)")


def test_feed_reads_twice(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"type":"item","external_id":"C1"}')
    feed = open_feed(path)
    assert list(feed.rows()) == list(feed.rows())


def test_errors_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.touch()
    with pytest.raises(FeedError, match=r"^a\.csv is empty"):
        list(open_feed(path).rows())


def test_missing_file_is_a_feed_error(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"^a\.csv can't be read: No such file"):
        list(open_feed(tmp_path / "a.csv").rows())
