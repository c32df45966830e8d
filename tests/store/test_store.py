"""Opening a database, as `backroom.store` offers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backroom.store import open_database, open_to_read
from backroom.store.database import StoreUnavailable
from backroom.store.migrate import ForeignDatabase, NewerDatabase, OlderDatabase, migrations
from support.factories import DEADLINE, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backroom.store.database import Database, Row

INSERT = "insert into accounts values ('a', 'A', 'now')"


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
    with pytest.raises(StoreUnavailable, match=r"There is no folder \S+missing for the database"):
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


@pytest.fixture
def url(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database of the engine under test, with one account."""
    made = str(tmp_path / "kept.db")
    if engine == "postgres":
        made = str(request.getfixturevalue("postgres_url"))
    changed(made, INSERT)
    return made


def changed(url: str, sql: str) -> None:
    database = open_database(url)
    written(database, lambda tx: tx.run(sql))
    database.close()


def names(url: str, opening: Callable[[str], Database] = open_to_read) -> list[Row]:
    database = opening(url)
    with database.read() as tx:
        found = tx.all("select name from accounts")
    database.close()
    return found


def test_database_to_read_is_never_written(url: str) -> None:
    database = open_to_read(url)
    refused = database.write(lambda tx: tx.run("delete from accounts")).exception(DEADLINE)
    assert isinstance(refused, StoreUnavailable)
    with pytest.raises(StoreUnavailable), database.read() as tx:
        tx.run("delete from accounts")
    database.close()
    assert names(url) == names(url, open_database) == [("A",)]


@pytest.mark.parametrize(
    ("sql", "refusal"),
    [
        ("delete from schema_migrations where number > 1", OlderDatabase),
        ("insert into schema_migrations values (99, 'x', 'then')", NewerDatabase),
        ("drop table schema_migrations", ForeignDatabase),
    ],
)
def test_database_to_read_has_todays_schema(url: str, sql: str, refusal: type[Exception]) -> None:
    changed(url, sql)
    with pytest.raises(refusal):
        open_to_read(url)


def test_options_of_a_url_stay(postgres_url: str) -> None:
    changed(postgres_url, INSERT)
    url = f"{postgres_url}&options=-c%20search_path%3Dpublic%2Cpg_temp"
    database = open_to_read(url)
    with database.read() as tx:
        assert tx.one("show search_path") == ("public,pg_temp",)
        assert tx.one("show default_transaction_read_only") == ("on",)
    database.close()


def test_read_only_medium_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    changed(str(path), INSERT)
    # Where nothing can be written beside the file, its log can have no index either.
    (tmp_path / "kept.db-shm").mkdir()
    assert names(str(path)) == [("A",)]


def test_missing_file_is_not_made_to_read(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="There is no database at"):
        open_to_read(str(tmp_path / "missing.db"))
    assert list(tmp_path.iterdir()) == []
