"""The file of a backup: a database of SQLite, with a seal behind its last page.

The seal is text: one line of JSON that says what the backup is of, and the SHA-256 of everything
before it. SQLite does not look behind the last page, so the file can be opened as a database. The
seal shows each byte that has changed since, which SQLite by itself does not.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from backroom.store.database import StoreUnavailable, UnusablePlace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MAGIC = b"SQLite format 3\0"
_HEADER_BYTES = 100
_SMALLEST_PAGE = 512
_LARGEST_PAGE = 65_536
_MARK = b"\nbackroom backup "
_SEAL = re.compile(rb"\nsha256 ([0-9a-f]{64})\n")
_SEAL_BYTES = len("\nsha256 ") + 64 + len("\n")
_MOST_NOTE_BYTES = 4096
_PART_COPIED_BYTES = 2**20


class BadBackup(Exception):
    """A file is not a backup, or it has changed since it was written."""


class Note(NamedTuple):
    """What a backup says of itself: who made it, when, and of which database."""

    version: str
    made_at: str
    engine: str
    schema: int


class Backup(NamedTuple):
    """A backup that has not changed since it was written. Without a `note` it has no seal."""

    path: Path
    note: Note | None
    size: int
    """Bytes, with the seal."""


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Lend a new file in the folder of `path`, which gets this name once all of it is on disk.

    Its owner alone may read it. If the block fails, the file is removed. Raises `UnusablePlace`
    where no new file can be at `path`.
    """
    _refuse_name(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        raise UnusablePlace(f"{part} can't be written: {error.strerror}.") from error
    try:
        yield part
        flush(part)
        _give_name(part, path)
    except OSError as error:
        raise StoreUnavailable(f"{path} can't be written: {error.strerror}.") from error
    finally:
        for end in ("", "-journal", "-wal", "-shm"):
            with suppress(OSError):
                os.unlink(f"{part}{end}")  # noqa: PTH108 - beside the name, not below it


def _refuse_name(path: Path) -> None:
    if not path.parent.is_dir():
        raise UnusablePlace(f"There is no folder {path.parent}. Make it, or name another file.")
    if os.path.lexists(path):
        raise UnusablePlace(f"{path} exists already. Remove it, or name another file.")


def _give_name(part: Path, path: Path) -> None:
    try:
        # Unlike a renaming, a link never takes the place of a file that has come meanwhile.
        os.link(part, path)
    except FileExistsError:
        _refuse_name(path)
    except OSError:
        # Some file systems have no links.
        _refuse_name(path)
        part.rename(path)
    flush(path.parent)


def flush(path: Path) -> None:
    """See to it that a file, or the names in a folder, are on disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def seal(path: Path, note: Note, progress: Callable[[int, int], None]) -> None:
    """Put the seal behind the last page of a database.

    `progress` gets bytes read, and of how many.
    """
    with path.open("ab") as file:
        file.write(_MARK + msgspec.json.encode(note._asdict()))
    digest = _sha256_of(path, path.stat().st_size, progress)
    with path.open("ab") as file:
        file.write(f"\nsha256 {digest}\n".encode())


def examine_backup(path: Path, progress: Callable[[int, int], None]) -> Backup:
    """Check that a file is a backup that fits its seal, or a plain database with all its pages.

    `progress` gets bytes read, and of how many. Raises `BadBackup`, and `UnusablePlace` where there
    is no file to read.
    """
    if not path.is_file():
        raise UnusablePlace(f"{path} is {'not a regular file' if path.exists() else 'missing'}.")
    try:
        return _examined(path, progress)
    except OSError as error:
        raise StoreUnavailable(f"{path} can't be read: {error.strerror}.") from error


def has_seal(path: Path) -> bool:
    """Whether a file ends with a seal, or with what is left of one."""
    try:
        tail = _tail_of(path)
    except OSError:
        return False
    return _MARK in tail or bool(_SEAL.search(tail))


def _tail_of(path: Path) -> bytes:
    """Read the end of a file, where a seal and its note are."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _MOST_NOTE_BYTES))
        return file.read()


def _examined(path: Path, progress: Callable[[int, int], None]) -> Backup:
    size, tail = path.stat().st_size, _tail_of(path)
    sealed = _SEAL.fullmatch(tail[-_SEAL_BYTES:])
    if sealed is None:
        _check_plain(path, size)
        return Backup(path, None, size)
    if _sha256_of(path, size - _SEAL_BYTES, progress) != sealed[1].decode():
        raise BadBackup(
            f"{path} is damaged: its content has changed since the backup was made."
            " Take another copy of it, or an earlier backup."
        )
    _, _, note = tail[:-_SEAL_BYTES].rpartition(_MARK)
    try:
        return Backup(path, Note(**msgspec.json.decode(note, type=dict)), size)
    except (msgspec.MsgspecError, TypeError):
        raise BadBackup(f"{path} is sealed by another program than backroom.") from None


def _check_plain(path: Path, size: int) -> None:
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if not head.startswith(MAGIC) or len(head) < _HEADER_BYTES:
        raise BadBackup(f"{path} is not a backup: it does not begin as a file of SQLite does.")
    page = int.from_bytes(head[16:18])
    page = _LARGEST_PAGE if page == 1 else page
    expected = page * int.from_bytes(head[28:32])
    if page < _SMALLEST_PAGE or page & (page - 1):
        raise BadBackup(f"{path} is damaged: its header has no size of pages.")
    if path.with_name(f"{path.name}-wal").exists():
        # Its last pages may be there alone.
        return
    if size != expected:
        raise BadBackup(
            f"{path} is {'cut off' if size < expected else 'damaged at its end'}: its header says"
            f" {expected} bytes, and it has {size}. Take another copy of it, or an earlier backup."
        )


def _sha256_of(path: Path, size: int, progress: Callable[[int, int], None]) -> str:
    """Give the SHA-256 of the first `size` bytes of a file."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(min(_PART_COPIED_BYTES, size - done)):
            digest.update(part)
            done += len(part)
            progress(done, size)
    return digest.hexdigest()
