"""A server in a process of its own, whose control API is called over HTTP.

The child ends when its standard input does, so it never outlives a test run that was killed.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import msgspec
import urllib3

from backroom.api.control import PREFIX
from backroom.control.route import ControlError
from backroom.server import Server, Started
from backroom.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHILD_SECONDS_TO_END = 10.0
_LONGEST_CALL = 660.0
"""Seconds. A call may wait for requests for ten minutes."""
_LARGEST_GOOD = 299


class ServerProcess:
    """Runs from the moment it is made until `stop`.

    Raises `RuntimeError` if the child does not start. The child has printed the reason.
    """

    def __init__(self, settings: Settings) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - this very module
            [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._pool = urllib3.PoolManager(retries=False, timeout=_LONGEST_CALL, maxsize=4)
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        # Not as arguments, which everybody on the machine can read.
        self._process.stdin.write(msgspec.json.encode(asdict(settings)) + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            self.stop()
            raise RuntimeError("the server has ended before it was ready; its error is above")
        said = msgspec.json.decode(line, type=dict[str, str])
        self.url, self.control_token = said["url"], said["control_token"]

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request to the control API. Raises `ControlError`."""
        if self._process.poll() is not None:
            raise RuntimeError("the server has stopped")
        asked = f"?{urlencode(query)}" if query else ""
        answer = self._pool.request(
            method,
            f"{self.url}{PREFIX}{quote(path)}{asked}",
            body=None if body is None else msgspec.json.encode(body),
            headers={
                "Authorization": f"Bearer {self.control_token}",
                "Content-Type": "application/json",
            },
        )
        result: Any = msgspec.json.decode(answer.data) if answer.data else None
        if answer.status > _LARGEST_GOOD:
            raise ControlError(answer.status, result["error"])
        return result

    def stop(self) -> None:
        """Stop the server. What it kept is gone."""
        self._pool.clear()
        # Its end of input is its sign to stop.
        with self._process:
            try:
                self._process.communicate(timeout=_CHILD_SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                self._process.kill()


def serve_until_input_ends() -> None:
    """Be the child: serve with the settings in the first line of the input."""
    settings = msgspec.convert(msgspec.json.decode(sys.stdin.buffer.readline()), Settings)
    server = Server(settings)
    server.stop_on_signals()

    def wait_for_end() -> None:
        sys.stdin.buffer.read()
        server.stop()

    def say(started: Started) -> None:
        said = {"url": started.url, "control_token": started.control_token}
        sys.stdout.buffer.write(msgspec.json.encode(said) + b"\n")
        sys.stdout.buffer.flush()
        threading.Thread(target=wait_for_end, name="backroom-input", daemon=True).start()

    server.run(say)


if __name__ == "__main__":
    serve_until_input_ends()
