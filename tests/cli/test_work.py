from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from backroom.cli import main
from backroom.jobs.procrastinate import schema
from backroom.store import open_database, task_queue
from support.factories import written

if TYPE_CHECKING:
    from pathlib import Path


def test_work_needs_a_shared_database(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["work", "--database", str(tmp_path / "shop.db")])
    assert result.exit_code == 2
    assert "Separate workers need a shared database" in result.stderr


@pytest.mark.slow
def test_unreachable_database_is_an_error() -> None:
    url = "postgresql://127.0.0.1:1/none"
    result = CliRunner().invoke(main, ["work", "--database", url])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_tables_of_a_later_library_are_an_error(postgres_url: str) -> None:
    database = open_database(postgres_url)
    schema.prepare(database)
    later = ["03.99.00_01_pre_something.sql"]
    written(database, lambda tx: task_queue.record_migrations(tx, later, "3.99.1"))
    database.close()
    result = CliRunner().invoke(main, ["work", "--database", postgres_url])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The tables of Procrastinate have the migration 03.99")
