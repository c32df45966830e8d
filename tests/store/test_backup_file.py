from __future__ import annotations

import random
from typing import TYPE_CHECKING

import apsw
import pytest

from backroom.store.backup_file import (
    BadBackup,
    Note,
    examine_backup,
    flush,
    has_seal,
    new_file,
    seal,
)
from backroom.store.database import StoreUnavailable, UnusablePlace

if TYPE_CHECKING:
    from pathlib import Path

NOTE = Note("1.0", "2026-01-01T00:00:00+00:00", "sqlite", 11)


def untold(_: int, __: int) -> None:
    pass


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    path = tmp_path / "plain.db"
    with apsw.Connection(str(path)) as connection:
        connection.execute("create table a (b); insert into a values (zeroblob(20000))")
    connection.close()
    return path


@pytest.fixture
def sealed(plain: Path) -> Path:
    seal(plain, NOTE, untold)
    return plain


def test_seal_says_what_was_written(sealed: Path) -> None:
    assert examine_backup(sealed, untold) == (sealed, NOTE, sealed.stat().st_size)


def test_sealed_file_is_a_database(sealed: Path) -> None:
    connection = apsw.Connection(str(sealed))
    assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_plain_database_has_no_note(plain: Path) -> None:
    assert examine_backup(plain, untold).note is None


def test_seal_is_noticed(plain: Path, tmp_path: Path) -> None:
    assert not has_seal(plain)
    assert not has_seal(tmp_path / "none.db")
    seal(plain, NOTE, untold)
    assert has_seal(plain)
    plain.write_bytes(plain.read_bytes()[:-10])
    assert has_seal(plain)


def test_each_changed_byte_shows(sealed: Path, seed: str) -> None:
    content, chosen = sealed.read_bytes(), random.Random(seed)
    ends = range(len(content) - 250, len(content))
    for place in (*ends, 0, 17, 30, *chosen.choices(range(len(content)), k=50)):
        changed = bytearray(content)
        changed[place] ^= 1 << chosen.randrange(8)
        sealed.write_bytes(changed)
        with pytest.raises(BadBackup):
            examine_backup(sealed, untold)


def test_each_cut_shows(sealed: Path, plain: Path, seed: str) -> None:
    content, chosen = sealed.read_bytes(), random.Random(seed)
    whole = content.rindex(b"\nbackroom backup ")
    for length in (0, 15, 99, whole - 1, whole + 1, *chosen.choices(range(whole), k=20)):
        plain.write_bytes(content[:length])
        with pytest.raises(BadBackup):
            examine_backup(plain, untold)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8" * 5000)
    with pytest.raises(BadBackup, match="is not a backup"):
        examine_backup(path, untold)
    with pytest.raises(UnusablePlace, match="is missing"):
        examine_backup(tmp_path / "none", untold)
    with pytest.raises(UnusablePlace, match="not a regular file"):
        examine_backup(tmp_path, untold)


def test_new_file_is_its_owners(tmp_path: Path) -> None:
    with new_file(tmp_path / "new") as part:
        part.write_text("whole")
        assert not (tmp_path / "new").exists()
    assert [each.name for each in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600


def test_failure_leaves_no_file(tmp_path: Path) -> None:
    def fail() -> None:
        with new_file(tmp_path / "new") as part:
            part.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "new"
    path.write_text("mine")
    with pytest.raises(UnusablePlace, match="exists already"), new_file(path):
        pass
    path.unlink()

    def overtake() -> None:
        with new_file(path) as part:
            part.write_text("theirs")
            path.write_text("meanwhile")

    with pytest.raises(UnusablePlace, match="exists already"):
        overtake()
    assert path.read_text() == "meanwhile"
    assert [each.name for each in tmp_path.iterdir()] == ["new"]


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnusablePlace, match="There is no folder"), new_file(tmp_path / "no" / "f"):
        pass


def test_flush_takes_folders(tmp_path: Path) -> None:
    flush(tmp_path)


def test_full_disk_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="can't be written"), new_file(tmp_path / "n"):
        raise OSError(28, "No space left on device")
