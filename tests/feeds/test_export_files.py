from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from backroom.feeds.export_files import written_whole
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from pathlib import Path


def test_broken_export_leaves_nothing(tmp_path: Path) -> None:
    def break_off() -> None:
        with written_whole(str(tmp_path / "a.csv"), overwrite=False) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert list(tmp_path.iterdir()) == []


def test_file_is_replaced_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(FeedError), written_whole(str(path), overwrite=False):
        pass
    with written_whole(str(path), overwrite=True) as file:
        file.write(b"new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_gz_is_packed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    with written_whole(str(path), overwrite=False) as file:
        file.write(b"rows")
    assert gzip.decompress(path.read_bytes()) == b"rows"
