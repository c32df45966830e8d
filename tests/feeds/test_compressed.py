from __future__ import annotations

import gzip
import io
import zipfile
from typing import TYPE_CHECKING

import pytest

from backroom.feeds import compressed
from backroom.feeds.compressed import compression_of, unpack
from backroom.feeds.rows import FeedError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"type,external_id\n" * 100


def zipped(**files: bytes) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return written.getvalue()


def zstd(content: bytes) -> bytes:
    from backports.zstd import compress

    return compress(content)


@pytest.mark.parametrize(
    ("packed", "name"),
    [(gzip.compress(TEXT), "gz"), (zipped(a=TEXT), "zip"), (zstd(TEXT), "zstd")],
    ids=["gz", "zip", "zstd"],
)
def test_packed_files_are_unpacked(tmp_path: Path, packed: bytes, name: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(packed)
    assert compression_of(path) == name
    unpack(path, name, tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == TEXT


def test_workbooks_stay_packed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(zipped(**{"xl/workbook.xml": b""}))
    assert compression_of(tmp_path / "a") == "none"


@pytest.mark.parametrize(
    ("packed", "name", "reason"),
    [
        (gzip.compress(TEXT)[:-9], "gz", "is cut off"),
        (b"\x1f\x8bnonsense", "gz", "can't be unpacked as gz"),
        (b"PK\x03\x04nonsense", "zip", "can't be unpacked as zip"),
        (zstd(TEXT)[:9], "zstd", "is cut off|can't be unpacked as zstd"),
        (zipped(a=TEXT, b=TEXT), "zip", r"is a zip with 2 files \(a, b\)"),
        (zipped(), "zip", "is a zip with 0 files"),
    ],
    ids=["cut", "gz", "zip", "zstd", "two", "none"],
)
def test_broken_files_are_refused(tmp_path: Path, packed: bytes, name: str, reason: str) -> None:
    (tmp_path / "a").write_bytes(packed)
    with pytest.raises(FeedError, match=reason):
        unpack(tmp_path / "a", name, tmp_path / "b")


@pytest.mark.parametrize(
    "pack", [gzip.compress, lambda content: zipped(a=content), zstd], ids=["gz", "zip", "zstd"]
)
def test_bombs_are_refused(tmp_path: Path, pack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "_RATIO_FROM", 1_000_000)
    assert callable(pack)
    (tmp_path / "a").write_bytes(pack(b"0" * 3_000_000))
    with pytest.raises(FeedError, match=r"unpacks to more than 1 MB from [\d,]+ bytes"):
        unpack(tmp_path / "a", compression_of(tmp_path / "a"), tmp_path / "b")
    assert (tmp_path / "b").stat().st_size < 2_000_000


def test_files_of_a_mac_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(zipped(**{"feed.csv": TEXT, "__MACOSX/._feed.csv": b"x"}))
    unpack(tmp_path / "a", "zip", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == TEXT
