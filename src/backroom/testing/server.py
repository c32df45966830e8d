"""A server for tests, and the clean accounts that it gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from backroom.settings import Settings
from backroom.testing.account import Account
from backroom.testing.server_clock import ServerClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from backroom.testing.child import ServerProcess
    from backroom.testing.in_thread import ServerThread

_DEFAULTS = {"port": 0, "limits": "off", "journal": "on"}


class Server:
    """A server on a free port of 127.0.0.1, from `start` to `stop`, or in a `with` block.

    It runs on a thread of this process, or with `process=True` in a process of its own. The
    `settings` are those of `backroom serve`, such as `limits="real"`. It has no limits and an
    ephemeral database unless the settings say something else.
    """

    def __init__(self, *, process: bool = False, **settings: Any) -> None:
        """Raises `InvalidSetting` for a value that is not allowed, `TypeError` for a name."""
        if "database" not in settings:
            settings.setdefault("ephemeral", True)
        self.settings = Settings(**{**_DEFAULTS, **settings})
        self._in_process = process
        self._running: ServerThread | ServerProcess | None = None

    def start(self) -> Self:
        """Start it, and give it back when it serves. Does nothing if it runs."""
        if self._running is None:
            self._running = self._run()
        return self

    def _run(self) -> ServerThread | ServerProcess:
        # Each has libraries that the other one does not need.
        if self._in_process:
            from backroom.testing.child import ServerProcess

            return ServerProcess(self.settings)
        from backroom.testing.in_thread import ServerThread

        return ServerThread(self.settings)

    def stop(self) -> None:
        """Stop it. Requests that are being answered have a few seconds to end."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Where it serves, such as `http://127.0.0.1:40001`: in place of the real host."""
        return self._started.url

    @property
    def control_token(self) -> str:
        """The token that opens the control API over HTTP."""
        return self._started.control_token

    @property
    def clock(self) -> ServerClock:
        """The time of the server, for all its accounts."""
        return ServerClock(self.call)

    def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Do what a request to the control API does. `path` is below `/_backroom`.

        Raises `ControlError`.
        """
        return self._started.call(method, path, body, query)

    def account(self, name: str | None = None, revision: str | None = None) -> Account:
        """Make an account without resources, with a key that may do everything.

        `revision` is the date that its `headers` ask for: the newest one without it. Raises
        `ControlError` where there is an account of that name.
        """
        made = self.call("POST", "/accounts", {} if name is None else {"name": name})
        return Account(
            self.call,
            self.url,
            made["account"],
            made["key"],
            revision or self.settings.default_revision,
        )

    @property
    def _started(self) -> ServerThread | ServerProcess:
        if self._running is None:
            raise RuntimeError("the server does not run: use it in a `with` block, or start it")
        return self._running
