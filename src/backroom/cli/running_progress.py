"""The progress of a long command: one line on a terminal, a line at intervals elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TextIO

_TERMINAL_SECONDS = 0.1
_INTERVAL_SECONDS = 10.0
_CLEAR = "\r\x1b[K"


class RunningProgress:
    """Writes the name of a step, and how much of it is done, to a stream."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._on_terminal = stream.isatty()
        self._pause = _TERMINAL_SECONDS if self._on_terminal else _INTERVAL_SECONDS
        self._said = time.monotonic()
        self._line = False

    def __call__(self, what: str, done: int, of: int | None) -> None:
        """Show how much is done, unless something was shown a moment ago."""
        now = time.monotonic()
        if now - self._said < self._pause:
            return
        self._said = now
        share = f" ({done / of:.0%})" if of else ""
        words = f"{done} {what}{share}"
        self._stream.write(f"{_CLEAR}{words}" if self._on_terminal else f"{words}\n")
        self._stream.flush()
        self._line = self._on_terminal

    def end(self) -> None:
        """Remove the line from a terminal."""
        if self._line:
            self._stream.write(_CLEAR)
            self._stream.flush()
