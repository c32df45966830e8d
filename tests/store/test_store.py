"""Opening a database, as `backroom.store` offers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store import open_database
from backroom.store.database import StoreUnavailable
from backroom.store.migrate import NewerDatabase, migrations
from factories import written

if TYPE_CHECKING:
    from pathlib import Path


def tables(path: str, *, migrated: bool = True) -> int:
    database = open_database(path, migrated=migrated)
    with database.read() as tx:
        rows = tx.all("select name from sqlite_master where type = 'table'")
    database.close()
    return len(rows)


def test_database_is_made_where_missing(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    assert tables(str(path)) > 5
    assert path.exists()


def test_sqlite_urls_are_paths(tmp_path: Path) -> None:
    assert tables(f"sqlite:///{tmp_path}/url.db") > 5
    assert (tmp_path / "url.db").exists()


def test_schema_waits_when_told(tmp_path: Path) -> None:
    assert tables(str(tmp_path / "bare.db"), migrated=False) == 0


def test_what_was_written_stays(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.db")
    first = open_database(path)
    written(first, lambda tx: tx.run("insert into accounts values ('a', 'A', 'now')"))
    first.close()
    second = open_database(path)
    with second.read() as tx:
        assert tx.all("select name from accounts") == [("A",)]
    second.close()


def test_missing_directory_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"missing/shop\.db can't be opened"):
        open_database(str(tmp_path / "missing" / "shop.db"))


def test_other_files_are_unavailable(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("no database " * 100)
    with pytest.raises(StoreUnavailable, match="can't be opened"):
        open_database(str(path))
    assert path.read_text().startswith("no database")


def test_newer_database_is_closed_again(tmp_path: Path) -> None:
    path = str(tmp_path / "newer.db")
    database = open_database(path)
    later = max(migrations("sqlite")) + 1
    written(
        database,
        lambda tx: tx.run(f"insert into schema_migrations values ({later}, 'later', 'now')"),
    )
    database.close()
    with pytest.raises(NewerDatabase):
        open_database(path)
    assert tables(path, migrated=False) > 5
