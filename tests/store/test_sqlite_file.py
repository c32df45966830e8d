"""Where a file may be, who may read it, and what is seen while it is open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import pytest

from backroom.store import open_database, readiness
from backroom.store.database import StoreUnavailable, UnusablePlace
from backroom.store.sqlite import SqliteDatabase
from backroom.store.sqlite_file import DatabaseFile, make_file, scratch_directory
from support.factories import DEADLINE, written

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backroom.store.database import Transaction

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="files have no modes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "shop.db"


@pytest.fixture
def database(path: Path) -> Iterator[SqliteDatabase]:
    with closing(SqliteDatabase(path)) as opened:
        written(opened, lambda tx: tx.script("create table numbers (n integer)"))
        yield opened


def add(tx: Transaction) -> None:
    tx.run("insert into numbers values (1)")


def modes(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}


@contextmanager
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@POSIX
def test_new_files_are_the_owners(tmp_path: Path) -> None:
    with usual_umask(), closing(open_database(str(tmp_path / "shop.db"))):
        assert modes(tmp_path) == dict.fromkeys(("shop.db", "shop.db-wal", "shop.db-shm"), 0o600)


@POSIX
def test_ephemeral_files_are_the_owners() -> None:
    with usual_umask(), closing(SqliteDatabase(None)) as database:
        folder = Path(database.path).parent
        assert folder.stat().st_mode & 0o777 == 0o700
        assert set(modes(folder).values()) == {0o600}


@POSIX
def test_files_that_exist_keep_their_mode(path: Path) -> None:
    path.touch()
    path.chmod(0o640)
    make_file(path)
    assert modes(path.parent) == {"shop.db": 0o640}


@POSIX
def test_links_lead_to_the_file(tmp_path: Path, path: Path) -> None:
    path.symlink_to(tmp_path / "real.db")
    with usual_umask(), closing(open_database(str(path))):
        assert modes(tmp_path)["real.db"] == 0o600


def test_each_wrong_place_has_its_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    places = {
        tmp_path / "missing" / "shop.db": "There is no folder",
        tmp_path / "notes.txt" / "shop.db": "is not a folder",
        tmp_path: "is a folder. Name a file in it",
        Path(os.devnull): "is not a regular file",
        tmp_path / ("a" * 300): "File name too long",
    }
    for place, words in places.items():
        with pytest.raises(UnusablePlace, match=words):
            make_file(place)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB, where this user may mount one."""
    mounted = tmp_path / "disk"
    mounted.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(mounted)]
    if (
        not shutil.which("mount")
        or subprocess.run(mount, capture_output=True, check=False).returncode
    ):
        pytest.skip("this user may not mount a disk")
    yield mounted
    subprocess.run(["umount", "-l", str(mounted)], check=True)


def fill(ballast: Path) -> None:
    """Take all that is left of a disk."""
    with suppress(OSError), ballast.open("wb") as file:
        while True:
            file.write(bytes(4096))
            file.flush()


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


def test_read_only_disk_is_named(disk: Path) -> None:
    remount(disk, "ro")
    with pytest.raises(UnusablePlace, match="mounted read-only"):
        make_file(disk / "shop.db")


def test_full_disk_is_not_ready(disk: Path, path: Path) -> None:
    with closing(SqliteDatabase(disk / path.name)) as database:
        database.check()
        fill(disk / "ballast")
        with pytest.raises(StoreUnavailable, match=r"is full: \d+ bytes are free"):
            database.check()
        (disk / "ballast").unlink()
        database.check()


def test_open_file_can_be_written(database: SqliteDatabase) -> None:
    database.check()


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
def test_removed_file_is_not_ready(database: SqliteDatabase, path: Path, end: str) -> None:
    Path(f"{path}{end}").unlink()
    with pytest.raises(StoreUnavailable, match="was removed"):
        database.check()


@pytest.mark.parametrize("end", ["", "-wal"])
def test_removed_file_takes_no_writes(database: SqliteDatabase, path: Path, end: str) -> None:
    file = Path(f"{path}{end}")
    moved = file.rename(path.with_name("moved.db"))
    with pytest.raises(StoreUnavailable, match="was removed"):
        database.write(add).result(DEADLINE)
    moved.rename(file)
    database.write(add).result(DEADLINE)


def test_look_keeps_the_locks(database: SqliteDatabase, path: Path) -> None:
    counted = "select count(*) from numbers"
    for count in range(3):
        # Whoever closes the database last removes its log.
        assert counted_elsewhere(path, counted) == count
        database.check()
        database.write(add).result(DEADLINE)


def counted_elsewhere(path: Path, question: str) -> int:
    """Ask in another process, by another version of SQLite."""
    program = (
        "import sqlite3, sys; opened = sqlite3.connect(sys.argv[1]);"
        " print(*opened.execute(sys.argv[2]).fetchone()); opened.close()"
    )
    command = [sys.executable, "-c", program, str(path), question]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def test_replaced_file_takes_no_writes(database: SqliteDatabase, path: Path) -> None:
    other = path.with_name("other.db")
    SqliteDatabase(other).close()
    other.replace(path)
    with pytest.raises(StoreUnavailable, match="was replaced"):
        database.write(add).result(DEADLINE)
    with pytest.raises(StoreUnavailable, match="was replaced"):
        database.check()


def test_overwritten_file_is_not_ready(database: SqliteDatabase, path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"Dear diary, " * 100)
    with pytest.raises(StoreUnavailable, match="is damaged"):
        database.check()


def test_damage_shows_without_requests(path: Path) -> None:
    open_database(str(path)).close()
    # Closing has emptied the log.
    with closing(open_database(str(path))) as database:
        database.check()
        with path.open("r+b") as file:
            file.seek(8192)
            file.write(b"\xff" * (path.stat().st_size - 8192))
        with pytest.raises(StoreUnavailable, match=r"is damaged: .* Stop the server"):
            database.check()


def test_damage_that_was_met_stays(database: SqliteDatabase) -> None:
    def fail(_: Transaction) -> None:
        raise apsw.CorruptError("database disk image is malformed")

    assert isinstance(database.write(fail).exception(DEADLINE), StoreUnavailable)
    written(database, add)
    with pytest.raises(StoreUnavailable, match="malformed"):
        database.check()


def test_failed_write_is_not_ready(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "_AGAIN_SECONDS", 0.0)
    (pages,) = written(database, lambda tx: tx.one("pragma page_count")) or (0,)
    written(database, lambda tx: tx.all(f"pragma max_page_count = {pages}"))
    big = database.write(lambda tx: tx.run("insert into numbers values (zeroblob(100000))"))
    assert isinstance(big.exception(DEADLINE), StoreUnavailable)
    # A page that exists can still be written.
    database.check()


def test_write_that_waits_is_not_ready(
    database: SqliteDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "TRUSTED_SECONDS", -1.0)
    other = apsw.Connection(database.path)
    other.execute("begin immediate")
    # Only the write that can't end is given up early: on a busy machine any other takes its time.
    with monkeypatch.context() as hurried:
        hurried.setattr("backroom.store.sqlite._TRY_SECONDS", 0.05)
        with pytest.raises(StoreUnavailable, match="A write takes more than"):
            database.check()
    other.close()
    database.check()


def test_looks_cost_no_write(database: SqliteDatabase, path: Path) -> None:
    def size() -> int:
        return Path(f"{path}-wal").stat().st_size

    before = size()
    for _ in range(10):
        database.check()
    assert size() == before


def test_try_writes_a_page(
    database: SqliteDatabase, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "TRUSTED_SECONDS", -1.0)
    before = Path(f"{path}-wal").stat().st_size
    database.check()
    assert Path(f"{path}-wal").stat().st_size > before


def test_files_that_came_later_are_no_fault(path: Path) -> None:
    path.write_bytes(b"SQLite format 3\0")
    file = DatabaseFile(str(path))
    Path(f"{path}-wal").touch()
    file.check(lambda count: path.read_bytes()[:count])


def test_scratch_of_the_dead_goes() -> None:
    died = subprocess.run(
        [
            sys.executable,
            "-c",
            "from backroom.store import sqlite_file as f; print(f.scratch_directory())",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert Path(died).is_dir()
    shutil.rmtree(scratch_directory())
    assert not Path(died).exists()
