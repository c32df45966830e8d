from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import apsw
import pytest
from click.testing import CliRunner

from backroom.cli import main
from backroom.store import keys, open_database
from backroom.store.migrate import migrations
from store.described import everything
from support.factories import written

if TYPE_CHECKING:
    from click.testing import Result

    from backroom.store.database import Database, Row


def migrate(path: Path, **environment: str) -> Result:
    return CliRunner().invoke(main, ["migrate", "--database", str(path)], env=environment)


def test_migrate_tells_what_it_applied(tmp_path: Path) -> None:
    result = migrate(tmp_path / "shop.db")
    applied = [f"applied {name}" for name, _ in migrations("sqlite").values()]
    assert result.output.splitlines() == [*applied, "The database is up to date."]
    assert result.exit_code == 0


def test_second_migrate_applies_nothing(tmp_path: Path) -> None:
    migrate(tmp_path / "shop.db")
    assert migrate(tmp_path / "shop.db").output == "The database is up to date.\n"


def test_variable_names_the_database(tmp_path: Path) -> None:
    path = tmp_path / "named.db"
    result = CliRunner().invoke(main, ["migrate"], env={"BACKROOM_DATABASE": str(path)})
    assert result.exit_code == 0
    assert path.exists()


def test_flag_wins_over_variable(tmp_path: Path) -> None:
    migrate(tmp_path / "flag.db", BACKROOM_DATABASE=str(tmp_path / "variable.db"))
    assert (tmp_path / "flag.db").exists()
    assert not (tmp_path / "variable.db").exists()


def test_missing_directory_is_an_error(tmp_path: Path) -> None:
    result = migrate(tmp_path / "missing" / "shop.db")
    assert result.exit_code == 2
    assert "There is no folder" in result.stderr


def test_newer_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    database = open_database(str(path))
    written(database, lambda tx: tx.run("insert into schema_migrations values (99, 'x', 'then')"))
    database.close()
    result = migrate(path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: This database has schema 99, made by a later version")


def test_other_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database " * 100)
    result = migrate(path)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "can't be opened" in result.stderr


def test_foreign_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "taken.db"
    other = apsw.Connection(str(path))
    other.execute("create table items (in_the_way text)")
    other.close()
    # As a process: one that keeps a thread running would never end.
    command = [sys.executable, "-m", "backroom", "migrate", "--database", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=8)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: ")


def move(source: str, target: Path) -> Result:
    return CliRunner().invoke(main, ["database", "move", source, str(target)])


@pytest.fixture
def source(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """The URL of a database with an account, of the engine under test, that nobody has open."""
    url = str(tmp_path / "shop.db")
    if engine == "postgres":
        url = str(request.getfixturevalue("postgres_url"))
    database = open_database(url)
    written(database, lambda tx: keys.create(tx, "shop", "test", []))
    database.close()
    return url


def kept(source: str) -> object:
    """All that must not change: of a file its bytes and time, of a server what is in its tables."""
    if Path(source).exists():
        return Path(source).read_bytes(), Path(source).stat().st_mtime_ns
    database = open_database(source, migrated=False)
    whole: list[Row] = everything(database)
    with database.read() as tx:
        for table in ("accounts", "keys", "schema_migrations"):
            whole += tx.all(f"select * from {table} order by 1, 2")
    database.close()
    return whole


def made_older(database: Database) -> None:
    newest = max(migrations(database.dialect.name))
    written(
        database, lambda tx: tx.run("delete from schema_migrations where number = :n", n=newest)
    )
    database.close()


def test_move_leaves_its_source_alone(source: str, tmp_path: Path) -> None:
    before = kept(source)
    result = move(source, tmp_path / "moved.db")
    assert (result.exit_code, result.stderr) == (0, "")
    assert kept(source) == before


def test_move_refuses_an_older_source(source: str, tmp_path: Path) -> None:
    made_older(open_database(source))
    before = kept(source)
    result = move(source, tmp_path / "moved.db")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: SOURCE: This database has schema ")
    assert "Run `backroom migrate` on it, or on a copy" in result.stderr
    assert kept(source) == before
    assert not (tmp_path / "moved.db").exists()


@pytest.mark.slow
def test_move_reads_the_log_of_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    crashing = (
        "import os, sys; from backroom.store import keys, open_database;"
        "made = open_database(sys.argv[1]).write(lambda tx: keys.create(tx, 'shop', 'test', []));"
        "made.result(); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", crashing, str(path)], check=True, timeout=20)
    log = path.with_name("shop.db-wal")
    before = path.read_bytes(), log.read_bytes()
    assert "accounts                      1 rows" in move(str(path), tmp_path / "moved.db").output
    assert (path.read_bytes(), log.read_bytes()) == before


def test_move_refuses_what_is_no_database_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = apsw.Connection(str(path))
    other.execute("create table items (in_the_way text)")
    other.close()
    result = move(str(path), tmp_path / "moved.db")
    assert result.stderr.startswith("Error: SOURCE: This is not a database of backroom")
