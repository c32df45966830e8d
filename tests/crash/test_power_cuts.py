"""A server whose power goes: what it wrote and did not sync goes with it."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import apsw
import pytest

from backroom.jobs.next_job import STEPS
from support.process import TESTS

if TYPE_CHECKING:
    from pathlib import Path

    from crash.lives import Shop
    from support.process import Programs

ENOUGH_FOR_CHECKPOINTS = 60

WRITER = """
import sys, apsw
from crash import power

disk = power.use()
connection = apsw.Connection("file.db")
list(connection.execute(f"pragma synchronous = {sys.argv[1]}"))
list(connection.execute("pragma journal_mode = wal"))
list(connection.execute("create table sales (number integer)"))
power.cut()
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_accepted_jobs_outlive_the_power(shop: Shop, step: str) -> None:
    for nth in (1, ENOUGH_FOR_CHECKPOINTS):
        shop.die_at(step, nth, "--show-queued", "--power-cut")
    shop.audit()


def tables_after_cut(programs: Programs, home: Path, synchronous: str) -> list[str]:
    writer = programs.server("-c", WRITER, synchronous, PYTHONPATH=str(TESTS))
    assert writer.wait() == -signal.SIGKILL, writer.errors
    connection = apsw.Connection(str(home / "file.db"))
    tables = [str(row[0]) for row in connection.execute("select name from sqlite_schema")]
    connection.close()
    return tables


def test_unsynced_table_goes_with_power(programs: Programs, tmp_path: Path) -> None:
    assert tables_after_cut(programs, tmp_path, "off") == []


def test_synced_table_outlives_the_power(programs: Programs, tmp_path: Path) -> None:
    assert tables_after_cut(programs, tmp_path, "full") == ["sales"]
