"""A write whose caller has gone, as a second SIGTERM makes it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backroom.store.database import Database


def test_cancelled_write_leaves_writer_alive(database: Database) -> None:
    gate = threading.Event()
    database.write(lambda _: gate.wait())
    cancelled = database.write(lambda _: None)
    cancelled.cancel()
    gate.set()
    assert database.write(lambda _: "written").result(1) == "written"
