from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from backroom.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def test_work_needs_a_shared_database(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["work", "--database", str(tmp_path / "shop.db")])
    assert result.exit_code == 2
    assert "Separate workers need a shared database" in result.stderr


@pytest.mark.slow
def test_lost_database_is_told() -> None:
    url = "postgresql://127.0.0.1:1/none"
    result = CliRunner().invoke(main, ["work", "--database", url])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
