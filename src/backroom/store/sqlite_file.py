"""The file of a SQLite database: where it may be, who may read it, and whether it is still there.

SQLite says "unable to open database file" of a missing folder, a folder and a disk that can't be
written to alike. `make_file` looks first, and says what to do.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from backroom.store.database import StoreUnavailable, UnusablePlace
from backroom.store.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LOG = "-wal"
_FILE_ENDINGS = ("", _LOG, "-shm")
"""What follows the path of a database in the names of its files."""
_SQLITE_MAGIC = b"SQLite format 3\0"
_LEAST_FREE_BYTES = 65_536
"""With less room on the disk, a write may fail at any moment."""
_SCRATCH = "backroom-ephemeral-"


def make_file(path: Path) -> None:
    """See to it that a file is at `path`, which its owner alone may read if it is new.

    SQLite gives the files beside it the same mode. Raises `UnusablePlace`.
    """
    try:
        _refuse_place(path)
        made = os.open(path.resolve(), os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        return
    except OSError as error:
        raise UnusablePlace(f"The database {path} can't be opened: {error.strerror}.") from error
    os.close(made)


def _refuse_place(path: Path) -> None:
    """Raise `UnusablePlace` where no database can be, or `OSError` where that can't be seen."""
    folder = path.resolve().parent
    another = "or name another file with --database (BACKROOM_DATABASE)."
    if not folder.exists():
        raise UnusablePlace(
            f"There is no folder {folder} for the database {path}. Make the folder, {another}"
        )
    if not folder.is_dir():
        raise UnusablePlace(
            f"{folder} is not a folder, so the database {path} can't be in it."
            " Name another file with --database (BACKROOM_DATABASE)."
        )
    _refuse_folder(path)
    if path.exists() and not path.is_file():
        raise UnusablePlace(
            f"{path} is not a regular file. Name another file with --database (BACKROOM_DATABASE)."
        )
    if _is_read_only_disk(folder):
        raise UnusablePlace(
            f"The disk of the database {path} is mounted read-only. Mount it to be written to,"
            f" {another}"
        )
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise UnusablePlace(
            f"This user may not write to the file {path}. Allow it, {another}",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UnusablePlace(
            f"This user may not write to the folder {folder}, where SQLite keeps files beside the"
            f" database {path}. Allow it, {another}"
        )


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise UnusablePlace(f"{path} is a folder. Name a file in it: {path / 'backroom.db'}")


def refuse_missing(path: Path) -> None:
    """Raise `UnusablePlace` where no database is at `path`."""
    _refuse_folder(path)
    if not path.exists():
        raise UnusablePlace(f"There is no database at {path}. `backroom migrate` makes one.")


def _is_read_only_disk(folder: Path) -> bool:
    return sys.platform != "win32" and bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


class DatabaseFile:
    """The files of an open database: what was opened, and what is at their paths now."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened = {end: _identity(path + end) for end in _FILE_ENDINGS}
        """The identities of the files, None for one that was not there."""

    def check_places(self) -> None:
        """Raise `StoreUnavailable` if a file that holds writes is no longer at its path.

        SQLite goes on with the file that it has open, and what it writes there is lost.
        """
        self._check_place("")
        self._check_place(_LOG)

    def _check_place(self, end: str) -> None:
        opened, path = self._opened[end], self._path + end
        found = _identity(path)
        if found == opened or opened is None:
            return
        if found is None:
            raise StoreUnavailable(
                f"{path} was removed while it was in use: writes would be lost."
                " Put the file back, or restart the server."
            )
        raise StoreUnavailable(
            f"{path} was replaced while it was in use: writes would be lost."
            " Restart the server to serve the file that is there now."
        )

    def check(self, first_bytes: Callable[[int], bytes]) -> None:
        """Raise `StoreUnavailable` if the next write would fail, as far as that shows outside.

        `first_bytes` reads so many bytes of the file by a connection to it. No other way is safe:
        a process that closes a file loses all its locks on it (POSIX), those of SQLite, too. Then
        the next program that closes the database believes that it is the last, and removes the
        write-ahead log, into which this process goes on writing. SQLite 3.51 looks once more before
        it removes the log; older ones, as many systems have, do not.
        """
        try:
            for end in _FILE_ENDINGS:
                self._check_place(end)
            if _is_read_only_disk(Path(self._path).parent):
                raise StoreUnavailable(f"The disk of {self._path} is mounted read-only.")
            if not os.access(self._path, os.R_OK | os.W_OK):
                raise StoreUnavailable(f"This user may no longer write to the file {self._path}.")
            # Reading beyond the end of a file that is mapped into memory would end the process.
            size = Path(self._path).stat().st_size
            if size < len(_SQLITE_MAGIC) or first_bytes(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
                raise StoreUnavailable(
                    f"{self._path} is damaged: it does not begin as a file of SQLite does."
                    " Stop the server and put back a copy."
                )
            free = _free_bytes(self._path)
        except OSError as error:
            raise StoreUnavailable(f"{self._path} can't be read: {error.strerror}.") from error
        if free is not None and free < _LEAST_FREE_BYTES:
            raise StoreUnavailable(
                f"The disk of {self._path} is full: {free} bytes are free. Make room on it."
            )

    def signals(self) -> list[Signal]:
        """Give the sizes of the files, and when the log was last written into the database.

        With a write-ahead log SQLite writes into the file of the database in no other way.
        """
        try:
            found = Path(self._path).stat()
            ahead = Path(f"{self._path}-wal")
            ahead_bytes = ahead.stat().st_size if ahead.exists() else 0
        except OSError:
            return []
        return [
            Signal("db_size_bytes", found.st_size),
            Signal("wal_size_bytes", ahead_bytes),
            Signal("sqlite_last_checkpoint_timestamp_seconds", found.st_mtime),
        ]


def _identity(path: str) -> tuple[int, int] | None:
    """Give what makes a file the same file, whatever its name; None if there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - for each commit; a Path takes twice as long
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _free_bytes(path: str) -> int | None:
    """Give how many bytes this user can still write; None where the disk doesn't say."""
    folder = Path(path).parent
    if sys.platform == "win32":
        return shutil.disk_usage(folder).free
    disk = os.statvfs(folder)
    if not disk.f_blocks:
        return None
    # Some blocks of a disk may be kept for root.
    return disk.f_frsize * (disk.f_bavail if os.geteuid() else disk.f_bfree)


def scratch_directory() -> str:
    """Make a directory for an ephemeral database, and remove those that killed processes left.

    Its owner alone may look into it.
    """
    for directory, process in _scratch_directories():
        if not _runs(process):
            shutil.rmtree(directory, ignore_errors=True)
    return tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-")


def ephemeral_server_runs() -> bool:
    """Whether an ephemeral database of another process on this machine is open."""
    return any(process != os.getpid() and _runs(process) for _, process in _scratch_directories())


def _scratch_directories() -> Iterator[tuple[Path, int]]:
    """Give the directories of ephemeral databases, each with the number of its process."""
    for directory in Path(tempfile.gettempdir()).glob(f"{_SCRATCH}*-*"):
        process = directory.name.removeprefix(_SCRATCH).partition("-")[0]
        if process.isdigit():
            yield directory, int(process)


def _runs(process: int) -> bool:
    if sys.platform == "win32":
        # On Windows os.kill(process, 0) would end the process.
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
