"""Servers in processes of their own, on the core for them, and never outliving their block."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from backroom.settings import VARIABLE_PREFIX
from bench import cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROOT = Path(__file__).parents[1]
CACHE = ROOT / ".cache" / "bench"
"""What is kept between runs: catalogs that take long to build, peers that were installed."""
LIMITS = "10000"
"""Counting goes on, and nobody is refused: the real rates times this."""
_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class Answer(NamedTuple):
    """An answer as it came; the headers in their order, without those that the server adds."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(frozen=True)
class Served:
    """A server that runs. `key` is empty where its database had one before."""

    process: int
    port: int
    key: str = ""

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        """Ask for something, apart from any measuring."""
        return self.send("GET", path, headers)

    def hold(self) -> None:
        """Let it do nothing, while it is another's turn."""
        os.kill(self.process, signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on where it was."""
        os.kill(self.process, signal.SIGCONT)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have it do nothing, but for turns that the block gives it."""
        self.hold()
        try:
            yield
        finally:
            self.resume()

    def send(
        self, method: str, path: str, headers: dict[str, str], body: bytes | None = None
    ) -> Answer:
        """Send one request, apart from any measuring."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_SECONDS)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            kept = [each for each in answer.getheaders() if each[0].lower() != "date"]
            return Answer(answer.status, kept, answer.read())
        finally:
            connection.close()


def environment(**variables: str) -> dict[str, str]:
    """This process's environment, without settings of backroom other than those given.

    Python keeps its bytecode, as for an installed program: no start compiles the sources again.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(VARIABLE_PREFIX) and name != "PYTHONDONTWRITEBYTECODE"
    }
    return kept | variables


def copied(file: Path, to: Path) -> None:
    """Copy a file onto the disk: else the first who syncs theirs would wait for the whole of it."""
    shutil.copy(file, to)
    with to.open("rb+") as copy:
        os.fsync(copy.fileno())


@contextmanager
def running(
    command: Sequence[str], directory: Path, on: list[int] | None = None, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program on the core for servers until the block ends. Its output is in files."""
    output, errors = directory / "output.txt", directory / "errors.txt"
    with output.open("wb") as out, errors.open("wb") as err:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
    cores.pin(cores.SERVER if on is None else on, process.pid)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def first_line(process: subprocess.Popen[bytes], directory: Path) -> str:
    """Wait until a program has printed a line, and give it."""
    output = directory / "output.txt"
    end = time.monotonic() + _START_SECONDS
    while b"\n" not in (said := output.read_bytes()):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"it did not start: {(directory / 'errors.txt').read_text()}")
        time.sleep(0.002)
    return said.decode().partition("\n")[0]


@contextmanager
def announced(
    command: Sequence[str], directory: Path, on: list[int] | None = None, **variables: str
) -> Iterator[Served]:
    """Run a server that says in a line of JSON where it serves."""
    with running(command, directory, on, **variables) as process:
        printed: dict[str, Any] = json.loads(first_line(process, directory))
        yield Served(process.pid, urlsplit(printed["url"]).port or 0, printed.get("key") or "")


def serve_command(database: str, *flags: str) -> list[str]:
    """Give the command of the real server, with everything on and limits that refuse nobody."""
    settings = ["--database", database, "--port", "0", "--limits", LIMITS, "--format", "json"]
    return program("serve", *settings, *flags)


def program(*arguments: str) -> list[str]:
    """Give the command of the program itself."""
    return [sys.executable, "-m", "backroom", *arguments]


@contextmanager
def backroom(database: Path, *flags: str, **variables: str) -> Iterator[Served]:
    """Run `backroom serve` on a database file."""
    with serving(str(database), database.parent, *flags, **variables) as served:
        yield served


@contextmanager
def serving(database: str, directory: Path, *flags: str, **variables: str) -> Iterator[Served]:
    """Run `backroom serve` on a database; what it says goes into a directory."""
    with announced(serve_command(database, *flags), directory, None, **variables) as served:
        yield served
