from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import apsw
from click.testing import CliRunner

from backroom.cli import main
from backroom.store import open_database
from backroom.store.migrate import migrations
from factories import written

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


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
    assert result.exit_code == 1
    assert "can't be opened" in result.stderr


def test_newer_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "newer.db"
    database = open_database(str(path))
    written(database, lambda tx: tx.run("insert into schema_migrations values (9, 'x', 'then')"))
    database.close()
    result = migrate(path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: This database has schema 9, made by a later version")


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
