"""A file system of SQLite's on which only what was synced outlives the power.

It goes between SQLite and the disk, remembers what each write has overwritten since the last sync,
and puts it back when the power goes.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from typing import NamedTuple

import apsw

_BELOW = apsw.vfs_names()[0]

_lock = threading.RLock()
_files: list[_File] = []


class _Before(NamedTuple):
    """What a file was where it was written to: its size, and the bytes there."""

    size: int
    offset: int
    data: bytes


class _File(apsw.VFSFile):
    def __init__(self, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        super().__init__(_BELOW, name, flags)
        self._undo: list[_Before] = []
        with _lock:
            _files.append(self)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        with _lock:
            size = self.xFileSize()
            held = max(0, min(len(data), size - offset))
            before = super().xRead(held, offset) if held else b""
            self._undo.append(_Before(size, offset, before))
            super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802
        with _lock:
            size = self.xFileSize()
            held = max(0, size - newsize)
            before = super().xRead(held, newsize) if held else b""
            self._undo.append(_Before(size, newsize, before))
            super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802
        with _lock:
            super().xSync(flags)
            self._undo.clear()

    def xClose(self) -> None:  # noqa: N802
        with _lock:
            _files.remove(self)
            super().xClose()

    def revert(self) -> None:
        for before in reversed(self._undo):
            if before.data:
                super().xWrite(before.data, before.offset)
            super().xTruncate(before.size)


class _Disk(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("disk that loses its power", base=_BELOW, makedefault=True)

    def xOpen(  # noqa: N802
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return _File(name, flags)


def use() -> _Disk:
    """Put the file system under every database that is opened from now on."""
    return _Disk()


def cut() -> None:
    """Lose all that is not on disk, and end as suddenly."""
    with _lock:
        for each in _files:
            with suppress(apsw.Error):
                each.revert()
        os.kill(os.getpid(), signal.SIGKILL)
