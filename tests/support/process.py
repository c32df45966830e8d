"""Real processes: a server or a command, what it says, and how it ends."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from backroom.settings import VARIABLE_PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

DEADLINE = 30.0
TESTS = Path(__file__).parents[1]
BACKROOM = ("-m", "backroom")

_numbers = itertools.count()


def until(holds: Callable[[], bool], what: str, within: float = DEADLINE) -> None:
    """Wait until something holds; fail after the deadline."""
    end = time.monotonic() + within
    while not holds():
        assert time.monotonic() < end, f"waited {within:g} s for {what}"
        time.sleep(0.002)


def connects(host: str, port: int) -> bool:
    """Whether anybody listens there."""
    try:
        socket.create_connection((host, port), DEADLINE).close()
    except OSError:
        return False
    return True


class Program:
    """A started Python program. What it prints goes to files, so it never waits for a reader."""

    def __init__(
        self, home: Path, *arguments: str, python: str = sys.executable, **variables: str
    ) -> None:
        self.began = time.monotonic()
        self._output = home / f"{next(_numbers)}.out"
        self._errors = self._output.with_suffix(".err")
        with self._output.open("wb") as output, self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [python, *arguments],
                cwd=home,
                env=_environment({"TMPDIR": str(home), **variables}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def wait(self) -> int:
        """Wait for the end and give the exit code; minus the signal, where one ended it."""
        return self.process.wait(DEADLINE)

    def kill(self) -> None:
        """End it as kill -9 does."""
        self.process.kill()
        self.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, and give the exit code."""
        self.process.send_signal(how)
        return self.wait()


class ServerProgram(Program):
    """A program that says in one line of JSON where it serves."""

    def announced(self) -> bool:
        """Wait until it serves. False where it ended without."""
        until(lambda: "\n" in self.output or self.ended, f"a server to start: {self.errors}")
        return "\n" in self.output

    @property
    def said(self) -> Any:
        """What it said when it was ready."""
        assert self.announced(), f"the server did not start: {self.errors}"
        return msgspec.json.decode(self.output)

    @property
    def url(self) -> str:
        return str(self.said["url"])

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or 0

    @property
    def key(self) -> str:
        """The first key, which only the first start on a database says."""
        return str(self.said["key"])


@dataclass
class Programs:
    """Starts programs at home in one directory, and lets none of them outlive a test."""

    home: Path
    python: str = sys.executable
    started: list[Program] = field(default_factory=list)

    def serve(self, *flags: str, **variables: str) -> ServerProgram:
        """Start `backroom serve` on a free port and on `backroom.db` at home, without limits."""
        arguments = [*BACKROOM, "serve", "--port", "0", "--format", "json", *flags]
        return self.server(*arguments, **{"BACKROOM_LIMITS": "off", **variables})

    def server(self, *arguments: str, **variables: str) -> ServerProgram:
        """Start a Python program that announces itself as `backroom serve` does."""
        program = ServerProgram(self.home, *arguments, python=self.python, **variables)
        self.started.append(program)
        return program

    def start(self, *arguments: str, **variables: str) -> Program:
        """Start `backroom` with these arguments."""
        program = Program(self.home, *BACKROOM, *arguments, python=self.python, **variables)
        self.started.append(program)
        return program

    def run(self, *arguments: str, **variables: str) -> Program:
        """Run `backroom` with these arguments to its end."""
        program = self.start(*arguments, **variables)
        program.wait()
        return program

    def end(self) -> None:
        for program in self.started:
            program.kill()


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """This process's environment, without settings of backroom other than those given."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(VARIABLE_PREFIX)
    }
    # Where backroom is found by its path, it is so beside what a test adds.
    paths = [given["PYTHONPATH"] for given in (variables, kept) if "PYTHONPATH" in given]
    return kept | dict(variables) | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})
