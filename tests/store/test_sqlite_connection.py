from __future__ import annotations

from typing import TYPE_CHECKING

import apsw
import pytest

from backroom.store.sqlite_connection import SQLITE_UNAVAILABLE, SqliteConnection

if TYPE_CHECKING:
    from pathlib import Path


def test_readers_change_no_file(tmp_path: Path) -> None:
    path = tmp_path / "numbers.db"
    writer = SqliteConnection(str(path))
    writer.script("create table numbers (n integer)")
    writer.close()
    reader = SqliteConnection(str(path), read_only=True)
    with pytest.raises(apsw.ReadOnlyError):
        reader.script("insert into numbers values (1)")
    reader.close()


def test_unavailable_is_no_mistake_of_ours() -> None:
    assert issubclass(MemoryError, SQLITE_UNAVAILABLE)
    assert not issubclass(apsw.SQLError, SQLITE_UNAVAILABLE)
    assert not issubclass(apsw.ConstraintError, SQLITE_UNAVAILABLE)
