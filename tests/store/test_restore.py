from __future__ import annotations

import gzip
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from backroom.store import keys, open_database
from backroom.store import restore as restoring
from backroom.store.backup import back_up
from backroom.store.backup_file import BadBackup
from backroom.store.database import UnusablePlace
from backroom.store.migrate import ForeignDatabase, NewerDatabase
from backroom.store.move import NotEmpty
from backroom.store.restore import InUse, RestoreTarget, restore_backup
from store.small_shop import fill, held, untold
from support.factories import written

KEPT = Path(__file__).parent / "databases"


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A backup of a small shop on SQLite."""
    with closing(open_database(str(tmp_path / "source.db"))) as database:
        fill(database)
    back_up(str(tmp_path / "source.db"), tmp_path / "backup.db", untold)
    return tmp_path / "backup.db"


def test_restored_is_what_was_backed_up(backup: Path, url: str) -> None:
    restored = restore_backup(backup, RestoreTarget(url, replace=False), untold)
    assert held(url) == held(str(backup))
    assert restored.rows == {name: len(rows) for name, rows in held(url).items()}
    assert restored.note is not None


def test_engines_restore_each_other(shop_url: str, tmp_path: Path, postgres_url: str) -> None:
    back_up(shop_url, tmp_path / "b.db", untold)
    for url in (postgres_url, str(tmp_path / "other.db")):
        restore_backup(tmp_path / "b.db", RestoreTarget(url, replace=False), untold)
        assert held(url) == held(shop_url)


def test_target_with_rows_is_kept(backup: Path, url: str) -> None:
    with closing(open_database(url, pipeline=False)) as database:
        written(database, lambda tx: keys.create(tx, "own", "test", []))
    before = held(url)
    with pytest.raises(NotEmpty, match="--replace"):
        restore_backup(backup, RestoreTarget(url, replace=False), untold)
    assert held(url) == before
    restore_backup(backup, RestoreTarget(url, replace=True), untold)
    assert held(url) == held(str(backup))


def test_open_target_is_refused(
    backup: Path, shop_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restoring, "_LEAVING_SECONDS", 0.2)
    before = held(shop_url)
    with closing(open_database(shop_url)) as database:
        with database.read() as tx:
            tx.one("select 1 from items")
        with pytest.raises(InUse, match="Stop"):
            restore_backup(backup, RestoreTarget(shop_url, replace=True), untold)
    assert held(shop_url) == before


def damaged(backup: Path, place: int) -> Path:
    content = bytearray(backup.read_bytes())
    content[place] ^= 255
    backup.write_bytes(content)
    return backup


@pytest.mark.parametrize("place", [3, 40, 9000, -100])
def test_flipped_byte_changes_nothing(backup: Path, shop_url: str, place: int) -> None:
    before = held(shop_url)
    with pytest.raises(BadBackup):
        restore_backup(damaged(backup, place), RestoreTarget(shop_url, replace=True), untold)
    assert held(shop_url) == before


def test_cut_file_changes_nothing(backup: Path, shop_url: str) -> None:
    before = held(shop_url)
    backup.write_bytes(backup.read_bytes()[:50_000])
    with pytest.raises(BadBackup, match="cut off"):
        restore_backup(backup, RestoreTarget(shop_url, replace=True), untold)
    assert held(shop_url) == before


@pytest.mark.usefixtures("backup")
def test_unlawful_rows_are_refused(tmp_path: Path, url: str) -> None:
    plain = tmp_path / "source.db"
    with apsw.Connection(str(plain)) as connection:
        connection.execute("update items set search_text = 'other'")
    connection.close()
    with pytest.raises(BadBackup, match="columns"):
        restore_backup(plain, RestoreTarget(url, replace=True), untold)


def test_other_programs_file_is_refused(tmp_path: Path, url: str) -> None:
    other = apsw.Connection(str(tmp_path / "music.db"))
    other.execute("create table songs (title text); insert into songs values ('One')")
    other.close()
    with pytest.raises(ForeignDatabase):
        restore_backup(tmp_path / "music.db", RestoreTarget(url, replace=False), untold)


@pytest.mark.usefixtures("backup")
def test_newer_backup_is_refused(tmp_path: Path, url: str) -> None:
    newer = tmp_path / "source.db"
    with apsw.Connection(str(newer)) as connection:
        connection.execute("insert into schema_migrations values (99, 'x', '')")
    connection.close()
    with pytest.raises(NewerDatabase, match="schema 99"):
        restore_backup(newer, RestoreTarget(url, replace=False), untold)


@pytest.mark.parametrize("kept", ["schema-2", "schema-10"])
def test_older_backup_is_migrated(tmp_path: Path, url: str, kept: str) -> None:
    older = tmp_path / "older.db"
    older.write_bytes(gzip.decompress((KEPT / f"{kept}.sqlite.gz").read_bytes()))
    back_up(str(older), tmp_path / "b.db", untold)
    restored = restore_backup(tmp_path / "b.db", RestoreTarget(url, replace=False), untold)
    assert restored.migrated
    assert restored.rows["items"]
    assert held(url)["items"]


def test_foreign_target_is_kept(backup: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("mine")
    with pytest.raises(UnusablePlace, match="not a database"):
        restore_backup(backup, RestoreTarget(str(text), replace=True), untold)
    other = apsw.Connection(str(tmp_path / "music.db"))
    other.execute("create table songs (title text)")
    other.close()
    with pytest.raises(ForeignDatabase):
        restore_backup(backup, RestoreTarget(str(tmp_path / "music.db"), replace=True), untold)
    assert text.read_text() == "mine"


def test_damaged_target_can_be_replaced(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.db"
    content = bytearray((tmp_path / "source.db").read_bytes())
    content[20:9000] = b"\x55" * 8980
    target.write_bytes(content)
    (tmp_path / "target.db-wal").write_bytes(b"old")
    with pytest.raises(NotEmpty):
        restore_backup(backup, RestoreTarget(str(target), replace=False), untold)
    restore_backup(backup, RestoreTarget(str(target), replace=True), untold)
    assert held(str(target)) == held(str(backup))


def test_restored_file_keeps_its_mode(backup: Path, tmp_path: Path) -> None:
    target = tmp_path / "target.db"
    target.touch(0o640)
    restore_backup(backup, RestoreTarget(str(target), replace=False), untold)
    assert target.stat().st_mode & 0o777 == 0o640
    restore_backup(backup, RestoreTarget(str(tmp_path / "new.db"), replace=False), untold)
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600
    assert [each for each in tmp_path.iterdir() if each.name.startswith(".")] == []


def test_broken_off_restore_changes_nothing(backup: Path, shop_url: str) -> None:
    before = held(shop_url)

    def stop(what: str, _: int, __: int | None) -> None:
        if what in {"rows of items restored", "rows of items counted"}:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_backup(backup, RestoreTarget(shop_url, replace=True), stop)
    assert held(shop_url) == before
