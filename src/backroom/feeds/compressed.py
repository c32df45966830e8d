"""Compressed feeds: gzip, a zip with one file, zstd. They are unpacked once, within bounds.

A small file may unpack to more than any disk holds. So unpacking ends at a number of bytes, and
earlier where it grows beyond what real feeds do.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any

from backroom.feeds.rows import FeedError
from backroom.feeds.workbooks import is_workbook

if TYPE_CHECKING:
    from pathlib import Path

LARGEST_UNPACKED = 4_000_000_000
_LARGEST_RATIO = 300
_RATIO_FROM = 50_000_000
"""Bytes from which on the ratio counts."""
_DECOMPRESSED_BYTES = 1 << 18
_COMPRESSION_MAGIC = {
    b"\x1f\x8b": "gz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
}
COMPRESSIONS = ("gz", "zip", "zstd", "none")
_BESIDE_THE_FILE = ("__MACOSX/", ".DS_Store", "Thumbs.db")


def compression_of(path: Path) -> str:
    """Give how a file is compressed: gz, zip, zstd or none. A workbook is not."""
    with path.open("rb") as file:
        start = file.read(4)
    found = next(
        (name for magic, name in _COMPRESSION_MAGIC.items() if start.startswith(magic)), "none"
    )
    if found == "zip":
        return "none" if is_workbook(path) else "zip"
    return found


def unpack(path: Path, compression: str, into: Path) -> None:
    """Write what a file unpacks to into the file at `into`. Raises `FeedError`."""
    packed = path.stat().st_size
    try:
        if compression == "zip":
            _unpack_zip(path, packed, into)
        else:
            with path.open("rb") as file, _opener(compression)(file) as unpacked:
                _write_bounded(unpacked, packed, into)
    except FeedError:
        raise
    except EOFError:
        raise FeedError(f"is cut off: its {compression} data end too early") from None
    except (
        OSError,
        zlib.error,
        zipfile.BadZipFile,
        RuntimeError,
        NotImplementedError,
        ValueError,
    ) as error:
        raise FeedError(f"can't be unpacked as {compression}: {error}") from None
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        raise FeedError(f"can't be unpacked as zstd: {error}") from None


def _unpack_zip(path: Path, packed: int, into: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        files = [
            each
            for each in archive.infolist()
            if not each.is_dir()
            and not each.filename.startswith(_BESIDE_THE_FILE[0])
            and not each.filename.endswith(_BESIDE_THE_FILE[1:])
        ]
        if len(files) != 1:
            names = ", ".join(each.filename for each in files[:5])
            raise FeedError(
                f"is a zip with {len(files)} files ({names}), and one is needed: unpack it"
            )
        with archive.open(files[0]) as unpacked:
            _write_bounded(unpacked, packed, into)


def _opener(compression: str) -> Any:
    if compression == "gz":
        return lambda file: gzip.GzipFile(fileobj=file)
    for name, opener in (
        ("compression.zstd", "ZstdFile"),
        ("backports.zstd", "ZstdFile"),
        ("pyzstd", "ZstdFile"),
    ):
        try:
            return getattr(import_module(name), opener)
        except ImportError:
            continue
    raise FeedError(
        "is compressed with zstd, which this Python can't read: unpack it, or install"
        " backports.zstd"
    )


def _write_bounded(unpacked: IO[bytes], packed: int, into: Path) -> None:
    written = 0
    with into.open("wb") as file:
        while chunk := unpacked.read(_DECOMPRESSED_BYTES):
            written += len(chunk)
            too_many = written > LARGEST_UNPACKED
            if too_many or (written > _RATIO_FROM and written > packed * _LARGEST_RATIO):
                raise FeedError(
                    f"unpacks to more than {written // 1_000_000:,} MB from {packed:,} bytes, as"
                    " no feed does; unpack it by hand if it is one"
                )
            file.write(chunk)
