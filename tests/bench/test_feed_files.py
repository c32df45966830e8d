from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.feeds.formats import open_feed
from backroom.feeds.rows import Row, RowFault
from bench import feed_files

if TYPE_CHECKING:
    from pathlib import Path

_RECORDS = 12


@pytest.mark.parametrize("name", feed_files.WRITERS)
def test_files_are_of_their_format(tmp_path: Path, name: str) -> None:
    ending = ".xlsx" if "workbook" in name else ".jsonl" if "Lines" in name else ""
    feed = open_feed(feed_files.write(name, tmp_path / f"feed{ending}", _RECORDS))
    found = list(feed.rows())
    feed.close()
    assert sum(isinstance(each, Row) for each in found) >= _RECORDS
    assert not [each for each in found if isinstance(each, RowFault)]
    assert feed.described.lower().startswith(name.partition(" ")[0].lower())
