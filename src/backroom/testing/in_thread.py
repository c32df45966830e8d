"""A server on a thread of this process, whose control API is called without HTTP."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import msgspec

from backroom.control.table import perform
from backroom.server import Server, Started

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backroom.settings import Settings

_THREAD_SECONDS_TO_END = 5.0
"""How long requests that are being answered may still take when the server stops."""
_WATCHER = "backroom-watcher"


_running: set[Server] = set()
_watching = threading.Lock()


def _stop_with_the_program() -> None:
    """Stop the servers that run when the program ends. It would wait for their threads."""
    threading.main_thread().join()
    for each in list(_running):
        each.stop()


def _watch_the_program() -> None:
    """Start one watcher for all servers of the process."""
    with _watching:
        if not any(each.name == _WATCHER for each in threading.enumerate()):
            threading.Thread(target=_stop_with_the_program, name=_WATCHER, daemon=True).start()


class ServerThread:
    """Runs from the moment it is made until `stop`.

    Raises what `backroom.server.Server` raises.
    """

    def __init__(self, settings: Settings) -> None:
        self._server = Server(settings)
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._started: list[Started] = []
        self._thread = threading.Thread(target=self._run, name="backroom-server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if not self._started:
            self._thread.join()
            raise self._failure or RuntimeError("the server has ended before it was ready")
        self.url: str = self._started[0].url
        self.control_token: str = self._started[0].control_token

    def _run(self) -> None:
        _running.add(self._server)
        _watch_the_program()
        try:
            self._server.run(self._note_start)
        except BaseException as error:  # noqa: BLE001 - it is raised in the thread that started it
            self._failure = error
        finally:
            _running.discard(self._server)
            self._ready.set()

    def _note_start(self, started: Started) -> None:
        self._started.append(started)
        self._ready.set()

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Do what a request to the control API does. Raises `ControlError`."""
        if not self._thread.is_alive():
            raise RuntimeError("the server has stopped")
        result = perform(self._server.control, method, path, body, query)
        # A part of a result may be JSON already.
        return None if result is None else msgspec.json.decode(msgspec.json.encode(result))

    def stop(self) -> None:
        """Stop the server. What it kept is gone. Raises the error that the server failed with."""
        self._server.stop()
        self._thread.join(_THREAD_SECONDS_TO_END)
        if self._thread.is_alive():
            self._server.stop()
            self._thread.join(_THREAD_SECONDS_TO_END)
        if self._failure is not None:
            raise self._failure
