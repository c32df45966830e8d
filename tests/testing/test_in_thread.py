"""A server on a thread of this process."""

from __future__ import annotations

import pytest

from backroom.settings import Settings
from backroom.store.migrate import WrongDatabase
from backroom.testing.in_thread import ServerThread
from support.process import connects

EPHEMERAL = Settings(port=0, ephemeral=True, limits="off")


def test_calls_go_without_http() -> None:
    server = ServerThread(EPHEMERAL)
    try:
        assert server.call("GET", "/info")["ephemeral"] is True
        assert server.call("DELETE", "/requests") is None
    finally:
        server.stop()


def test_failure_to_start_is_raised_here(tmp_path_factory: pytest.TempPathFactory) -> None:
    kept = str(tmp_path_factory.mktemp("kept") / "shop.db")
    first = ServerThread(Settings(port=0, database=kept))
    first.stop()
    with pytest.raises(WrongDatabase):
        ServerThread(Settings(port=0, database=kept, seed="1"))


def test_nobody_listens_after_the_end() -> None:
    server = ServerThread(EPHEMERAL)
    host, port = server.url.removeprefix("http://").split(":")
    assert connects(host, int(port))
    server.stop()
    assert not connects(host, int(port))
