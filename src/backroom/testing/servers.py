"""The servers of one test run: the usual one, and one for each other setting that tests ask for.

Each starts when a test first needs it, and all stop with the run.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Self

from backroom.testing.marker import Asked
from backroom.testing.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from backroom.testing.account import Account


class Servers:
    """Makes servers as the options of the run say: `process`, `revision` and `limits`."""

    def __init__(self, *, process: bool, revision: str, limits: str) -> None:
        self._process = process
        self._usual = Asked(revision=revision, limits=limits)
        self._stack = ExitStack()
        self._running: dict[tuple[str, str], Server] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def usual(self) -> Server:
        """Give the server of tests that ask for nothing else."""
        return self._server(self._usual)

    def revision_of(self, asked: Asked) -> str:
        """Give the revision that a test or the run has named, or an empty text."""
        return asked.revision or self._usual.revision

    def _server(self, asked: Asked) -> Server:
        wanted = (self.revision_of(asked), asked.limits or self._usual.limits)
        if wanted not in self._running:
            revision, limits = wanted
            settings: dict[str, Any] = {"default_revision": revision, "limits": limits}
            made = Server(process=self._process, **settings)
            self._running[wanted] = self._stack.enter_context(made)
        return self._running[wanted]

    @contextmanager
    def lend(self, asked: Asked) -> Iterator[Account]:
        """Give a clean account. Afterwards nothing of it is left, and time is real again."""
        server = self._server(asked)
        account = server.account(revision=self.revision_of(asked))
        try:
            for wish in asked.pace:
                account.pace.add(**wish)
            yield account
        finally:
            if account.clock.mode != "real":
                account.clock.be_real()
            account.faults.clear()
            account.pace.clear()
            server.call("POST", "/reset", {"account": account.account})
