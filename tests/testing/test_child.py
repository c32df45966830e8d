"""A server in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from backroom.control.route import ControlError
from backroom.settings import Settings
from backroom.testing.child import ServerProcess
from support.process import connects, until

pytestmark = pytest.mark.slow

EPHEMERAL = Settings(port=0, ephemeral=True, limits="off")
KILLED = """
import os, signal
from backroom.testing import Server
print(Server(process=True).start().url, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_refusals_are_raised() -> None:
    server = ServerProcess(EPHEMERAL)
    try:
        with pytest.raises(ControlError, match="There is no account 'shop'") as refused:
            server.call("POST", "/reset", {"account": "shop"})
        assert refused.value.status == 404
    finally:
        server.stop()


def test_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKROOM_LIMITS", "nonsense")
    server = ServerProcess(EPHEMERAL)
    assert server.call("GET", "/config")["limits"] == "off"
    server.stop()


def test_server_that_can_t_start_is_named(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="has ended before it was ready"):
        ServerProcess(Settings(port=0, database="/nowhere/at/all.db"))
    assert "nowhere" in capfd.readouterr().err


def test_child_never_outlives_its_parent() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, check=False)
    assert done.returncode == -signal.SIGKILL
    host, port = done.stdout.decode().strip().removeprefix("http://").split(":")
    until(lambda: not connects(host, int(port)), "the child to end")
